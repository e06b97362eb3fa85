/*
 * The page fault: where memory appears, and where sharing ends.
 *
 *	fault_page           decides whose fault it is
 *	  fault_resolve      finds the entry, checks what the program may do
 *	    fault_grow       nothing is there yet, but it may be: the stack grows
 *	    fault_untouched  reserved, to write: a new frame, or some
 *	    fault_zero       reserved, to read: the zero page
 *	    fault_file       reserved, of a file: the file's page, if it has one there
 *	    fault_write      a page with W clear somewhere on its walk
 *	      fault_reuse    nobody else has it: W is set
 *	      fault_copy     others have it: a copy of the page takes its place
 *
 * A fault inside copy_to_user and its like is resolved in the same way, and
 * what cannot be resolved becomes EFAULT there (mm/uaccess.c); for a program
 * it becomes SIGSEGV or SIGBUS. Frames are allocated before any page is entered,
 * so that running out of memory leaves the program's memory as it was.
 *
 * Locks: mm->lock. Source: Intel SDM vol. 3A, 4.7 (page-fault exceptions).
 */
#include "mm/fault.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/layout.h"
#include "mm/mapping.h"
#include "mm/tree.h"
#include "mm/uaccess_private.h"
#include "proc/process.h"
#include "trace/trace.h"

/* What comes of a fault: the rule that has resolved it, or why nothing can (trace_fault names them
 * all). */
enum fault_result {
	FAULT_SPURIOUS,	    /* mapped meanwhile by another thread, or a stale TLB entry */
	FAULT_UNTOUCHED,    /* a new frame */
	FAULT_ZERO,	    /* the zero page */
	FAULT_FILE,	    /* the file's page */
	FAULT_REUSE,	    /* the same page, which is ours alone */
	FAULT_COPY,	    /* a copy of the page */
	FAULT_GROW,	    /* the stack has grown, and then one of the above */
	FAULT_DONE = FAULT_GROW, /* up to here the access can be tried again */
	FAULT_NOT_MAPPED,   /* SIGSEGV, SEGV_MAPERR */
	FAULT_NOT_ALLOWED,  /* SIGSEGV, SEGV_ACCERR */
	FAULT_BEYOND_FILE,  /* SIGBUS, BUS_ADRERR */
	FAULT_NO_MEMORY,    /* SIGKILL */
};

static void count_fault(struct mm *mm)
{
	u64 resident = pa_page(mm->root)->resident;
	if (resident > mm->peak_resident)
		mm->peak_resident = resident;
	current->usage.minor_faults++;
}

/* The leaf for a page that nobody else has: the CPU may write it if the program may. */
static pte_t own_leaf(const struct page *page, pte_t entry)
{
	u64 prot = entry & PTE_PROT;
	return leaf_entry(page, prot, entry & PTE_KEEP) | (prot & PTE_WRITE ? PTE_W : 0);
}

enum {
	AHEAD_AFTER = 16, /* first touches in a row */
	AHEAD_PAGES = 16,
};

/*
 * How many pages the first touch of this one brings in. A program that has touched so many one
 * after the other will touch the next ones too: it gets the rest of their 64 KiB at once, because
 * half of what a page costs is the fault. Who touches here and there gets what he touches.
 */
static u32 touch_span(struct mm *mm, va_t va)
{
	mm->touched_in_row = va == mm->touched_up_to ? mm->touched_in_row + 1 : 0;
	if (mm->touched_in_row < AHEAD_AFTER || page_low())
		return 1;
	return AHEAD_PAGES - level_index(va, LEVEL_LEAF) % AHEAD_PAGES;
}

/* Memory that was promised by mmap or brk is written for the first time. */
static enum fault_result fault_untouched(struct mm *mm, struct path *path, pte_t entry)
{
	struct page *page[AHEAD_PAGES];
	u32 n = 0, span = touch_span(mm, path->va);
	if (tree_own(mm, path))
		return FAULT_NO_MEMORY;
	while (n < span && path->leaf[n] == entry && (page[n] = page_alloc_zeroed(PAGE_ANON)))
		n++;
	if (n == 0)
		return FAULT_NO_MEMORY;
	tree_fill_leaves(path, page, n, own_leaf(page[0], entry));
	mm->touched_up_to = path->va + n * PAGE_SIZE;
	return FAULT_UNTOUCHED;
}

/* It is read: all that is untouched is the one page of zeros. */
static enum fault_result fault_zero(struct mm *mm, struct path *path, pte_t entry)
{
	if (tree_own(mm, path))
		return FAULT_NO_MEMORY;
	tree_set_leaf(path, leaf_entry(zero_page, entry & PTE_PROT, entry & PTE_KEEP));
	return FAULT_ZERO;
}

/* A promise of a file's page is kept; a write to a private one then copies it. */
static enum fault_result fault_file(struct mm *mm, struct path *path, pte_t entry)
{
	struct page *page = mapping_page(entry, path->va);
	if (IS_ERR(page))
		return PTR_ERR(page) == -ENOMEM ? FAULT_NO_MEMORY : FAULT_BEYOND_FILE;
	if (tree_own(mm, path)) {
		page_put(page);
		return FAULT_NO_MEMORY;
	}
	tree_set_leaf(path, leaf_entry(page, entry & PTE_PROT, entry & PTE_KEEP));
	page_put(entry_page(entry));
	return FAULT_FILE;
}

/* The page has one reference, or is meant to be shared: no copy is needed. */
static enum fault_result fault_reuse(struct path *path)
{
	pte_t entry = *path->leaf;
	tree_set_leaf(path, entry & PTE_WRITE ? entry | PTE_W : entry);
	return FAULT_REUSE; /* more rights need no flush: SDM 4.10.4.3 */
}

/* Others can reach the page: this address space goes on with a copy. */
static enum fault_result fault_copy(struct mm *mm, struct path *path, struct page *copy)
{
	pte_t entry = *path->leaf;
	struct page *page = entry_page(entry);
	if (page == zero_page)
		page_clear(page_kva(copy));
	else
		page_copy(page_kva(copy), page_kva(page));
	if (page->owner) /* a file's page, or a copy of one */
		mapping_note_copy(copy, page);
	tree_set_leaf(path, own_leaf(copy, entry));
	mm->tree_changed = true;
	tlb_flush_page(mm, path->va);
	trace(page, mm->number, path->va, page_pfn(page), page_pfn(copy));
	page_put(page);
	return FAULT_COPY;
}

/*
 * A write to a page that the program may write, but not the CPU. If the leaf
 * table is shared, making the path our own adds a reference to the page: only
 * afterwards can be told whether it is ours alone.
 */
static enum fault_result fault_write(struct mm *mm, struct path *path)
{
	if (tree_own(mm, path))
		return FAULT_NO_MEMORY;
	if (page_is_own(*path->leaf))
		return fault_reuse(path);
	struct page *copy = page_alloc(PAGE_ANON);
	if (!copy)
		return FAULT_NO_MEMORY; /* the path is ours now, which changes no memory */
	return fault_copy(mm, path, copy);
}

static bool access_allowed(pte_t entry, u64 error_code)
{
	if (error_code & FAULT_WRITE)
		return entry & PTE_WRITE;
	if (error_code & FAULT_FETCH)
		return entry & PTE_EXEC;
	return entry & PTE_PROT; /* x86 can read whatever it can write or execute */
}

/* The stack's new bottom, if its limit allows and other mappings keep away. */
static bool grow_stack_to(struct mm *mm, va_t va)
{
	struct mm_layout *layout = &mm->layout;
	pte_t lowest = tree_lookup(mm, layout->stack_bottom, NULL);
	pte_t entry = reserved_entry(lowest ? lowest & PTE_PROT : PTE_READ | PTE_WRITE);
	va_t used;
	if (layout->stack_top - va > task_rlimit(current, RLIMIT_STACK) ||
	    tree_over_limit(mm, layout->stack_bottom - va) ||
	    tree_last_used(mm, va - STACK_GUARD_GAP, layout->stack_bottom, &used) ||
	    tree_reserve(mm, va, layout->stack_bottom, entry))
		return false;
	layout->stack_bottom = va;
	return true;
}

/* Below the stack: it grows, by a whole step if it may. */
static bool grow_stack(struct mm *mm, va_t va)
{
	if (va < MAP_AREA_END || va >= mm->layout.stack_bottom)
		return false;
	return grow_stack_to(mm, va & ~(STACK_STEP - 1)) || grow_stack_to(mm, va);
}

static enum fault_result fault_resolve(struct mm *mm, va_t va, u64 error_code);

/* Nothing is there. If the stack may grow, what it promises now is kept in the usual way. */
__attribute__((noinline)) static enum fault_result fault_grow(struct mm *mm, va_t va,
							      u64 error_code)
{
	if (!grow_stack(mm, va))
		return FAULT_NOT_MAPPED;
	enum fault_result result = fault_resolve(mm, va, error_code);
	return result <= FAULT_DONE ? FAULT_GROW : result;
}

static enum fault_result fault_resolve(struct mm *mm, va_t va, u64 error_code)
{
	bool write = error_code & FAULT_WRITE;
	struct path path;
	pte_t entry = tree_find(mm, va, &path);
	if (!entry)
		return fault_grow(mm, va, error_code);
	if (!access_allowed(entry, error_code))
		return FAULT_NOT_ALLOWED;
	if (entry_is_mapping(entry)) {
		enum fault_result result = fault_file(mm, &path, entry);
		if (result > FAULT_DONE || !write || (entry & PTE_SHARED))
			return result;
	} else if (entry_is_reserved(entry)) {
		return write ? fault_untouched(mm, &path, entry) : fault_zero(mm, &path, entry);
	}
	if (write)
		return fault_write(mm, &path);
	return FAULT_SPURIOUS;
}

int fault_touch(struct mm *mm, va_t va, bool write)
{
	enum fault_result result = fault_resolve(mm, va & PAGE_MASK, write ? FAULT_WRITE : 0);
	if (result == FAULT_NO_MEMORY)
		return -ENOMEM;
	return result <= FAULT_DONE ? 0 : -EFAULT;
}

void *mm_own_page(struct mm *mm, va_t va)
{
	struct path path;
	pte_t entry = tree_find(mm, va & PAGE_MASK, &path);
	kassert(entry); /* the caller has mapped it */
	enum fault_result result = FAULT_DONE;
	if (entry_is_mapping(entry))
		result = fault_file(mm, &path, entry);
	if (result <= FAULT_DONE)
		result = entry_is_plain(entry) ? fault_untouched(mm, &path, entry)
					       : fault_write(mm, &path);
	return result <= FAULT_DONE ? page_kva(entry_page(*path.leaf)) : NULL;
}

static void fault_signal(enum fault_result result, va_t va)
{
	switch (result) {
	case FAULT_NOT_MAPPED:
		signal_fault(SIGSEGV, SEGV_MAPERR, va);
		break;
	case FAULT_NOT_ALLOWED:
		signal_fault(SIGSEGV, SEGV_ACCERR, va);
		break;
	case FAULT_BEYOND_FILE:
		signal_fault(SIGBUS, BUS_ADRERR, va);
		break;
	case FAULT_NO_MEMORY:
		if (current->process == init_process && process_kill_largest())
			break;
		kprintf("out of memory: %s (pid %d) is killed\n", current->name,
			task_tgid(current));
		signal_kill_current();
		break;
	default:
		break;
	}
}

/* In an event, and in docs/memory.md. */
__cold static void trace_fault(struct mm *mm, va_t va, u64 error_code, va_t ip,
			       enum fault_result result)
{
	static const char rules[][sizeof "untouched"] = {
		"spurious", "untouched", "zero", "file", "reuse", "copy", "grow",
		"segv", "access", "bus", "oom",
	};
	trace(fault, va, error_code, ip, (u64)rules[result]);
	if (mm && trace_on(TRACE_TREE))
		trace_tree_fault(mm);
}

/* What cannot be resolved: a signal for a program, EFAULT in a copy to or from one. */
__attribute__((noinline)) static void fault_failed(struct regs *regs, enum fault_result result,
						   va_t va, u64 error_code)
{
	if (!regs_from_user(regs)) {
		uaccess_fixup(regs);
		return;
	}
	if (va >= USER_END)
		error_code |= FAULT_PRESENT; /* whether the kernel has a page there or not */
	current->fault = (struct fault_regs){FAULT_VECTOR, error_code, va};
	fault_signal(result, va);
}

/* A page fault that only a bug of the kernel can cause, in words (SDM vol. 3A 4.7). */
__attribute__((cold, noreturn)) static void fault_panic(const struct regs *regs, va_t va,
							 u64 error_code)
{
	const char *access = error_code & FAULT_FETCH ? "jump to" :
			     error_code & FAULT_WRITE ? "write to" : "read of";
	const char *why = error_code & FAULT_RESERVED_BIT ? "a page table has a reserved bit set" :
			  error_code & FAULT_PRESENT ? "the page does not allow that" :
			  va < PAGE_SIZE ? "a null pointer" : "nothing is mapped there";

	panic_regs(regs, "page fault, %s %#lx: %s (error code %#lx: %s, %s%s, %s mode)", access, va,
		   why, error_code, error_code & FAULT_PRESENT ? "present" : "not present",
		   error_code & FAULT_WRITE ? "write" : "read",
		   error_code & FAULT_FETCH ? " of an instruction" : "",
		   error_code & FAULT_USER ? "user" : "kernel");
}

void fault_page(struct regs *regs, va_t va, u64 error_code)
{
	if (error_code & FAULT_RESERVED_BIT)
		fault_panic(regs, va, error_code);
	if (!regs_from_user(regs)) {
		if (!uaccess_covers(regs->rip))
			fault_panic(regs, va, error_code);
		if (uaccess_fixup_locked(regs))
			return;
	}
	enum fault_result result = FAULT_NOT_MAPPED;
	struct mm *mm = current->mm;
	if (va < USER_END && mm) {
		mutex_lock(&mm->lock);
		result = fault_resolve(mm, va & PAGE_MASK, error_code);
		count_fault(mm);
		mutex_unlock(&mm->lock);
	}
	if (trace_on(TRACE_FAULT | TRACE_TREE))
		trace_fault(mm, va, error_code, regs->rip, result);
	if (result > FAULT_DONE)
		fault_failed(regs, result, va, error_code);
}
