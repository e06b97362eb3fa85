/*
 * The kernel log (kprintf, lib/printf.h): a ring of the last 64 KiB, and a sink
 * that prints each piece as it comes. Every line begins with the time since
 * boot, as on Linux. Lock: RANK_LOG, held while the sink runs.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "lib/types.h"

/* From kmain, once the command line is known: the early serial output goes where console= says. */
void log_init(void);

/* The console driver takes over from the early serial output; text has plain "\n" at line ends. */
void log_set_sink(void (*write)(const char *text, size_t n));

/*
 * Copies what was logged from *position on (0: the oldest) and moves *position
 * behind it; what has been overwritten is skipped. 0: nothing newer.
 */
size_t log_read(u64 *position, char *buf, size_t size);
u64 log_end(u64 *size_out); /* the position after the last byte; how many are kept */

/*
 * From now on the log takes no lock. It keeps the console driver's sink only if
 * that may take its own locks (no CPU holds any); else the early output is back.
 */
void log_panic(bool sink_usable);

void log_vprintf(const char *fmt, va_list args) __printf(1, 0);

#endif
