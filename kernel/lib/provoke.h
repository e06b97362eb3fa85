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

#endif
