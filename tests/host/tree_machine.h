/*
 * The machine under tests/host/tree.c: frames with fault injection, what the
 * CPUs remember of the trees (TLB and paging-structure caches), a program's
 * access as the CPU makes it, and the few other things mm/tree*.c and
 * mm/fault.c ask of the kernel.
 *
 * Every address space counts as loaded on a CPU of its own that speculates as
 * far as it may (SDM vol. 3A 4.10.2.3, 4.10.3.1): whatever the tables say at
 * any of the kernel's steps is remembered for every sample address until it is
 * flushed. So a page or table that is let go of too early is always still
 * remembered (invariant I4), and a flush that was forgotten leaves an entry that
 * grants more than the tables do.
 */
#ifndef TREE_MACHINE_H
#define TREE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sanitizer/asan_interface.h>

#include "arch/cpu.h"
#include "arch/mmu.h"
#include "lib/panic.h"
#include "mm/fault.h"
#include "fs/inode.h"
#include "mm/layout.h"
#include "mm/mapping.h"
#include "mm/tree.h"
#include "mm/uaccess_private.h"
#include "proc/task.h"

enum { NFRAMES = 2048, MAX_MMS = 5, MAX_SAMPLES = 81, KERNEL_ENTRY = 0xfeed000 };

/* Where a failure happened. */
static u64 seed;
static int step;
static const char *step_name = "";

static _Noreturn void broken(const char *fmt, ...) __printf(1, 2);
static _Noreturn void broken(const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	fail_msg("seed %lu step %d (%s): %s", seed, step, step_name, text);
	__builtin_unreachable();
}

/* Random numbers: xorshift64*, the same everywhere. */
static u64 rng_state;

static u64 rnd(u64 below)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return ((rng_state * 0x2545f4914f6cdd1dull) >> 33) % below;
}

/* What CPUs remember ---------------------------------------------------------------------- */

struct cached {
	const struct page *frame[LEVEL_ROOT + 1]; /* by level of the entry that names it; NULL: none */
	bool writable[LEVEL_ROOT + 1];		  /* W is set down to here */
	bool executable;
};

struct space {
	struct mm mm;
	bool live;
	struct cached cached[MAX_SAMPLES];
};

static struct space spaces[MAX_MMS];
static va_t sample[MAX_SAMPLES];
static unsigned nsamples;
static struct space *acting; /* whose tree the kernel works on; NULL: nobody's */

static struct space *space_of(struct mm *mm)
{
	return container_of(mm, struct space, mm);
}

/* The walk as the CPU makes it now. */
static void hardware_walk(const struct mm *mm, va_t va, struct cached *out)
{
	const struct page *table = pa_page(mm->root);
	bool writable = true;
	*out = (struct cached){.executable = false};
	for (int level = LEVEL_ROOT; level >= LEVEL_LEAF; level--) {
		pte_t entry = table_entries(table)[level_index(va, level)];
		if (!(entry & PTE_P))
			return;
		writable = writable && (entry & PTE_W);
		table = entry_page(entry);
		out->frame[level] = table;
		out->writable[level] = writable;
		out->executable = !(entry & PTE_NX);
	}
}

/* The CPU reads ahead: all that it may remember it does remember from now on. */
static void speculate(struct space *space)
{
	if (!space || !space->live)
		return;
	for (unsigned i = 0; i < nsamples; i++) {
		struct cached now, *cached = &space->cached[i];
		hardware_walk(&space->mm, sample[i], &now);
		for (int level = LEVEL_LEAF; level <= LEVEL_ROOT; level++) {
			if (cached->frame[level] || !now.frame[level])
				continue;
			cached->frame[level] = now.frame[level];
			cached->writable[level] = now.writable[level];
			if (level == LEVEL_LEAF)
				cached->executable = now.executable;
		}
	}
}

/* What is remembered of one sample is what the tables say, or less. */
static void check_cached(struct space *space, unsigned i, const char *when)
{
	struct cached now, *cached = &space->cached[i];
	hardware_walk(&space->mm, sample[i], &now);
	for (int level = LEVEL_LEAF; level <= LEVEL_ROOT; level++) {
		if (!cached->frame[level])
			continue;
		if (cached->frame[level] != now.frame[level])
			broken("%s: space %ld, %#lx: a CPU remembers frame %lu at level %d, not flushed", when,
			       (long)(space - spaces), sample[i], page_pfn(cached->frame[level]),
			       level);
		if (cached->writable[level] && !now.writable[level])
			broken("%s: space %ld, %#lx: a CPU remembers that level %d is writable", when,
			       (long)(space - spaces), sample[i], level);
	}
	if (cached->frame[LEVEL_LEAF] && cached->executable && !now.executable)
		broken("%s: %#lx: a CPU remembers that it may execute", when, sample[i]);
}

static void check_all_cached(void)
{
	for (struct space *space = spaces; space < spaces + MAX_MMS; space++) {
		speculate(space);
		for (unsigned i = 0; space->live && i < nsamples; i++)
			check_cached(space, i, "afterwards");
	}
}

/* A reference goes: whoever remembers the frame has it in its tables still. */
static void check_remembered(const struct page *page, bool freed)
{
	for (struct space *space = spaces; space < spaces + MAX_MMS; space++) {
		if (!space->live || (space != acting && !freed))
			continue;
		for (unsigned i = 0; i < nsamples; i++)
			for (int level = LEVEL_LEAF; level <= LEVEL_ROOT; level++)
				if (space->cached[i].frame[level] == page)
					check_cached(space, i, freed ? "frame freed" : "frame put");
	}
}

static void forget_upper(struct space *space)
{
	for (unsigned i = 0; i < nsamples; i++)
		for (int level = LEVEL_LEAF + 1; level <= LEVEL_ROOT; level++)
			space->cached[i].frame[level] = NULL;
}

static void forget_page(struct space *space, va_t va)
{
	forget_upper(space); /* INVLPG and page faults drop all of them: SDM 4.10.4.1 */
	for (unsigned i = 0; i < nsamples; i++)
		if (sample[i] == (va & PAGE_MASK))
			space->cached[i].frame[LEVEL_LEAF] = NULL;
}

void tlb_flush_page(struct mm *mm, va_t va)
{
	speculate(space_of(mm));
	forget_page(space_of(mm), va);
}

void tlb_flush_pages(struct mm *mm, va_t start, size_t count)
{
	speculate(space_of(mm));
	for (size_t i = 0; i < count; i++)
		forget_page(space_of(mm), start + i * PAGE_SIZE);
}

void tlb_flush_mm(struct mm *mm)
{
	speculate(space_of(mm));
	memset(space_of(mm)->cached, 0, sizeof space_of(mm)->cached);
}

/* Frames --------------------------------------------------------------------------------- */

u8 host_memory[NFRAMES * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static struct page page_array[NFRAMES];
struct page *pages = page_array;
pfn_t npages = NFRAMES;
struct page *zero_page;
static u32 free_frame[NFRAMES], nfree;

/* When the allocator says no. */
static struct {
	enum { FAIL_NEVER, FAIL_ONCE, FAIL_FROM_THEN_ON, FAIL_AT_RANDOM } mode;
	u64 countdown;
	bool happened;
} failing;

static bool must_fail(void)
{
	bool now = failing.countdown == 0;
	failing.countdown -= !now;
	switch (failing.mode) {
	case FAIL_ONCE:
		failing.mode = now ? FAIL_NEVER : FAIL_ONCE;
		return now;
	case FAIL_FROM_THEN_ON:
		return now;
	case FAIL_AT_RANDOM:
		return rnd(3) == 0;
	default:
		return false;
	}
}

static void (*meanwhile)(void); /* what others do at the same time */

struct page *page_alloc(enum page_kind kind)
{
	speculate(acting);
	if (meanwhile && acting)
		meanwhile();
	if (must_fail()) {
		failing.happened = true;
		return NULL;
	}
	if (nfree == 0)
		broken("the test's own frames are out: leaked, or NFRAMES is too small");
	struct page *page = &pages[free_frame[--nfree]];
	ASAN_UNPOISON_MEMORY_REGION(page_kva(page), PAGE_SIZE);
	memset(page_kva(page), 0x5b, PAGE_SIZE); /* present entries, if somebody believes them */
	*page = (struct page){.refs = 1, .kind = kind};
	return page;
}

struct page *page_alloc_zeroed(enum page_kind kind)
{
	struct page *page = page_alloc(kind);
	if (page)
		page_clear(page_kva(page));
	return page;
}

bool page_drop(struct page *page)
{
	if (page == zero_page)
		return false;
	kassert(page->refs > 0 && page->kind != PAGE_FREE);
	speculate(acting);
	check_remembered(page, page->refs == 1);
	return --page->refs == 0;
}

void page_free(struct page *page)
{
	kassert(page->refs == 0 && page->kind != PAGE_FREE);
	speculate(acting);
	check_remembered(page, true);
	page->kind = PAGE_FREE;
	ASAN_POISON_MEMORY_REGION(page_kva(page), PAGE_SIZE);
	free_frame[nfree++] = page_pfn(page);
}

bool page_low(void)
{
	return rnd(8) == 0;
}

void page_put_owner(struct page *page)
{
	(void)page; /* objects are not counted here */
}

void page_free_chain(struct page *chain)
{
	for (struct page *page = chain, *next; page; page = next) {
		next = page->next;
		page_free(page);
	}
}

/* The frames will be handed out as zeroed again without being cleared. */
void page_free_clean(struct page *chain)
{
	for (struct page *page = chain; page; page = page->next) {
		const u64 *word = page_kva(page);
		for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
			if (word[i])
				broken("frame %lu is not clean: word %u is %#lx", page_pfn(page), i,
				       word[i]);
		page->refs = 0;
	}
	page_free_chain(chain);
}

bool page_alloc_tables(struct page **tables, u32 n)
{
	for (u32 got = 0; got < n; got++) {
		tables[got] = page_alloc_zeroed(PAGE_TABLE);
		if (tables[got])
			continue;
		while (got > 0)
			page_free_clean(tables[--got]);
		return false;
	}
	return true;
}

void page_put(struct page *page)
{
	if (page_drop(page))
		page_free(page);
}

void page_clear(void *kva)
{
	memset(kva, 0, PAGE_SIZE);
}

void page_copy(void *to_kva, const void *from_kva)
{
	memcpy(to_kva, from_kva, PAGE_SIZE);
}

void mmu_fill_kernel_half(pte_t *root)
{
	for (unsigned i = ROOT_USER_ENTRIES; i < TABLE_ENTRIES; i++)
		root[i] = KERNEL_ENTRY | PTE_P | PTE_W;
}

void mmu_clear_kernel_half(pte_t *root)
{
	memset(root + ROOT_USER_ENTRIES, 0, (TABLE_ENTRIES - ROOT_USER_ENTRIES) * sizeof *root);
}

/* No files here: a mapping is always of none, and a touch of it SIGBUS. */
struct inode *inode_get(struct inode *inode) { return inode; }
void inode_put(struct inode *inode) { (void)inode; }
struct inode *inode_of_page(const struct page *page) { (void)page; return NULL; }
struct mm *mm_next(struct mm *mm) { (void)mm; return NULL; }

struct page *inode_page(struct inode *inode, u64 index, bool fill)
{
	(void)inode, (void)index, (void)fill;
	return ERR_PTR(-ENXIO);
}

u32 inode_pages(struct inode *inode, u64 index, u32 max, struct page **out)
{
	(void)inode, (void)index, (void)max, (void)out;
	return 0;
}

u64 inode_map_next(struct inode *inode, u64 index, u64 end)
{
	(void)inode, (void)index;
	return end;
}

static void machine_reset(void)
{
	memset(spaces, 0, sizeof spaces);
	failing.mode = FAIL_NEVER;
	acting = NULL;
	nfree = 0;
	ASAN_POISON_MEMORY_REGION(host_memory, sizeof host_memory);
	for (u32 i = 0; i < NFRAMES; i++) {
		pages[i] = (struct page){.kind = PAGE_FREE};
		free_frame[nfree++] = NFRAMES - 1 - i;
	}
	page_alloc(PAGE_BOOT); /* frame 0: an empty entry that is believed leads to it */
	zero_page = page_alloc_zeroed(PAGE_BOOT);
}

/* The rest of the kernel ----------------------------------------------------------------- */

void kprintf(const char *fmt, ...); /* lib/printf.h would rename the host's own */

static struct task task;
static struct process process = {.leader = &task};
static struct pid pid = {.number = 1, .task = &task};
static struct {
	int signal, code;
	va_t va;
} signalled;

struct task *current_task(void)
{
	return &task;
}

void mutex_lock(struct mutex *mutex)
{
	kassert(!mutex->owner);
	mutex->owner = &task;
}

void mutex_unlock(struct mutex *mutex)
{
	kassert(mutex->owner == &task);
	mutex->owner = NULL;
}

bool mutex_held(const struct mutex *mutex)
{
	return mutex->owner == &task;
}

void sched_point(void)
{
	speculate(acting);
}

void signal_fault(int sig, int code, va_t addr)
{
	signalled.signal = sig;
	signalled.code = code;
	signalled.va = addr;
}

struct process *init_process;

bool process_kill_largest(void)
{
	return false; /* nobody is init here */
}

void signal_kill_current(void)
{
	signalled.signal = SIGKILL;
}

void kprintf(const char *fmt, ...)
{
	(void)fmt;
}

void panic(const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	broken("panic: %s", text);
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
	(void)regs;
	broken("panic: %s", fmt);
}

bool uaccess_covers(va_t rip)
{
	(void)rip;
	return false;
}

bool uaccess_fixup_locked(struct regs *regs)
{
	(void)regs;
	return false;
}

bool uaccess_fixup(struct regs *regs)
{
	(void)regs;
	return false;
}

/* A program's access --------------------------------------------------------------------- */

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

/* The frame, if the CPU allows it; accessed and dirty bits set as it does. */
static struct page *hardware_access(struct space *space, va_t va, enum access access)
{
	struct cached walk;
	hardware_walk(&space->mm, va, &walk);
	if (!walk.frame[LEVEL_LEAF] || (access == ACCESS_WRITE && !walk.writable[LEVEL_LEAF]) ||
	    (access == ACCESS_FETCH && !walk.executable))
		return NULL;
	struct page *table = pa_page(space->mm.root);
	for (int level = LEVEL_ROOT; level >= LEVEL_LEAF; level--) {
		pte_t *entry = &table_entries(table)[level_index(va, level)];
		*entry |= PTE_A | (access == ACCESS_WRITE && level == LEVEL_LEAF ? PTE_D : 0);
		table = entry_page(*entry);
	}
	return table;
}

/* The first and last words of a page carry its value. */
static u64 frame_value(const struct page *page)
{
	const u64 *word = page_kva(page);
	if (word[0] != word[511])
		broken("frame %lu: copied or cleared in part", page_pfn(page));
	return word[0];
}

static void frame_set_value(struct page *page, u64 value)
{
	u64 *word = page_kva(page);
	word[0] = word[511] = value;
}

/* 0 and the page, or the signal that the program gets. */
static int program_access(struct space *space, va_t va, enum access access, struct page **page_out)
{
	static const u64 code[] = {0, FAULT_WRITE, FAULT_FETCH};
	struct regs regs = {.cs = 0x33};
	task.mm = &space->mm;
	task.process = &process;
	task.pid = &pid;
	for (int tries = 0; tries < 3; tries++) {
		*page_out = hardware_access(space, va, access);
		if (*page_out)
			return 0;
		forget_page(space, va);
		signalled.signal = 0;
		fault_page(&regs, va, FAULT_USER | code[access]);
		if (signalled.signal)
			return signalled.signal;
	}
	broken("%#lx faults again and again", va);
}

#endif
