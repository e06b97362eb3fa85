/*
 * The frame that a signal handler finds on the user stack, and rt_sigreturn,
 * which undoes it. The layout is Linux's struct rt_sigframe, with the FPU state
 * above it, so that libc's siglongjmp, unwinders and gdb read it.
 *
 *	higher   FPU state as XSAVE writes it, 64-byte aligned
 *	         siginfo
 *	         ucontext: flags, stack, registers, mask
 *	rsp ->   return address: sa_restorer, which calls rt_sigreturn
 *
 * Nothing in a frame is trusted when it comes back: only user-changeable flags
 * are taken, rip must be the user's, segments are fixed.
 *
 * Where the CPU has AVX, marks in the FXSAVE image's unused bytes and behind the
 * whole tell that there is more than that image.
 *
 * Sources: Linux arch/x86/include/uapi/asm/{sigcontext,ucontext}.h; psABI 3.2.2
 * (red zone, stack alignment); sigreturn(2).
 */
#include "proc/sigframe.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum { RED_ZONE = 128, FPU_SOFTWARE = 464, FPU_HEADER = 512 };
enum { UC_FLAGS = 6 /* SS is saved and restored strictly */, UC_FP_XSTATE = 1 };
enum { XSTATE_MAGIC1 = 0x46505853, XSTATE_MAGIC2 = 0x46505845 };

/* At FPU_SOFTWARE of the image; XSTATE_MAGIC2 follows the image. */
struct fpx_sw_bytes {
	u32 magic1, extended_size;
	u64 features;
	u32 size, padding[7];
};

struct sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	u64 fpstate; /* user address of the FPU's state */
	u64 reserved[8];
};

struct rt_sigframe {
	u64 return_address;
	u64 uc_flags;
	u64 uc_link;
	struct sigaltstack uc_stack;
	struct sigcontext context;
	sigset_t mask;
	struct siginfo info;
};

_Static_assert(sizeof(struct sigcontext) == 256, "struct sigcontext_64");
_Static_assert(offsetof(struct rt_sigframe, info) == 312, "struct rt_sigframe");

static bool is_within(const struct sigaltstack *alt, va_t sp)
{
	return sp > alt->sp && sp - alt->sp <= alt->size;
}

int altstack_flags(va_t sp)
{
	const struct sigaltstack *alt = &current->altstack;
	if (alt->size == 0)
		return SS_DISABLE;
	return !(alt->flags & SS_AUTODISARM) && is_within(alt, sp) ? SS_ONSTACK : 0;
}

int altstack_set(const struct sigaltstack *new, va_t sp)
{
	struct sigaltstack *alt = &current->altstack;
	int mode = new->flags & ~SS_AUTODISARM;
	if (altstack_flags(sp) == SS_ONSTACK)
		return -EPERM;
	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return -EINVAL;
	if (new->sp == alt->sp && new->size == alt->size && new->flags == alt->flags)
		return 0; /* even if there is none and its size is too small */
	if (mode != SS_DISABLE && new->size < MINSIGSTKSZ)
		return -ENOMEM;
	*alt = (struct sigaltstack){.flags = new->flags};
	if (mode != SS_DISABLE) {
		alt->sp = new->sp;
		alt->size = new->size;
	}
	return 0;
}

static void save_context(struct sigcontext *c, const struct regs *regs, va_t fpstate)
{
	*c = (struct sigcontext){
		.r8 = regs->r8, .r9 = regs->r9, .r10 = regs->r10, .r11 = regs->r11,
		.r12 = regs->r12, .r13 = regs->r13, .r14 = regs->r14, .r15 = regs->r15,
		.rdi = regs->rdi, .rsi = regs->rsi, .rbp = regs->rbp, .rbx = regs->rbx,
		.rdx = regs->rdx, .rax = regs->rax, .rcx = regs->rcx, .rsp = regs->rsp,
		.rip = regs->rip, .rflags = regs->rflags, .cs = regs->cs, .ss = regs->ss,
		.err = current->fault.error_code, .trapno = current->fault.vector,
		.cr2 = current->fault.cr2, .fpstate = fpstate,
	};
}

/* FPU state as a new program has it; the bases stay. */
static void reset_fpu(struct thread *thread)
{
	u64 fs_base = thread->fs_base, gs_base = thread->gs_base;
	thread_reset(thread);
	thread->fs_base = fs_base;
	thread->gs_base = gs_base;
	thread_load(thread);
}

static int push_fpu(struct thread *thread, va_t fpstate)
{
	struct fpx_sw_bytes marks = {0};
	u32 magic2 = XSTATE_MAGIC2, size = fpu_size();
	if (size > FPU_LEGACY)
		marks = (struct fpx_sw_bytes){.magic1 = XSTATE_MAGIC1, .features = XCR0_USED,
					      .extended_size = size + sizeof magic2, .size = size};
	memcpy(thread->fpu + FPU_SOFTWARE, &marks, sizeof marks);
	if (copy_to_user((void __user *)fpstate, thread->fpu, size))
		return -EFAULT;
	return size > FPU_LEGACY
		       ? copy_to_user((void __user *)(fpstate + size), &magic2, sizeof magic2)
		       : 0;
}

int sigframe_push(struct regs *regs, int sig, const struct siginfo *info,
		  const struct sigaction *action, sigset_t old_mask)
{
	struct task *task = current;
	if (!(action->flags & SA_RESTORER) || action->handler >= USER_END)
		return -EFAULT;
	va_t sp = regs->rsp - RED_ZONE;
	bool on_altstack = altstack_flags(regs->rsp) == SS_ONSTACK;
	if ((action->flags & SA_ONSTACK) && altstack_flags(sp) == 0) {
		sp = task->altstack.sp + task->altstack.size;
		on_altstack = true;
	}
	va_t fpstate = (sp - fpu_size() - sizeof(u32)) & ~63ull;
	/* As a called function finds it: rsp + 8 is a multiple of 16. */
	va_t at = ((fpstate - sizeof(struct rt_sigframe)) & ~15ull) - 8;
	if (on_altstack && !is_within(&task->altstack, at))
		return -EFAULT; /* the alternate stack is too full: what is below it stays whole */

	struct rt_sigframe frame = {
		.return_address = action->restorer,
		.uc_flags = UC_FLAGS | (fpu_size() > FPU_LEGACY ? UC_FP_XSTATE : 0),
		.uc_stack = task->altstack,
		.mask = old_mask,
		.info = *info,
	};
	frame.info.signo = sig;
	save_context(&frame.context, regs, fpstate);
	frame.context.oldmask = old_mask;
	thread_save(&task->thread);
	if (push_fpu(&task->thread, fpstate) ||
	    copy_to_user((void __user *)at, &frame, sizeof frame))
		return -EFAULT;

	if (task->altstack.flags & SS_AUTODISARM) /* until sigreturn, the handler may do without */
		task->altstack = (struct sigaltstack){.flags = SS_DISABLE};
	reset_fpu(&task->thread); /* the handler starts with a clean one, as on Linux */
	regs->rdi = sig;
	regs->rsi = at + offsetof(struct rt_sigframe, info);
	regs->rdx = at + offsetof(struct rt_sigframe, uc_flags);
	regs->rax = 0;
	regs->rsp = at;
	regs->rip = action->handler;
	regs->rflags &= ~(0x400ull | 0x100); /* DF and TF: psABI 3.2.3 */
	return 0;
}

/* Bits of rflags that a user program may set: AC OF DF TF SF ZF AF PF CF and RF. */
#define USER_RFLAGS 0x50dd5ull

static void restore_context(struct regs *regs, const struct sigcontext *c)
{
	regs->r8 = c->r8;
	regs->r9 = c->r9;
	regs->r10 = c->r10;
	regs->r11 = c->r11;
	regs->r12 = c->r12;
	regs->r13 = c->r13;
	regs->r14 = c->r14;
	regs->r15 = c->r15;
	regs->rdi = c->rdi;
	regs->rsi = c->rsi;
	regs->rbp = c->rbp;
	regs->rbx = c->rbx;
	regs->rdx = c->rdx;
	regs->rax = c->rax;
	regs->rcx = c->rcx;
	regs->rsp = c->rsp;
	regs->rip = c->rip;
	regs->rflags = (regs->rflags & ~USER_RFLAGS) | (c->rflags & USER_RFLAGS);
	regs->orig_rax = NO_SYSCALL;
}

/* Is there all that push_fpu has put there, and not the FXSAVE image alone? */
static bool has_xstate(const u8 *image, va_t fpstate)
{
	struct fpx_sw_bytes marks;
	u32 magic2;
	memcpy(&marks, image + FPU_SOFTWARE, sizeof marks);
	return fpu_size() > FPU_LEGACY && marks.magic1 == XSTATE_MAGIC1 &&
	       marks.size == fpu_size() &&
	       !copy_from_user(&magic2, (void __user *)(fpstate + marks.size), sizeof magic2) &&
	       magic2 == XSTATE_MAGIC2;
}

/* The FPU state of a frame into the CPU. What loading would fault on is cleared: reserved bits
 * of MXCSR, what the header says beyond the states in use. */
static int restore_fpu(va_t fpstate)
{
	struct thread *thread = &current->thread;
	u8 image[FPU_AREA]; /* the copy may sleep, and a switch writes thread->fpu */
	u64 states = 3;	    /* x87 and SSE */
	u32 mxcsr;
	if (!fpstate) {
		reset_fpu(thread);
		return 0;
	}
	memset(image + FPU_LEGACY, 0, sizeof image - FPU_LEGACY);
	if (copy_from_user(image, (void __user *)fpstate, FPU_LEGACY))
		return -EFAULT;
	if (has_xstate(image, fpstate)) {
		if (copy_from_user(image + FPU_LEGACY, (void __user *)(fpstate + FPU_LEGACY),
				   fpu_size() - FPU_LEGACY))
			return -EFAULT;
		memcpy(&states, image + FPU_HEADER, sizeof states);
		memset(image + FPU_HEADER, 0, 64);
	}
	states &= XCR0_USED;
	memcpy(image + FPU_HEADER, &states, sizeof states);
	memcpy(&mxcsr, image + 24, sizeof mxcsr);
	mxcsr &= 0xffff;
	memcpy(image + 24, &mxcsr, sizeof mxcsr);
	memcpy(thread->fpu, image, fpu_size());
	thread_load(thread);
	return 0;
}

s64 sys_rt_sigreturn(void)
{
	struct regs *regs = task_regs(current);
	struct rt_sigframe frame;
	va_t at = regs->rsp - sizeof frame.return_address; /* the handler's ret has taken it */
	if (copy_from_user(&frame, (void __user *)at, sizeof frame) ||
	    frame.context.rip >= USER_END)
		goto bad_frame;
	thread_save(&current->thread);
	if (restore_fpu(frame.context.fpstate))
		goto bad_frame;
	signal_set_blocked(frame.mask);
	restore_context(regs, &frame.context);
	altstack_set(&frame.uc_stack, regs->rsp); /* what it refuses stays as it is */
	current->restart.fn = NULL; /* a call to go on with is not this one any more */
	return regs->rax;

bad_frame:
	signal_fault(SIGSEGV, SI_KERNEL, 0);
	return 0;
}
