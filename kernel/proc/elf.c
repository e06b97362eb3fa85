/*
 * The ELF reader (proc/elf.h). Every field that can lead outside of the file or
 * of the user half is checked here, once; exec.c then believes the image.
 * LINUX-DIFF: all is ENOEXEC, in time; Linux kills for some after its point of no return.
 */
#include "proc/elf.h"
#include "lib/errno.h"
#include "lib/string.h"

enum { ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

enum { INTERPRETER_MAX = 4096 }; /* PATH_MAX */

#define LOWEST_VA 0x10000ull /* vm.mmap_min_addr */

_Static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr");
_Static_assert(sizeof(struct elf_phdr) == 56, "Elf64_Phdr");

bool elf_is_elf(const void *start, size_t n)
{
	return n >= 4 && memcmp(start, "\177ELF", 4) == 0;
}

int elf_check_header(const struct elf_header *header, size_t *phdr_bytes_out)
{
	if (!elf_is_elf(header->ident, sizeof header->ident))
		return -ENOEXEC;
	if (header->type != ET_EXEC && header->type != ET_DYN)
		return -ENOEXEC;
	if (header->machine != EM_X86_64)
		return -ENOEXEC;
	if (header->phentsize != sizeof(struct elf_phdr) || header->phnum == 0)
		return -ENOEXEC;
	*phdr_bytes_out = header->phnum * sizeof(struct elf_phdr);
	return *phdr_bytes_out > ELF_MAX_PHDR_BYTES ? -ENOEXEC : 0;
}

static u64 prot_of(u32 flags)
{
	u64 prot = 0;
	if (flags & PF_R)
		prot |= PTE_READ;
	if (flags & PF_W)
		prot |= PTE_WRITE | PTE_READ;
	if (flags & PF_X)
		prot |= PTE_EXEC;
	return prot;
}

static bool segment_ok(const struct elf_phdr *phdr, u64 file_bytes, va_t lowest)
{
	if (phdr->filesz > phdr->memsz)
		return false;
	if (phdr->memsz > USER_END || phdr->vaddr > USER_END - phdr->memsz || phdr->vaddr < lowest)
		return false;
	if (phdr->offset > file_bytes || phdr->filesz > file_bytes - phdr->offset)
		return false;
	return (phdr->vaddr & ~PAGE_MASK) == (phdr->offset & ~PAGE_MASK);
}

static int add_segment(struct elf_image *out, const struct elf_phdr *phdr, u64 file_bytes)
{
	if (phdr->memsz == 0)
		return 0;
	if (out->nsegments == ELF_MAX_SEGMENTS ||
	    !segment_ok(phdr, file_bytes, out->pie ? 0 : LOWEST_VA))
		return -ENOEXEC;
	out->segment[out->nsegments++] = (struct elf_segment){
		.va = phdr->vaddr,
		.offset = phdr->offset,
		.file_bytes = phdr->filesz,
		.mem_bytes = phdr->memsz,
		.prot = prot_of(phdr->flags),
	};
	/* In any order, and a later one may lie over an earlier: as Linux. */
	va_t start = phdr->vaddr & PAGE_MASK;
	va_t end = ROUND_UP(phdr->vaddr + phdr->memsz, PAGE_SIZE);
	out->low = out->nsegments == 1 ? start : MIN(out->low, start);
	out->high = MAX(out->high, end);
	return 0;
}

/* The first one counts. */
static int note_interpreter(struct elf_image *out, const struct elf_phdr *phdr)
{
	if (out->interpreter_bytes)
		return 0;
	if (phdr->filesz < 2 || phdr->filesz > INTERPRETER_MAX || phdr->offset > INT64_MAX)
		return -ENOEXEC;
	out->interpreter_offset = phdr->offset;
	out->interpreter_bytes = phdr->filesz;
	return 0;
}

/* The program headers lie in the segment whose part of the file holds them. */
static va_t find_phdrs(const struct elf_header *header, const struct elf_image *image)
{
	for (u32 i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		if (header->phoff >= s->offset && header->phoff < s->offset + s->file_bytes)
			return s->va + (header->phoff - s->offset);
	}
	return 0;
}

int elf_read_image(const struct elf_header *header, const struct elf_phdr *phdrs, u64 file_bytes,
		   struct elf_image *out)
{
	memset(out, 0, offsetof(struct elf_image, segment));
	out->pie = header->type == ET_DYN;
	out->entry = header->entry;
	out->phnum = header->phnum;
	for (u16 i = 0; i < header->phnum; i++) {
		int error = 0;
		if (phdrs[i].type == PT_INTERP)
			error = note_interpreter(out, &phdrs[i]);
		else if (phdrs[i].type == PT_LOAD)
			error = add_segment(out, &phdrs[i], file_bytes);
		if (error)
			return error;
	}
	if (out->nsegments == 0 || out->entry >= USER_END)
		return -ENOEXEC;
	out->phdr_va = find_phdrs(header, out);
	return 0;
}
