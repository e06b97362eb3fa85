/*
 * Interrupts of devices. A device asks for its line by the ISA number; arch
 * routes it through the I/O APIC to the boot CPU. Handlers run with interrupts
 * off, on the kernel stack of whoever was interrupted, and must not sleep; arch
 * acknowledges the interrupt itself.
 */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include "lib/types.h"

enum isa_irq { IRQ_PIT = 0, IRQ_KEYBOARD = 1, IRQ_COM2 = 3, IRQ_COM1 = 4 };

typedef void irq_handler(void);

/* Unmasks the line. Source: SDM vol. 3A ch. 10; 82093AA data sheet. */
void irq_register(enum isa_irq line, irq_handler *handler);

/* From now on the PIT sends the boot CPU 18.2 NMIs a second: a clock that runs also while
 * interrupts are off. */
void irq_start_nmi_clock(void);

#endif
