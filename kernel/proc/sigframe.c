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
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum { RED_ZONE = 128, FPU_SOFTWARE = 464 };
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

/* The state of the FPU, and marks that tell whether there is more than the FXSAVE image. */
static int push_fpu(u8 __user *fpstate)
{
	u32 size = fpu_size();
	bool xstate = size > FPU_LEGACY;
	struct {
		struct fpx_sw_bytes marks;
		u64 header[8]; /* XSAVE wants zeros there (SDM vol. 1, 13.7) */
	} tail = {0};
	if (xstate)
		tail.marks = (struct fpx_sw_bytes){.magic1 = XSTATE_MAGIC1, .features = XCR0_USED,
						   .extended_size = size + sizeof(u32), .size = size};
	if (copy_to_user(fpstate + FPU_SOFTWARE, &tail, xstate ? sizeof tail : sizeof tail.marks) ||
	    fpu_save_to_user(fpstate))
		return -EFAULT;
	return xstate ? put_user_u32(fpstate + size, XSTATE_MAGIC2) : 0;
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
	if (push_fpu((u8 __user *)fpstate) ||
	    copy_to_user((void __user *)at, &frame, sizeof frame))
		return -EFAULT;

	if (task->altstack.flags & SS_AUTODISARM) /* until sigreturn, the handler may do without */
		task->altstack = (struct sigaltstack){.flags = SS_DISABLE};
	fpu_load_new(); /* the handler starts with a clean one, as on Linux */
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
static bool has_xstate(const u8 __user *fpstate)
{
	const struct fpx_sw_bytes __user *marks = (const void __user *)(fpstate + FPU_SOFTWARE);
	u32 size = fpu_size(), magic1, marked_size, magic2;
	return size > FPU_LEGACY && !get_user_u32(&magic1, &marks->magic1) &&
	       !get_user_u32(&marked_size, &marks->size) &&
	       !get_user_u32(&magic2, fpstate + size) && magic1 == XSTATE_MAGIC1 &&
	       marked_size == size && magic2 == XSTATE_MAGIC2;
}

/* Loads what the frame holds. The CPU refuses what it cannot take: then the frame is bad. */
static int restore_fpu(const u8 __user *fpstate)
{
	if ((va_t)fpstate >= USER_END)
		return -EFAULT; /* nothing is added to such a pointer: UBSan */
	if (fpstate)
		return fpu_load_from_user(fpstate, !has_xstate(fpstate));
	fpu_load_new();
	return 0;
}

s64 sys_rt_sigreturn(void)
{
	struct regs *regs = task_regs(current);
	struct rt_sigframe frame;
	va_t at = regs->rsp - sizeof frame.return_address; /* the handler's ret has taken it */
	if (copy_from_user(&frame, (void __user *)at, offsetof(struct rt_sigframe, info)) ||
	    frame.context.rip >= USER_END ||
	    restore_fpu((const u8 __user *)frame.context.fpstate))
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
