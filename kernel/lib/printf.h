/*
 * Formatted text for the kernel log, for panics and for /proc.
 *
 * The formatter knows %d %i %u %x %X %o %c %s %p %% with the flags - 0 + space
 * and #, width and precision (also *), and the lengths h hh l ll z. Besides:
 * %pS prints a kernel address as function+offset.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include "lib/types.h"

#ifdef HOST_TEST /* the host has its own: tests compare the two */
#define vsnprintf tine_vsnprintf
#define snprintf tine_snprintf
#endif

/* As ISO C's: at most size bytes with the NUL; returns the length it would have. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * To the kernel log: the ring in memory, and the console that console= names.
 * Safe in every context, interrupts included. Takes the log lock (RANK_LOG).
 */
/* A note for who looks: into the log's ring (dmesg), and to the console only with `debug` on the
 * kernel's command line, as on Linux. Whole lines. */
void kdebugf(const char *fmt, ...) __printf(1, 2);
void kprintf(const char *fmt, ...) __printf(1, 2);

#endif
