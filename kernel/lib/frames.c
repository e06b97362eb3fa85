/*
 * Walks over kernel stacks (lib/frames.h). A frame is two words: the caller's
 * rbp, and the address to return to. Where that is in entry.S, what it has saved
 * lies above the frame, and leads on to the code that was interrupted, maybe on
 * another stack, or to the program.
 * Sources: psABI 3.2.2; Intel SDM vol. 2, CALL.
 */
#include "lib/frames.h"

#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "proc/task.h"

enum { SAVED_RBP = 5 /* words that thread_switch has pushed after it */ };

va_t frames_call_target(const u8 code[CALL_BYTES], va_t return_address)
{
	enum { CALL_RELATIVE = 0xe8, GROUP_5 = 0xff, CALL_INDIRECT = 2 };
	s32 distance;

	if (code[2] == CALL_RELATIVE) {
		memcpy(&distance, code + 3, sizeof distance);
		return return_address + (s64)distance;
	}
	for (int i = 0; i < CALL_BYTES - 1; i++)
		if (code[i] == GROUP_5 && (code[i + 1] >> 3 & 7) == CALL_INDIRECT)
			return 1;
	return 0;
}

static bool in_range(va_t va, size_t size, va_t start, va_t end)
{
	return va >= start && va < end && end - va >= size;
}

/* kstack: an address on the task's stack. Another's is not read: it may be freed meanwhile, and what
 * entry.S has in rsp and rbp can be anything that a program put there. */
static bool on_stack(va_t kstack, const void *at, size_t size)
{
	va_t va = (va_t)at, bottom = kstack_bottom(kstack);

	if (va % 8 != 0)
		return false;
	for (u32 i = 0; i < ncpus; i++) {
		for (int ist = 1; ist <= IST_COUNT; ist++) {
			va_t top = gdt_ist_top(&cpus[i], ist);
			if (in_range(va, size, top - IST_STACK_SIZE, top))
				return true;
		}
	}
	return in_range(va, size, (va_t)boot_stack_bottom, (va_t)boot_stack_top) ||
	       (bottom && in_range(va, size, bottom, bottom + KSTACK_SIZE));
}

static bool in_text(va_t va)
{
	return in_range(va, 1, (va_t)kernel_text_start + CALL_BYTES, (va_t)kernel_text_end);
}

/* Has the function made its frame where it was interrupted? Small ones never do. */
static bool has_frame(va_t rip)
{
	static const u8 mov_rsp_rbp[] = {0x48, 0x89, 0xe5}, ret = 0xc3;
	char name[KSYM_NAME];
	u64 offset;

	if (!in_text(rip) || !ksym_find(rip, name, &offset) || *(const u8 *)rip == ret)
		return false;
	for (va_t at = rip - offset; at + sizeof mov_rsp_rbp <= rip; at++)
		if (memcmp((const u8 *)at, mov_rsp_rbp, sizeof mov_rsp_rbp) == 0)
			return true;
	return false;
}

/* Where there is no frame the return address is on top, or below what has been pushed. */
static va_t caller_on_top(va_t kstack, const struct regs *regs)
{
	for (int i = 0; i < 2 && !has_frame(regs->rip); i++) {
		const va_t *word = (const va_t *)regs->rsp + i;
		if (on_stack(kstack, word, sizeof *word) && in_text(*word) &&
		    frames_call_target((const u8 *)*word - CALL_BYTES, *word))
			return *word - 1;
	}
	return 0;
}

bool frames_begin(struct frames *u, const struct regs *regs)
{
	*u = (struct frames){.pc = regs->rip, .rbp = regs->rbp, .trap = regs,
			     .kstack = this_cpu()->kstack_top - 1};
	if (regs_from_user(regs))
		u->user = regs;
	return !u->user;
}

bool frames_next(struct frames *u)
{
	va_t caller = u->trap ? caller_on_top(u->kstack, u->trap) : 0;
	const va_t *frame = (const va_t *)u->rbp;

	if (u->entry)
		return frames_begin(u, u->entry);
	u->trap = NULL;
	if (caller) {
		u->pc = caller;
		return true;
	}
	if (!on_stack(u->kstack, frame, 2 * sizeof *frame) || !in_text(frame[1]))
		return false;
	u->pc = frame[1] - 1; /* in the call, not behind it: that may be another function */
	u->rbp = frame[0] > u->rbp ? frame[0] : 0; /* callers' frames lie higher */
	const struct regs *saved = (const struct regs *)(frame + 3); /* all of entry.S: rsp + 8 */
	if (in_range(u->pc, 1, (va_t)kernel_entry_start, (va_t)kernel_entry_end) &&
	    on_stack(u->kstack, saved, sizeof *saved))
		u->entry = saved;
	return true;
}

u32 frames_of_regs(const struct regs *regs, va_t *calls, u32 max)
{
	struct frames u;
	u32 n = 0;
	for (bool more = frames_begin(&u, regs); more && n < max; more = frames_next(&u))
		calls[n++] = u.pc;
	return n;
}

u32 frames_of_task(const struct task *task, va_t *calls, u32 max)
{
	const va_t *saved = (const va_t *)task->thread.rsp + SAVED_RBP;
	bool asleep = task->state == TASK_SLEEPING || task->state == TASK_STOPPED;
	u32 n = 0;
	if (!asleep || task->on_cpu || !on_stack(task->kstack_top - 1, saved, sizeof *saved))
		return 0;
	struct frames u = {.rbp = *saved, .kstack = task->kstack_top - 1};
	while (n < max && frames_next(&u))
		calls[n++] = u.pc;
	return n;
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

bool frames_wchan(const va_t **calls, u32 *n, char name[KSYM_NAME])
{
	u64 offset;
	for (; *n > 0; (*calls)++, (*n)--)
		if (ksym_find(**calls, name, &offset) && !is_sleep(name))
			return true;
	return false;
}
