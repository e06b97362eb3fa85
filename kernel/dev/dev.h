/*
 * Devices: what kmain calls. The terminals are registered as character
 * devices here; dev/tty.h is what processes need of them.
 */
#ifndef DEV_DEV_H
#define DEV_DEV_H

#include "lib/types.h"

/*
 * First thing in kmain: finds the UARTs and gives the kernel log a polled
 * serial sink, which needs nothing but port I/O and the command line.
 */
void dev_early_init(void);

/* After fs_init: interrupts, VGA and keyboard, /dev/console and the ttys; the log's final sink. */
void dev_init(void);

/* Sends what terminals still hold, polled; gives up after a second. For reboot(2). */
void dev_drain(void);

#endif
