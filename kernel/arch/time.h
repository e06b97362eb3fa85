/*
 * Time: nanoseconds since boot from the TSC, the CMOS clock for the date, and
 * one timer interrupt per CPU.
 */
#ifndef ARCH_TIME_H
#define ARCH_TIME_H

#include "lib/types.h"

#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull

u64 time_now_ns(void);		/* since boot; never goes back; any context */
u64 time_boot_epoch_ns(void);	/* CLOCK_REALTIME of boot */
void time_set_epoch_ns(u64 ns);	/* clock_settime: the epoch moves, monotonic time does not */

u64 time_tsc_khz(void);

/* Asks for timer_interrupt() on this CPU at that time (once; a new call replaces the old). */
void time_arm_ns(u64 deadline_ns);

#endif
