/*
 * Address spaces: made, shared, forked, let go of. The memory itself is the
 * tree's matter (mm/tree.c); exec fills a new one (proc/exec.c).
 *
 * Entry points: mm_new, mm_fork, mm_get, mm_put, mm_next, mm_switch.
 * Locks: mm->lock while the tree is shared; users is atomic; mms_lock: the list of all.
 */
#include "mm/mm.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "fs/file.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/layout.h"
#include "mm/tree.h"
#include "proc/task.h"
#include "trace/trace.h"

static struct list all_mms = LIST_INIT(all_mms);
static struct spinlock mms_lock = SPINLOCK_INIT("mms_lock", RANK_MMS);

/* All but the layout, which the caller fills. */
static struct mm *mm_with_root(struct page *root)
{
	if (!root)
		return NULL;
	static _Atomic u64 last_number;
	struct mm *mm = heap_alloc(sizeof *mm);
	if (!mm) {
		tree_put(root);
		return NULL;
	}
	memset(mm, 0, offsetof(struct mm, layout));
	mm->users = 1;
	mm->number = ++last_number;
	mutex_init(&mm->lock, "mm", RANK_MM);
	mm->root = page_pa(root);
	mm->map_hint = MAP_AREA_END;
	mm->dumpable = true;
	spin_lock(&mms_lock);
	list_append(&all_mms, &mm->all_link);
	spin_unlock(&mms_lock);
	return mm;
}

struct mm *mm_new(void)
{
	struct mm *mm = mm_with_root(tree_new());
	if (mm)
		mm->layout = (struct mm_layout){0};
	return mm;
}

struct mm *mm_fork(struct mm *parent, va_t stack)
{
	mutex_lock(&parent->lock);
	if (trace_on(TRACE_TREE))
		trace_tree(parent, "fork-before");
	struct mm *child = mm_with_root(tree_share(parent, stack));
	if (child) {
		child->brk_start = parent->brk_start;
		child->brk = parent->brk;
		child->map_hint = parent->map_hint;
		child->layout = parent->layout;
		child->dumpable = parent->dumpable;
		child->locks = parent->locks ? LOCKS_STALE : LOCKS_NONE;
		child->peak_resident = pa_page(child->root)->resident;
		child->exe = parent->exe;
		if (child->exe)
			file_exec_get(child->exe);
		if (trace_on(TRACE_FAULT))
			trace_shares(parent, child, stack);
		if (trace_on(TRACE_TREE)) {
			trace_tree(parent, "fork-parent");
			trace_tree(child, "fork-child");
		}
	}
	mutex_unlock(&parent->lock);
	return child;
}

struct mm *mm_get(struct mm *mm)
{
	mm->users++;
	return mm;
}

/* A task that has exited leaves the root in its CPU's CR3: whoever comes next may have the same.
 * It does not sleep any more before that, so other CPUs are waited for. */
static void leave_everywhere(struct mm *mm)
{
	irq_off_push();
	if (this_cpu()->mm == mm)
		mm_switch(NULL);
	irq_off_pop();
	while (mm->loaded)
		cpu_relax();
}

void mm_put(struct mm *mm)
{
	if (--mm->users > 0)
		return;
	if (trace_on(TRACE_TREE))
		trace_tree(mm, "exit");
	leave_everywhere(mm);
	spin_lock(&mms_lock);
	list_remove(&mm->all_link);
	spin_unlock(&mms_lock);
	tree_put(pa_page(mm->root));
	if (mm->exe)
		file_exec_put(mm->exe);
	heap_free(mm);
}

/* One that is about to go has no users any more, and stays out. */
struct mm *mm_next(struct mm *mm)
{
	spin_lock(&mms_lock);
	struct list *at = mm ? mm->all_link.next : all_mms.next;
	struct mm *next = NULL;
	for (; at != &all_mms && !next; at = at->next) {
		struct mm *found = container_of(at, struct mm, all_link);
		u32 users = found->users;
		while (users && !next)
			if (__atomic_compare_exchange_n((u32 *)&found->users, &users, users + 1,
							false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
				next = found;
	}
	spin_unlock(&mms_lock);
	if (mm)
		mm_put(mm);
	return next;
}

void mm_switch(struct mm *mm)
{
	struct cpu *cpu = this_cpu();
	u32 bit = 1u << cpu->id;
	struct mm *old = cpu->mm;
	if (old == mm)
		return;
	if (mm)
		mm->loaded |= bit; /* from here on this CPU is asked to flush; a barrier too */
	cpu->mm = mm;
	mmu_load_root(mm ? mm->root : kernel_root);
	if (old)
		old->loaded &= ~bit;
}

struct mm *task_mm_get(struct task *task)
{
	spin_lock(&proc_lock);
	struct mm *mm = task->mm;
	if (mm)
		mm_get(mm);
	spin_unlock(&proc_lock);
	return mm;
}
