/*
 * The line discipline: input bytes to lines and signals, output bytes to what
 * a terminal needs. Pure state: no sleeping, no user memory, so that a host
 * test can drive it (tests/host/ttyline.c). All with tty->lock held.
 */
#ifndef DEV_LDISC_H
#define DEV_LDISC_H

#include "dev/tty.h"

/* May another byte be taken from the devices? Always, in a line that is too long. */
bool ldisc_has_room(const struct tty *tty);

/* One byte from a device, with echo. Returns the signal that it stands for, or 0. */
int ldisc_input(struct tty *tty, u8 c);

/* Would a read return? min is VMIN when poll asks, else 1. */
bool ldisc_readable(const struct tty *tty, u32 min);

/*
 * Takes at most n > 0 bytes of input: their number (0 at end of file), or
 * -EAGAIN if there are none. *more: the line goes on, or raw bytes are left.
 */
ssize_t ldisc_take(struct tty *tty, u8 *buf, size_t n, bool *more);

/* Output with processing (OPOST): returns how many bytes of buf found room. */
size_t ldisc_output(struct tty *tty, const u8 *buf, size_t n);

u32 ldisc_unread(const struct tty *tty); /* FIONREAD */
void ldisc_flush_input(struct tty *tty);
void ldisc_set_termios(struct tty *tty, const struct termios *termios);

#endif
