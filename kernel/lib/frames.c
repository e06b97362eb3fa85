/*
 * Walks over kernel stacks (lib/frames.h). A frame is two words: the caller's
 * rbp, and the address to return to. Where that is the way out of a trap, the
 * chain goes on in the registers of what was interrupted, maybe on another stack.
 */
#include "lib/frames.h"

#include "arch/arch.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "proc/task.h"

struct stack {
	va_t low, high;
};

/* Of entry.S: above a frame that returns to one of these are a word and the struct regs. */
extern const va_t trap_returns[2];
enum { WORDS_TO_REGS = 3, SAVED_RBP = 5 /* words that thread_switch has pushed after it */ };

static bool holds(struct stack stack, va_t va)
{
	return va >= stack.low && va < stack.high;
}

/* That of this CPU on which va lies, with everything above it. */
static struct stack stack_of(va_t va)
{
	const struct cpu *cpu = this_cpu();
	struct stack stack = {(va_t)boot_stack_bottom, (va_t)boot_stack_top};
	for (int ist = 1; ist <= IST_COUNT && !holds(stack, va); ist++) {
		stack.high = gdt_ist_top(cpu, ist);
		stack.low = stack.high - IST_STACK_SIZE;
	}
	if (!holds(stack, va) && cpu->kstack_top) {
		stack.high = ROUND_UP(cpu->kstack_top, PAGE_SIZE); /* above it is the FPU's state */
		stack.low = stack.high - KSTACK_SIZE;
	}
	return holds(stack, va) ? stack : (struct stack){0, 0};
}

/* Adds to calls; sets *trap_out where it comes to one. */
static u32 walk(struct stack stack, va_t rbp, va_t *calls, u32 max, const struct regs **trap_out)
{
	u32 n = 0;
	while (n < max && rbp % 8 == 0 && holds(stack, rbp) && holds(stack, rbp + 8)) {
		const va_t *frame = (const va_t *)rbp;
		if (frame[1] == trap_returns[0] || frame[1] == trap_returns[1])
			*trap_out = (const struct regs *)(frame + WORDS_TO_REGS);
		if (*trap_out || frame[1] == 0)
			break;
		calls[n++] = frame[1] - 1; /* a call without return may end its function */
		if (frame[0] <= rbp)
			break; /* callers' frames lie higher: anything else is damage */
		rbp = frame[0];
	}
	return n;
}

u32 frames_of_regs(const struct regs *regs, va_t *calls, u32 max)
{
	u32 n = 0;
	while (regs && n < max && !regs_from_user(regs)) {
		const struct regs *outer = NULL;
		calls[n++] = regs->rip;
		n += walk(stack_of(regs->rsp), regs->rbp, calls + n, max - n, &outer);
		regs = outer;
	}
	return n;
}

u32 frames_of_task(const struct task *task, va_t *calls, u32 max)
{
	struct stack stack = {task->kstack_top - KSTACK_SIZE, (va_t)task_regs(task)};
	va_t at = task->thread.rsp + SAVED_RBP * sizeof(va_t);
	const struct regs *trap = NULL;
	bool asleep = task->state == TASK_SLEEPING || task->state == TASK_STOPPED;
	if (!asleep || task->on_cpu || !holds(stack, at))
		return 0;
	return walk(stack, *(const va_t *)at, calls, max, &trap);
}

/* What all sleeps have in common. */
static bool is_sleep(const char *name)
{
	static const char *const begin[] = {"schedule", "switch_to", "thread_switch", "waitq_", "mutex_",
					    "sleep_once", "task_sleep", "wait_and_take"};
	for (size_t i = 0; i < ARRAY_SIZE(begin); i++)
		if (strncmp(name, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

const char *frames_wchan(const va_t **calls, u32 *n)
{
	u64 offset;
	for (; *n > 0; (*calls)++, (*n)--) {
		const char *name = ksym_find(**calls, &offset);
		if (name && !is_sleep(name))
			return name;
	}
	return NULL;
}
