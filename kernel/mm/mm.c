/*
 * Address spaces: made, shared, forked, let go of. The memory itself is the
 * tree's matter (mm/tree.c); exec fills a new one (proc/exec.c).
 *
 * Entry points: mm_new, mm_fork, mm_get, mm_put, mm_switch.
 * Locks: mm->lock while the tree is shared; users is atomic.
 */
#include "mm/mm.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "fs/file.h"
#include "lib/panic.h"
#include "mm/heap.h"
#include "mm/layout.h"
#include "mm/tree.h"
#include "proc/task.h"

static struct mm *mm_with_root(struct page *root)
{
	if (!root)
		return NULL;
	static _Atomic u64 last_number;
	struct mm *mm = heap_zalloc(sizeof *mm);
	if (!mm) {
		tree_put(root);
		return NULL;
	}
	mm->users = 1;
	mm->number = ++last_number;
	mutex_init(&mm->lock, "mm", RANK_MM);
	mm->root = page_pa(root);
	mm->map_hint = MAP_AREA_END;
	mm->dumpable = true;
	return mm;
}

struct mm *mm_new(void)
{
	return mm_with_root(tree_new());
}

struct mm *mm_fork(struct mm *parent)
{
	mutex_lock(&parent->lock);
	struct mm *child = mm_with_root(tree_share(parent));
	if (child) {
		child->brk_start = parent->brk_start;
		child->brk = parent->brk;
		child->map_hint = parent->map_hint;
		child->layout = parent->layout;
		child->dumpable = parent->dumpable;
		child->peak_resident = pa_page(child->root)->resident;
		child->exe = parent->exe;
		if (child->exe)
			file_exec_get(child->exe);
	}
	mutex_unlock(&parent->lock);
	return child;
}

struct mm *mm_get(struct mm *mm)
{
	mm->users++;
	return mm;
}

void mm_put(struct mm *mm)
{
	if (--mm->users > 0)
		return;
	kassert(mm->loaded == 0);
	tree_put(pa_page(mm->root));
	if (mm->exe)
		file_exec_put(mm->exe);
	heap_free(mm);
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
