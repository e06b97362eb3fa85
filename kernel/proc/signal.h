/*
 * Signals: sending, handlers, and delivery on the way back to user mode.
 * Numbers, structs and rules are Linux's (signal(7), sigaction(2),
 * asm/signal.h for x86-64). Delivery builds the user frame: proc/sigframe.c.
 *
 * Locks: sighand->lock (RANK_SIGHAND) guards handlers and pending signals.
 */
#ifndef PROC_SIGNAL_H
#define PROC_SIGNAL_H

#include "lib/errno.h"
#include "lib/list.h"
#include "sync/spinlock.h"

enum signal_number {
	SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL,
	SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGCHLD,
	SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU, SIGXFSZ,
	SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR, SIGSYS,
	SIGRTMIN = 32, NSIG = 64,
};

typedef u64 sigset_t; /* bit n - 1 is signal n */

static inline sigset_t sig_bit(int sig)
{
	return 1ull << (sig - 1);
}

#define STOP_SIGNALS (sig_bit(SIGSTOP) | sig_bit(SIGTSTP) | sig_bit(SIGTTIN) | sig_bit(SIGTTOU))

enum sigaction_flags {
	SA_NOCLDSTOP = 1, SA_NOCLDWAIT = 2, SA_SIGINFO = 4, SA_RESTORER = 0x04000000,
	SA_EXPOSE_TAGBITS = 0x800, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000,
	SA_NODEFER = 0x40000000, SA_RESETHAND = (int)0x80000000,
};

#define SIG_DFL 0ull
#define SIG_IGN 1ull

struct sigaction { /* the kernel's layout, not libc's */
	u64 handler;
	u64 flags;
	u64 restorer;
	sigset_t mask;
};

struct sigaltstack {
	u64 sp;
	s32 flags, pad;
	u64 size;
};
enum { SS_ONSTACK = 1, SS_DISABLE = 2, SS_AUTODISARM = (int)0x80000000, MINSIGSTKSZ = 2048 };

enum siginfo_code {
	SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_TKILL = -6,
	SI_DETHREAD = -7, SI_ASYNCNL = -60,
	ILL_ILLOPN = 2, FPE_INTDIV = 1, FPE_FLTINV = 7, SEGV_MAPERR = 1, SEGV_ACCERR = 2,
	BUS_ADRALN = 1, BUS_ADRERR = 2, TRAP_BRKPT = 1, TRAP_TRACE = 2,
	CLD_EXITED = 1, CLD_KILLED, CLD_DUMPED, CLD_TRAPPED, CLD_STOPPED, CLD_CONTINUED,
};

/* siginfo_t, 128 bytes, the parts in use (asm-generic/siginfo.h). */
struct siginfo {
	s32 signo, error, code, pad;
	union {
		struct {
			s32 pid;
			u32 uid;
			union {
				u64 value;  /* sigqueue */
				s32 status; /* SIGCHLD */
			};
			s64 utime, stime; /* SIGCHLD, in clock ticks (100 a second) */
		};
		u64 addr; /* faults */
		u8 bytes[112];
	};
};
_Static_assert(sizeof(struct siginfo) == 128, "siginfo_t is 128 bytes");

struct signal_queue {
	sigset_t set;
	struct list infos; /* struct queued_signal; a standard signal has one at most */
};

struct sighand {
	_Atomic u32 refs;
	struct spinlock lock;
	sigset_t set;			   /* the others are default, whatever action says */
	struct sigaction action[NSIG + 1]; /* [0] unused */
};

/* What restart_syscall goes on with: nanosleep, poll and futex use it. */
struct restart_block {
	s64 (*fn)(struct restart_block *block);
	u64 deadline_ns;
	void __user *remain;
	u64 args[3];
};

struct task;
struct process;
struct pid;
struct regs;

/* New handlers (all default); a copy of another's; references. */
struct sighand *sighand_new(void);
struct sighand *sighand_copy(struct sighand *from);
struct sighand *sighand_get(struct sighand *sighand);
void sighand_put(struct sighand *sighand);
const struct sigaction *sighand_action(const struct sighand *sighand, int sig); /* locked */
void sighand_set(struct sighand *sighand, int sig, const struct sigaction *action); /* locked */
void sighand_reset_for_exec(struct sighand *sighand); /* caught ones become default */

/*
 * Queues (proc/sigqueue.c); sighand->lock is held. add: -EAGAIN when the user of the target
 * has too many pending and the sender wants to know. take: one pending signal of this number,
 * the oldest.
 */
void signal_queue_init(struct signal_queue *queue);
void signal_queue_flush(struct signal_queue *queue);
void signal_queue_remove(struct signal_queue *queue, sigset_t set);
int signal_queue_add(struct signal_queue *queue, const struct task *target, int sig,
		     const struct siginfo *info);
void signal_queue_take(struct signal_queue *queue, int sig, struct siginfo *info);

/* How many siginfos wait for processes of this user: /proc/PID/status. */
u64 signal_queued_by(u32 uid);

/*
 * Sending. info may be NULL (from the kernel). No permission is checked here.
 * process: to any thread that takes it. Caller holds proc_lock, except to send
 * the current task a signal that neither stops nor continues.
 * 0, or -EAGAIN (signal_queue_add).
 */
int signal_send_task(struct task *task, int sig, const struct siginfo *info);
int signal_send_process(struct process *process, int sig, const struct siginfo *info);
int signal_send_member(struct process *process, int sig, const struct siginfo *info); /* of many */
void signal_send_pgrp(struct pid *pgrp, int sig, const struct siginfo *info);

/* sigaction(2) for the current process: stores a new action, if new is not NULL. */
void signal_set_action(int sig, const struct sigaction *new, struct sigaction *old);

/* A new mask for the current task (SIGKILL and SIGSTOP stay open); looks for what it opens. */
void signal_set_blocked(sigset_t blocked);

/*
 * A mask for the time of one call: sigsuspend, ppoll, pselect6. When the call has been
 * interrupted the old mask comes back on the way to user mode, after the handler has its
 * frame, in which it is saved; otherwise signal_mask_end brings it back.
 */
void signal_mask_begin(sigset_t blocked);
void signal_mask_end(void);

/* The process's signals of this set are not for the current task any more: others look.
 * proc_lock held. */
void signal_hand_over(struct process *process, sigset_t left);

/* Takes the next signal of a set, with its siginfo: its number, or 0. sighand->lock is held. */
int signal_take(sigset_t open, struct siginfo *info);

/* Waits for a signal of the set and takes it, whether or not it is blocked. Its number, or
 * -EAGAIN after the deadline (0: does not wait), or -EINTR. */
int signal_wait(sigset_t wanted, struct siginfo *info, u64 deadline_ns);

/* A fault of the current task: cannot be ignored or blocked (then it kills). */
void signal_fault(int sig, int code, va_t addr);

/* Is there something that interrupts a sleep of the task? Current only. Cheap, as it is asked
 * before every sleep: without locks, see signal.c. */
bool signal_pending(const struct task *task);
bool signal_kill_pending(const struct task *task);

/* On the way to user mode, when task->signal_wanted: delivers, stops, or exits. */
void signal_deliver(struct regs *regs);

/* A signal that ends the current process, told in the log (proc/fatal.c); if that is wanted. */
extern u32 fatal_signals_printed;
void fatal_signal_report(const struct regs *regs, int sig, const struct siginfo *info);

/* Under proc_lock: have all threads of a process that is being stopped come to stand still?
 * Then the parent is told. */
void signal_stop_progress(struct process *process);

/* SIGKILL to the current process, where there is no other way out. Takes proc_lock. */
void signal_kill_current(void);

/* Nothing happens when it comes, unless a handler is set: signal(7), "Ign". */
bool signal_default_is_ignore(int sig);

/* SIGTTIN and SIGTTOU: is it ignored or blocked by the current task? */
bool signal_is_ignored_or_blocked(int sig);

#endif
