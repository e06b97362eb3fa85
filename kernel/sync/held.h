/* Which locks are held, for panics and for who looks for a deadlock: sync/held.c. */
#ifndef SYNC_HELD_H
#define SYNC_HELD_H

/* Prints each lock that somebody holds, and who, to the kernel log. */
void locks_show_held(void);

#endif
