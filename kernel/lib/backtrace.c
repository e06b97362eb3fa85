/*
 * Backtraces: who called whom, from the registers of an exception or interrupt
 * back to the program's _start. For panics, for NMIs: no locks, no memory, and
 * only what lies on a stack that we know, or is mapped, is read.
 *
 * The kernel's part is lib/frames.c. Programs keep no frames: there a word up
 * the stack counts that points behind a CALL of the very function we are in, or
 * of one that jumps to it; else rbp, else the first behind a call by pointer, or
 * behind any call, which is a guess and marked with "?".
 */
#include "lib/panic.h"

#include "arch/cpu.h"
#include "arch/pte.h"
#include "fs/dentry.h"
#include "lib/frames.h"
#include "lib/lines.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "proc/task.h"

enum {
	FRAMES_MAX = 1024,  /* of a stack that has run over */
	SHOWN_FIRST = 6, SHOWN_LAST = 12,
	USER_FRAMES = 12, USER_WORDS = 512, /* up the stack, to find a return address */
	USER_GUESSES = 4, /* that many may follow each other */
};

/* The program --------------------------------------------------------------------------------- */

struct program {
	const char *name;
	u64 size_bytes;
	pa_t root;
};

/* A byte of its memory, if it is there; code: and may be run. */
static const u8 *user_byte(const struct program *p, va_t va, bool code)
{
	pte_t entry = p->root | PTE_P;

	for (int level = LEVEL_ROOT; level >= LEVEL_LEAF; level--) {
		const pte_t *table = pa_kva(entry & PTE_ADDR);
		entry = table[level_index(va, level)];
		if (!(entry & PTE_P) || (entry & PTE_ADDR) >> PAGE_SHIFT >= npages)
			return NULL;
	}
	if (va >= USER_END || (code && (entry & PTE_NX)))
		return NULL;
	return (const u8 *)pa_kva(entry & PTE_ADDR) + va % PAGE_SIZE;
}

static bool user_read(const struct program *p, void *to, va_t va, size_t n, bool code)
{
	for (size_t i = 0; i < n; i++) {
		const u8 *byte = user_byte(p, va + i, code);
		if (!byte)
			return false;
		((u8 *)to)[i] = *byte;
	}
	return true;
}

/* The word at va is a return address: it, and where the call went; 0: it is none. */
static va_t user_return(const struct program *p, va_t va, va_t *target)
{
	va_t word;
	u8 code[CALL_BYTES];

	*target = 0;
	if (user_read(p, &word, va, sizeof word, false) &&
	    user_read(p, code, word - CALL_BYTES, CALL_BYTES, true))
		*target = frames_call_target(code, word);
	return *target ? word : 0;
}

/* Does the code from there on, which ends soon, end by a jump to the function? */
static bool jumps_to(const struct program *p, va_t from, va_t function)
{
	enum { JMP = 0xe9, FAR = 96 };
	struct __packed {
		u8 op;
		s32 distance;
	} jump;

	for (va_t at = from; at < from + FAR && user_read(p, &jump, at, sizeof jump, true); at++)
		if (jump.op == JMP && at + sizeof jump + (s64)jump.distance == function)
			return true;
	return false;
}

/* Where the return address of the frame with this rsp lies; 0: none found. */
static va_t find_return(const struct program *p, va_t rsp, va_t rbp, va_t function, bool *sure)
{
	va_t first = 0, by_pointer = 0, target;

	for (va_t at = rsp; at < rsp + USER_WORDS * 8; at += 8) {
		if (!user_return(p, at, &target))
			continue;
		*sure = function && (target == function || jumps_to(p, target, function));
		if (*sure)
			return at;
		first = first ? first : at;
		by_pointer = target == 1 && !by_pointer ? at : by_pointer;
	}
	if (rbp >= rsp && rbp - rsp < USER_WORDS * 8 && user_return(p, rbp + 8, &target))
		return rbp + 8;
	return function && by_pointer ? by_pointer : first;
}

static void backtrace_user(const struct program *p, const struct regs *regs)
{
	va_t pc = regs->rip, rsp = regs->rsp, rbp = regs->rbp, target;
	bool sure = true;
	int guesses = 0;

	for (int i = 0; i < USER_FRAMES && guesses <= USER_GUESSES; i++) {
		struct line line = {0};
		if (lines_find(p->name, p->size_bytes, pc, &line) && line.function)
			kprintf("  user %s+%#lx", line.function, pc - line.start);
		else
			kprintf("  user %#lx in %s", pc, p->name);
		if (line.line)
			kprintf(" (%s:%u)", line.file, line.line);
		kprintf(sure ? "\n" : " ?\n");
		if (line.function && strcmp(line.function, "main") == 0)
			break;
		va_t at = find_return(p, rsp, rbp, line.start, &sure);
		if (!at)
			break;
		pc = user_return(p, at, &target) - 1;
		if (at == rbp + 8)
			user_read(p, &rbp, rbp, sizeof rbp, false);
		rsp = at + 8;
		guesses = sure ? 0 : guesses + 1;
	}
}

/* Both ---------------------------------------------------------------------------------------- */

static void show(const struct task *task, struct frames start, bool more)
{
	struct frames u = start;
	u32 n = 0;

	for (bool on = more; on && n < FRAMES_MAX; n++)
		on = frames_next(&u);
	u = start;
	for (u32 i = 0; i < n; i++, frames_next(&u)) {
		if (i < SHOWN_FIRST || i + SHOWN_LAST >= n)
			kprintf("  %pL\n", (void *)u.pc);
		else if (i == SHOWN_FIRST)
			kprintf("  ... %u more ...\n", n - SHOWN_FIRST - SHOWN_LAST);
	}
	const struct file *exe = task && task->mm ? task->mm->exe : NULL;
	if (!u.user && task && task->mm && regs_from_user(task_regs(task)))
		u.user = task_regs(task);
	if (u.user && exe) {
		const struct program p = {exe->dentry->name, exe->inode->size_bytes, task->mm->root};
		backtrace_user(&p, u.user);
	}
	if (!lines_there())
		kprintf("  (no file and line: the root archive is another build's, or not unpacked)\n");
}

void backtrace_of(const struct task *task, const struct regs *regs)
{
	struct frames u;
	bool more = frames_begin(&u, regs);

	show(task, u, more);
}

void backtrace(va_t rbp)
{
	struct frames u = {.rbp = rbp, .kstack = this_cpu()->kstack_top - 1};

	show(current, u, frames_next(&u));
}
