/* Which locks are held, for panics and for who looks for a deadlock: sync/held.c. */
#ifndef SYNC_HELD_H
#define SYNC_HELD_H

/* Prints each lock that somebody holds, and who, to the kernel log. */
void locks_show_held(void);

/* For which mutex a task sleeps, and who has it: ", mutex NAME held by task 7 (sh)"; nothing if it
 * sleeps for none. */
struct task;
void locks_show_wait(const struct task *task);

/* The name that stands in a lock which may be given back meanwhile; "?" if it is none. */
const char *locks_name(const char *const volatile *at);

#endif
