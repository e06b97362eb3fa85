/*
 * The machine's part of a task: what a context switch saves.
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include "arch/regs.h"

struct task;

struct thread {
	u64 rsp;      /* kernel stack pointer while the task does not run; entry.S knows offset 0 */
	u64 fs_base;  /* thread-local storage; arch_prctl, CLONE_SETTLS */
	u64 gs_base;  /* the user's GS */
	u8 fpu[512] __attribute__((aligned(16))); /* FXSAVE image (SDM vol. 1, 10.5) */
};

/* Saves the CPU's FPU state and bases of the current task into its struct thread (before fork). */
void thread_save(struct thread *thread);

/* FPU and bases as a new program finds them (psABI 3.4.1: MXCSR 0x1f80, x87 CW 0x37f). */
void thread_reset(struct thread *thread);

/* Loads FPU state and bases of the current task (after thread_reset or sigreturn). */
void thread_load(const struct thread *thread);

/* Loads the bases only: after arch_prctl has changed one in the current task's struct thread. */
void thread_load_bases(const struct thread *thread);

/*
 * Gives prev's CPU to next: registers, stack, FPU, bases, cpu->task and the
 * stack of the next entry. Interrupts off, the run queue's lock held. Returns
 * in prev when it is switched to again. sched.c loads next's tree before.
 */
void thread_switch(struct task *prev, struct task *next);

/* Lets a new task's first switch return to user mode with *task_regs(task)... */
void thread_init_user(struct task *task);
/* ...or call fn on its own stack. Both first call sched_switched() to end the switch. */
void thread_init_kernel(struct task *task, void (*fn)(void));

/* Ends a kernel task's life as such: goes to user mode with these registers (pid 1). */
__noreturn void thread_enter_user(struct regs *regs);

#endif
