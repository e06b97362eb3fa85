/* The end of a machine's run: for reboot(2), and for panic. */
#ifndef ARCH_REBOOT_H
#define ARCH_REBOOT_H

#include "lib/types.h"

void machine_restart(void) __noreturn;
void machine_power_off(void) __noreturn; /* restarts where it cannot */
void machine_halt(void) __noreturn;	 /* stands still until somebody switches it off */

#endif
