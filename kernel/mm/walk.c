/*
 * Reading a tree: regions for /proc/PID/maps, entries for pagemap, figures for
 * status, bytes for cmdline. Nothing here changes a table.
 *
 * Entry points: mm_next_region, mm_region_usage, mm_lookup, mm_common_page, mm_usage, mm_read.
 * Lock: mm->lock.
 */
#include "mm/walk.h"
#include "fs/inode.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/mapping.h"
#include "mm/tree.h"
#include "proc/sched.h"

static struct region entry_region(va_t va, u64 span, pte_t entry)
{
	struct region region = {
		.start = va,
		.end = va + span,
		.prot = entry & PTE_PROT,
		.shared = entry & PTE_SHARED,
	};
	u64 index = 0;
	region.inode = mapping_of_entry(entry, va, &index); /* to be compared: not counted */
	region.offset_bytes = index << PAGE_SHIFT;
	return region;
}

/* Does `next` go on where `region` ends, in every respect? */
static bool continues(const struct region *region, const struct region *next)
{
	if (region->end != next->start || region->prot != next->prot ||
	    region->shared != next->shared || region->inode != next->inode)
		return false;
	u64 len_bytes = region->end - region->start;
	return !region->inode || region->offset_bytes + len_bytes == next->offset_bytes;
}

bool mm_next_region(struct mm *mm, va_t va, struct region *out)
{
	pte_t entry;
	u64 span;
	mutex_lock(&mm->lock);
	bool found = tree_next_used(mm, &va, &entry, &span);
	if (found) {
		const struct page *first = entry_page(entry);
		*out = entry_region(va, span, entry);
		while (out->end < USER_END) {
			entry = tree_lookup(mm, out->end, &span);
			struct region next = entry_region(out->end, span, entry);
			if (!entry || !continues(out, &next))
				break;
			out->end += span;
		}
		out->end = MIN(out->end, USER_END);
		if (out->inode)
			out->inode = inode_of_page(first);
	}
	mutex_unlock(&mm->lock);
	return found;
}

void mm_region_usage(struct mm *mm, const struct region *region, struct region_usage *out)
{
	u64 span;
	*out = (struct region_usage){0};
	mutex_lock(&mm->lock);
	for (va_t va = region->start; va < region->end; va = ROUND_DOWN(va, span) + span) {
		const struct page *table = pa_page(mm->root);
		u64 holders = page_refs(table); /* each more of a table on the way is one more */
		pte_t entry = table_entries(table)[level_index(va, table->level)];
		for (; entry_is_table(entry, table->level);
		     entry = table_entries(table)[level_index(va, table->level)]) {
			table = entry_page(entry);
			holders += page_refs(table) - 1;
		}
		span = level_span(table->level);
		if (!entry_is_page(entry, table->level) || entry_page(entry) == zero_page)
			continue;
		bool anon = entry_page(entry)->kind != PAGE_FILE; /* a file holds its own */
		holders += page_refs(entry_page(entry)) - (anon ? 1 : 2);
		out->resident++;
		out->anon += anon;
		out->shared += holders > 1;
		out->share_bytes += PAGE_SIZE / MAX(holders, 1ul);
		if ((entry & PTE_LOCKED) && mm->locks == LOCKS_OWN)
			out->locked_bytes += PAGE_SIZE / MAX(holders, 1ul);
		if (level_index(va, LEVEL_LEAF) == 0)
			sched_point();
	}
	mutex_unlock(&mm->lock);
}

pte_t mm_lookup(struct mm *mm, va_t va)
{
	mutex_lock(&mm->lock);
	pte_t entry = tree_lookup(mm, va, NULL);
	mutex_unlock(&mm->lock);
	return entry;
}

struct page *mm_common_page(struct mm *mm, va_t va, bool write)
{
	struct page *page = NULL;
	mutex_lock(&mm->lock);
	pte_t entry = tree_lookup(mm, va, NULL);
	if (entry_is_mapping(entry) && fault_touch(mm, va, false) == 0)
		entry = tree_lookup(mm, va, NULL);
	bool writable = entry & PTE_WRITE, shared = entry & PTE_SHARED;
	if (!(entry & (PTE_READ | PTE_WRITE)) || entry_is_mapping(entry) || (write && !writable))
		page = ERR_PTR(-EFAULT);
	else if (writable && !shared)
		page = NULL;
	else if (entry_is_reserved(entry) || (!shared && entry_page(entry)->kind != PAGE_FILE))
		page = ERR_PTR(-EFAULT); /* nobody could ever change it */
	else
		page_get(page = entry_page(entry));
	mutex_unlock(&mm->lock);
	return page;
}

static void count_entry(pte_t entry, int level, struct mm_usage *out)
{
	u64 n = level_span(level) >> PAGE_SHIFT;
	if ((entry & PTE_WRITE) && !(entry & PTE_SHARED))
		out->data_pages += n;
	if ((entry & PTE_EXEC) && !(entry & PTE_WRITE))
		out->exec_pages += n;
	if (entry & PTE_LOCKED)
		out->locked_pages += n;
	out->file_pages += entry_is_page(entry, level) && entry_page(entry)->kind == PAGE_FILE;
}

static void count_table(const struct page *table, struct mm_usage *out)
{
	int level = table->level;
	out->table_pages++;
	for (unsigned i = 0; i < table_length(level); i++) {
		pte_t entry = table_entries(table)[i];
		if (entry_is_table(entry, level))
			count_table(entry_page(entry), out); /* by level: four deep */
		else if (entry)
			count_entry(entry, level, out);
	}
	sched_point();
}

void mm_usage(struct mm *mm, struct mm_usage *out)
{
	*out = (struct mm_usage){0};
	mutex_lock(&mm->lock);
	const struct page *root = pa_page(mm->root);
	count_table(root, out);
	if (mm->locks != LOCKS_OWN)
		out->locked_pages = 0;
	out->mapped_pages = root->mapped;
	out->resident_pages = root->resident;
	out->peak_pages = MAX(mm->peak_resident, root->resident);
	out->peak_mapped_pages = MAX(mm->peak_mapped, root->mapped);
	mutex_unlock(&mm->lock);
}

size_t mm_read(struct mm *mm, va_t va, void *buf, size_t n)
{
	size_t done = 0;
	mutex_lock(&mm->lock);
	while (done < n && va + done < USER_END) {
		va_t at = va + done;
		size_t chunk = MIN(n - done, PAGE_SIZE - (at & ~PAGE_MASK));
		pte_t entry = tree_lookup(mm, at, NULL);
		if (!entry)
			break;
		if (entry_is_reserved(entry))
			memset((char *)buf + done, 0, chunk);
		else
			memcpy((char *)buf + done,
			       (char *)page_kva(entry_page(entry)) + (at & ~PAGE_MASK), chunk);
		done += chunk;
	}
	mutex_unlock(&mm->lock);
	return done;
}
