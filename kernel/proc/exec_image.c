/*
 * Reading and mapping of ELF files for exec (proc/exec_image.h).
 *
 * Segments are the file's own pages, mapped copy-on-write: no text is copied
 * (mm/mapping.c), and all processes that run a program share it; so they do with
 * the libraries that the dynamic linker maps. Nothing here is seen by others
 * before exec commits: any failure is an errno for the caller of execve.
 *
 * Lock: mm->lock.
 * Sources: elf(5), execve(2), psABI 3.4.1 and 5.1; errors as in Linux's
 * fs/binfmt_elf.c.
 */
#include "proc/exec_image.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/heap.h"
#include "mm/layout.h"
#include "mm/mapping.h"
#include "mm/tree.h"

void image_close(struct image *image)
{
	if (image->file)
		file_exec_put(image->file);
	image->file = NULL;
}

/* All of it, or an error: -EIO if the file ends before. */
static int read_whole(struct file *file, void *to, size_t n, u64 offset)
{
	ssize_t got = file_read_kernel(file, to, n, offset);
	return got < 0 ? got : (size_t)got < n ? -EIO : 0;
}

int image_read(struct image *image, const void *head, size_t head_len)
{
	struct elf_header header;
	size_t phdr_bytes;
	if (head_len < sizeof header)
		return -ENOEXEC;
	memcpy(&header, head, sizeof header);
	if (elf_check_header(&header, &phdr_bytes) || header.phoff > INT64_MAX)
		return -ENOEXEC;
	struct elf_phdr *phdrs = heap_alloc(phdr_bytes);
	if (!phdrs)
		return -ENOMEM;
	int error = -ENOEXEC;
	if (!read_whole(image->file, phdrs, phdr_bytes, header.phoff))
		error = elf_read_image(&header, phdrs, image->file->inode->size_bytes,
				       &image->elf);
	heap_free(phdrs);
	if (!error && image->elf.pie &&
	    image->elf.high - image->elf.low > MAP_AREA_END - PIE_BASE)
		return -ENOMEM;
	return error;
}

int image_open_linker(const struct image *program, struct image *linker)
{
	size_t n = program->elf.interpreter_bytes;
	if (n == 0)
		return 0;
	char *path = heap_alloc(n);
	if (!path)
		return -ENOMEM;
	struct file *file = NULL;
	int error = read_whole(program->file, path, n, program->elf.interpreter_offset);
	if (!error && path[n - 1])
		error = -ENOEXEC;
	if (!error) {
		file = file_open_exec(AT_FDCWD, path);
		error = IS_ERR(file) ? PTR_ERR(file) : 0;
	}
	heap_free(path);
	if (error)
		return error;

	u8 head[sizeof(struct elf_header)];
	linker->file = file;
	error = read_whole(file, head, sizeof head, 0);
	if (!error)
		error = image_read(linker, head, sizeof head);
	return error == -ENOEXEC ? -ELIBBAD : error;
}

static va_t segment_end(const struct image *image, const struct elf_segment *s)
{
	return ROUND_UP(s->va + image->bias + s->mem_bytes, PAGE_SIZE);
}

/* One PT_LOAD: pages of the file, then zeros to the end of the last one, then untouched memory. */
static int map_segment(struct mm *mm, const struct image *image, const struct elf_segment *s)
{
	va_t start = s->va + image->bias, first = start & PAGE_MASK;
	va_t file_end = start + s->file_bytes;
	va_t file_pages_end = s->file_bytes ? ROUND_UP(file_end, PAGE_SIZE) : first;
	int error = mapping_enter(mm, first, (file_pages_end - first) >> PAGE_SHIFT, s->prot, 0,
				  image->file->inode, s->offset >> PAGE_SHIFT);
	if (error || s->mem_bytes == s->file_bytes)
		return error;
	error = tree_reserve(mm, file_pages_end, segment_end(image, s), reserved_entry(s->prot));
	if (error || file_pages_end <= file_end)
		return error;
	/* To the end of the page, beyond the bss: ld.so takes its first memory from there. */
	char *page = mm_own_page(mm, file_end);
	if (!page)
		return -ENOMEM;
	memset(page + (file_end & ~PAGE_MASK), 0, file_pages_end - file_end);
	return 0;
}

/* From mapped_end on nothing is mapped yet where they go. */
static int map_segments(struct mm *mm, const struct image *image, va_t mapped_end)
{
	int error = 0;
	mutex_lock(&mm->lock);
	for (u32 i = 0; i < image->elf.nsegments && !error; i++) {
		const struct elf_segment *s = &image->elf.segment[i];
		va_t first = (s->va + image->bias) & PAGE_MASK, end = segment_end(image, s);
		if (first < mapped_end) /* it may lie over an earlier one, and then counts */
			error = tree_unmap(mm, first, end);
		if (!error)
			error = map_segment(mm, image, s);
		mapped_end = MAX(mapped_end, end);
	}
	mutex_unlock(&mm->lock);
	return error;
}

static void note_layout(struct mm *mm, const struct image *image)
{
	struct mm_layout *layout = &mm->layout;
	for (u32 i = 0; i < image->elf.nsegments; i++) {
		const struct elf_segment *s = &image->elf.segment[i];
		va_t start = s->va + image->bias, end = start + s->file_bytes;
		if (s->prot & PTE_EXEC) {
			layout->code_start = start;
			layout->code_end = end;
		} else if (s->prot & PTE_WRITE) {
			layout->data_start = start;
			layout->data_end = end;
		}
	}
	mm->brk_start = mm->brk = image->elf.high + image->bias;
}

int image_map_program(struct mm *mm, struct image *program)
{
	program->bias = program->elf.pie ? PIE_BASE - program->elf.low : 0;
	note_layout(mm, program);
	return map_segments(mm, program, 0);
}

int image_map_linker(struct mm *mm, struct image *linker)
{
	linker->bias = 0;
	if (linker->elf.pie) {
		mutex_lock(&mm->lock);
		va_t gap = tree_find_gap(mm, linker->elf.high - linker->elf.low);
		mutex_unlock(&mm->lock);
		if (!gap)
			return -ENOMEM;
		mm->map_hint = gap;
		linker->bias = gap - linker->elf.low;
	}
	return map_segments(mm, linker, linker->elf.pie ? 0 : USER_END);
}
