/*
 * Magic keys: what a person at the console, or root by /proc/sysrq-trigger, can
 * ask of a machine that seems stuck.
 */
#ifndef DEV_SYSRQ_H
#define DEV_SYSRQ_H

#include "lib/types.h"

/* A device has seen one, in its interrupt; it is done once the terminal's lock is free again. */
void sysrq_press(u8 key);
void sysrq_run_pressed(void);

/* Does it now. Any context without spinlocks. asked_by_root: whatever kernel.sysrq allows. */
void sysrq_run(u8 key, bool asked_by_root);

extern u32 sysrq_enabled; /* kernel.sysrq: 0 none, 1 all, else bits of those that are allowed */

#endif
