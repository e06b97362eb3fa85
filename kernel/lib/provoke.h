/* Panics on request: lib/provoke.c. */
#ifndef LIB_PROVOKE_H
#define LIB_PROVOKE_H

#include "lib/types.h"

/* From kmain, when exceptions can be told: the option provoke=. Whether it is there at all. */
bool provoke_init(void);

struct proc_node;
struct text;
int provoke_show(struct text *text, const struct proc_node *node); /* the kinds */
ssize_t provoke_write(const struct proc_node *node, const void __user *buf, size_t n);

/* lib/provoke_stuck.c: kinds that are no panics. */
void provoke_stuck_loop(void);
void provoke_stuck_irqs_off(void);
void provoke_stuck_lock(void);
void provoke_hung_task(void);

#endif
