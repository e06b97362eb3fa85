/*
 * The watchdog: says in the log when a CPU is stuck in the kernel, or a task in
 * a sleep that no signal ends, and where. It only looks; nothing is ended.
 */
#ifndef PROC_WATCHDOG_H
#define PROC_WATCHDOG_H

#include "lib/types.h"

struct regs;

extern u32 watchdog_seconds;  /* option watchdog=, kernel.watchdog_thresh; 0: off */
extern u32 hung_task_seconds; /* option hung_task=, kernel.hung_task_timeout_secs; 0: off */
extern u32 watchdog_by_nmi;   /* option nmi_watchdog=1: a CPU alone is watched too */

void watchdog_init(void);

/* At each tick of each CPU, interrupts off: what it came upon. */
void watchdog_tick(const struct regs *regs);

/* In an NMI: true if it is one of the watchdog's. */
bool watchdog_nmi(const struct regs *regs);

/* For who keeps interrupts off for long on purpose: this CPU is not stuck. */
void watchdog_touch(void);

#endif
