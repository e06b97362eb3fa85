/*
 * The 16550 UARTs of a PC: COM1 is ttyS0, COM2 is ttyS1.
 */
#ifndef DEV_SERIAL_H
#define DEV_SERIAL_H

#include "dev/tty.h"

enum { SERIAL_PORTS = 2 };

void serial_probe(void);		/* sets the lines to 115200 8n1, FIFOs on, no interrupts */
bool serial_present(unsigned port);
struct tty_device *serial_device(unsigned port);
void serial_start(unsigned port);	/* its tty is ready: interrupts on */

/* Polled output past the tty's queue, in every context; locked says whether locks work yet. */
void serial_write_polled(unsigned port, const char *text, size_t n, bool locked);

void serial_drain_polled(unsigned port); /* sends the tty's queue; gives up after a while */

#endif
