/*
 * The machine's part of a task: what a context switch saves.
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include "arch/regs.h"

struct task;

/* Room for the FPU's state above a task's kernel stack: FXSAVE image, XSAVE header, AVX. */
enum { FPU_AREA = 512 + 64 + 256, FPU_LEGACY = 512 };

struct thread {
	u64 rsp;      /* kernel stack pointer while the task does not run; entry.S knows offset 0 */
	u64 fs_base;  /* thread-local storage; arch_prctl, CLONE_SETTLS */
	u64 gs_base;  /* the user's GS */
	u8 *fpu;      /* 64-byte aligned, as XSAVE or FXSAVE writes it; NULL: an idle task */
};

/* Bytes of the image in use: FPU_AREA with XSAVE and AVX, else FPU_LEGACY. */
u32 fpu_size(void);

/*
 * The current task's FPU state to and from an image in user memory: 0 or -EFAULT. Where there is
 * a header behind FPU_LEGACY the caller has cleared it. legacy: the image has the FXSAVE part
 * only; the rest becomes as it is in a new program.
 */
int fpu_save_to_user(void __user *image);
int fpu_load_from_user(const void __user *image, bool legacy);

/* The current task's FPU as a new program finds it (psABI 3.4.1: MXCSR 0x1f80, x87 CW 0x37f). */
void fpu_load_new(void);

/* A new task's struct: area is its FPU_AREA bytes, of any content. */
void thread_init(struct thread *thread, void *area);

/* Saves the CPU's FPU state and bases into the current task's struct thread, or its child's. */
void thread_save(struct thread *thread);

/* FPU and bases as a new program finds them; not yet in the CPU. */
void thread_reset(struct thread *thread);

/* Loads FPU state and bases of the current task (after thread_reset). */
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
