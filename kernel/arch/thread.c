/*
 * The machine's part of a task: what a task switch changes besides the kernel
 * stack (switch.S), and how the first switch to a new task finds its way.
 *
 * The kernel itself uses no FPU or SSE register (-mgeneral-regs-only), so user
 * state stays in the CPU until the next switch. Entry points: arch/thread.h.
 * Sources: Intel SDM vol. 1, 10.5 (FXSAVE) and 13 (XSAVE), psABI 3.4.1 (state
 * at process start).
 */
#include "arch/thread.h"

#include "arch/arch.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "mm/uaccess_private.h"
#include "proc/task.h"

enum { MSR_FS_BASE = 0xc0000100, MSR_KERNEL_GS_BASE = 0xc0000102 };

/* What thread_switch_stack pops (switch.S). */
struct switch_frame {
	u64 r15, r14, r13, r12, rbx, rbp, rip;
};

void thread_switch_stack(struct thread *prev, struct thread *next);
extern const u8 thread_start_user[], thread_start_kernel[];

u32 fpu_size(void)
{
	return cpu_has.xsave ? FPU_AREA : FPU_LEGACY;
}

void thread_init(struct thread *thread, void *area)
{
	enum { RESERVED = 416, AVX = 576 };
	u64 *x87 = area;

	thread->fpu = area;
	/* What saving leaves as it is: a signal frame shows the one to the program, and loading
	 * wants zeros in the header (SDM vol. 1, 13.4.2). AMD's CPUs write the x87 pointers only
	 * when an exception is pending (APM vol. 2, 11.4.4). */
	x87[0] = x87[1] = x87[2] = 0;
	memset(thread->fpu + RESERVED, 0, AVX - RESERVED);
}

static void fpu_save(struct thread *thread)
{
	if (!thread->fpu)
		return;
	if (cpu_has.xsave)
		__asm__ volatile("xsave64 (%0)" ::"r"(thread->fpu), "a"(XCR0_USED), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(thread->fpu) : "memory");
}

static void fpu_load(const struct thread *thread)
{
	/* AMD's CPUs leave the last x87 instruction's addresses in place here, for the next
	 * program to see, unless a load has changed them (CVE-2006-1056). */
	static const u32 zero;

	if (!thread->fpu)
		return;
	__asm__ volatile("fnclex; emms; fildl %0" ::"m"(zero));
	if (cpu_has.xsave)
		__asm__ volatile("xrstor64 (%0)" ::"r"(thread->fpu), "a"(XCR0_USED), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" ::"r"(thread->fpu) : "memory");
}

/* XRSTOR takes nothing but MXCSR from an image that has no state in use: all of them become as
 * in a new program (SDM vol. 1, 13.8.1). FXRSTOR takes all of the FXSAVE image. */
static void fpu_reset(u8 *image)
{
	enum { X87_CONTROL = 0, MXCSR = 24, STATES_IN_USE = FPU_LEGACY };

	if (cpu_has.xsave)
		*(u64 *)(image + STATES_IN_USE) = 0;
	else
		memset(image, 0, FPU_LEGACY);
	*(u16 *)(image + X87_CONTROL) = 0x37f;
	*(u32 *)(image + MXCSR) = 0x1f80;
}

void fpu_load_new(void)
{
	fpu_reset(current->thread.fpu);
	fpu_load(&current->thread);
}

int fpu_save_to_user(void __user *image)
{
	if (!user_range_ok(image, fpu_size()))
		return -EFAULT;
	return cpu_has.xsave ? uaccess_xsave(image, XCR0_USED) : uaccess_fxsave(image);
}

int fpu_load_from_user(const void __user *image, bool legacy)
{
	if (!user_range_ok(image, legacy ? FPU_LEGACY : FPU_AREA))
		return -EFAULT;
	if (!legacy)
		return uaccess_xrstor(image, XCR0_USED);
	fpu_load_new();
	return uaccess_fxrstor(image);
}

void thread_load_bases(const struct thread *thread)
{
	wrmsr(MSR_FS_BASE, thread->fs_base);
	wrmsr(MSR_KERNEL_GS_BASE, thread->gs_base);
}

void thread_save(struct thread *thread)
{
	fpu_save(thread);
	thread->fs_base = rdmsr(MSR_FS_BASE);
	thread->gs_base = rdmsr(MSR_KERNEL_GS_BASE);
}

void thread_reset(struct thread *thread)
{
	fpu_reset(thread->fpu);
	thread->fs_base = 0;
	thread->gs_base = 0;
}

void thread_load(const struct thread *thread)
{
	fpu_load(thread);
	thread_load_bases(thread);
}

void thread_switch(struct task *prev, struct task *next)
{
	struct cpu *cpu = this_cpu();

	/* Bases change only by calls of the kernel, which keep struct thread right; but a user
	 * program may load FS, which clears its base, so next's are always loaded. */
	if (prev->state != TASK_ZOMBIE) /* it never needs them again */
		fpu_save(&prev->thread);
	thread_load(&next->thread);
	cpu->task = next;
	gdt_set_kernel_stack(cpu, task_stack_start(next));
	thread_switch_stack(&prev->thread, &next->thread);
}

/* Below top: a frame from which the first switch returns to rip, at rsp == top. */
static struct switch_frame *push_frame(struct task *task, va_t top, const u8 *rip)
{
	struct switch_frame *frame = (struct switch_frame *)top - 1;

	*frame = (struct switch_frame){.rip = (u64)rip};
	task->thread.rsp = (u64)frame;
	return frame;
}

void thread_init_user(struct task *task)
{
	push_frame(task, (va_t)task_regs(task), thread_start_user);
}

void thread_init_kernel(struct task *task, void (*fn)(void))
{
	thread_reset(&task->thread);
	/* Below the struct regs, for a kernel task may become a program: thread_enter_user. */
	va_t top = (va_t)task_regs(task) - 8; /* 16-byte aligned at a call (psABI 3.2.2) */
	push_frame(task, top, thread_start_kernel)->r12 = (u64)fn;
}
