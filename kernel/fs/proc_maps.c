/*
 * /proc/PID/maps, smaps and pagemap, /proc/kpagecount: the tree as programs see it.
 * Formats: proc(5), and Linux's Documentation/admin-guide/mm/pagemap.rst.
 */
#include "arch/cpu.h"
#include "fs/path.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "mm/walk.h"
#include "proc/sched.h"
#include "proc/task.h"

enum { ENTRY_SIZE = 8, NAME_COLUMN = 73 };
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_FILE (1ull << 61)

static const char *region_name(const struct mm *mm, const struct region *r, char *path)
{
	if (r->inode)
		return inode_path(r->inode, path, PATH_MAX) ? path : "/dev/zero (deleted)";
	if (r->start < mm->brk && r->end > mm->brk_start)
		return "[heap]";
	if (r->start < mm->layout.stack_top && r->end >= mm->layout.stack_top)
		return "[stack]";
	return "";
}

static void show_region(struct text *text, const struct mm *mm, const struct region *r, char *path)
{
	u64 dev = r->inode ? r->inode->super->dev : 0;
	const char *name = region_name(mm, r, path);
	size_t start = text->len;
	text_printf(text, "%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu ", r->start, r->end,
		    r->prot & PTE_READ ? 'r' : '-', r->prot & PTE_WRITE ? 'w' : '-',
		    r->prot & PTE_EXEC ? 'x' : '-', r->shared ? 's' : 'p', r->offset_bytes,
		    dev >> 8, dev & 0xff, r->inode ? r->inode->number : 0);
	int pad = NAME_COLUMN - (int)(text->len - start);
	text_printf(text, "%*s%s\n", *name ? MAX(pad, 0) : 0, "", name);
}

static void show_usage(struct text *text, struct mm *mm, const struct region *r)
{
	struct region_usage u;
	mm_region_usage(mm, r, &u);
	u64 own = u.resident - u.shared;
	const struct {
		const char *name;
		u64 kib;
	} rows[] = { /* all files are in memory only, so all pages are dirty, as tmpfs's */
		{"Size", (r->end - r->start) / KIB}, {"KernelPageSize", 4}, {"MMUPageSize", 4},
		{"Rss", u.resident * 4}, {"Pss", u.share_bytes / KIB},
		{"Pss_Dirty", u.share_bytes / KIB}, {"Shared_Clean", 0},
		{"Shared_Dirty", u.shared * 4}, {"Private_Clean", 0}, {"Private_Dirty", own * 4},
		{"Referenced", u.resident * 4}, {"Anonymous", u.anon * 4}, {"Swap", 0},
		{"SwapPss", 0}, {"Locked", u.locked_bytes / KIB},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int pad = 22 - (int)strlen(rows[i].name);
		text_printf(text, "%s:%*lu kB\n", rows[i].name, pad, rows[i].kib);
	}
	text_printf(text, "VmFlags:%s%s%s%s mr mw me %s\n", r->prot & PTE_READ ? " rd" : "",
		    r->prot & PTE_WRITE ? " wr" : "", r->prot & PTE_EXEC ? " ex" : "",
		    r->shared ? " sh" : "", u.locked_bytes ? "lo " : "");
}

/* In parts: text->next is the address to go on from. */
static int show_regions(struct text *text, const struct proc_node *node, bool usage)
{
	struct region region = {.end = text->next};
	struct mm *mm = proc_mm(node);
	text->next = 0;
	if (!mm)
		return 0;
	char *path = path_get_kernel("");
	if (IS_ERR(path)) {
		mm_put(mm);
		return PTR_ERR(path);
	}
	while (!text->next && !text->err && mm_next_region(mm, region.end, &region)) {
		show_region(text, mm, &region, path);
		if (usage)
			show_usage(text, mm, &region);
		if (region.inode)
			inode_put(region.inode);
		if (text->len > TEXT_PART)
			text->next = region.end;
		sched_point();
	}
	path_free(path);
	mm_put(mm);
	return 0;
}

int proc_show_maps(struct text *text, const struct proc_node *node)
{
	return show_regions(text, node, false);
}

int proc_show_smaps(struct text *text, const struct proc_node *node)
{
	return show_regions(text, node, true);
}

static u64 pagemap_entry(struct mm *mm, u64 vpn)
{
	if (vpn >= USER_END >> PAGE_SHIFT)
		return 0;
	pte_t pte = mm_lookup(mm, vpn << PAGE_SHIFT);
	if (!(pte & (PTE_P | PTE_FRAME)))
		return 0;
	struct page *page = pa_page(pte & PTE_ADDR);
	u64 pfn = current->creds.fsuid == 0 ? page_pfn(page) : 0;
	return PAGEMAP_PRESENT | pfn | (page->kind == PAGE_FILE ? PAGEMAP_FILE : 0);
}

/* How many leaf entries point to a frame; the file's own reference is not one. */
static u64 kpagecount_entry(struct mm *mm, u64 pfn)
{
	struct page *page = &pages[pfn];
	(void)mm;
	if (page->kind == PAGE_ANON)
		return page_refs(page);
	return page->kind == PAGE_FILE ? page_refs(page) - 1 : 0;
}

/* Files of 8-byte entries; offset and length are whole entries. limit: how many there are. */
static ssize_t read_entries(u64 (*entry)(struct mm *mm, u64 index), struct mm *mm, u64 limit,
			    void __user *buf, size_t n, off_t *offset)
{
	size_t done = 0;
	if (*offset % ENTRY_SIZE || n % ENTRY_SIZE)
		return -EINVAL;
	while (done < n && (u64)*offset / ENTRY_SIZE < limit) {
		u64 value[64];
		size_t count = 0;
		u64 first = *offset / ENTRY_SIZE;
		while (count < ARRAY_SIZE(value) && done + count * ENTRY_SIZE < n &&
		       first + count < limit) {
			value[count] = entry(mm, first + count);
			count++;
		}
		if (copy_to_user((char __user *)buf + done, value, count * ENTRY_SIZE))
			return done ? (ssize_t)done : -EFAULT;
		done += count * ENTRY_SIZE;
		*offset += count * ENTRY_SIZE;
		sched_point();
	}
	return done;
}

static ssize_t pagemap_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	const struct proc_node *node = proc_node_of(file->inode);
	int err = proc_may_look(node);
	struct mm *mm = err ? NULL : proc_mm(node);
	if (!mm)
		return err == -ESRCH ? 0 : err;
	ssize_t done = read_entries(pagemap_entry, mm, USER_END >> PAGE_SHIFT, buf, n, offset);
	mm_put(mm);
	return done;
}

static int pagemap_open(struct file *file)
{
	return proc_may_look(proc_node_of(file->inode));
}

static ssize_t kpagecount_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	(void)file;
	return read_entries(kpagecount_entry, NULL, npages, buf, n, offset);
}

const struct file_ops pagemap_ops = {
	.seekable = true, .open = pagemap_open, .read = pagemap_read,
};
const struct file_ops kpagecount_ops = {.seekable = true, .read = kpagecount_read};
