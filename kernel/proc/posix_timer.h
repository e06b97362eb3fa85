/*
 * What signals, exec and exit tell the timers of a process (timer_create(2)).
 */
#ifndef PROC_POSIX_TIMER_H
#define PROC_POSIX_TIMER_H

struct process;
struct siginfo;

/* The current task has taken this signal: if a timer sent it, of this kind or of setitimer(2),
 * its next round begins, and the siginfo gets the overrun. Takes proc_lock. */
void timer_signal_taken(int sig, struct siginfo *info);

/* All timers of the current process go; the caller is its last thread. Takes proc_lock. */
void posix_timers_end(struct process *process);

#endif
