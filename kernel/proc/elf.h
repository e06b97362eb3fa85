/*
 * Reading the headers of an ELF64 program. Pure: touches nothing but its
 * arguments, so that a host test can feed it damaged files.
 *
 * Sources: psABI ch. 4 and 5, elf(5); what is refused follows Linux's
 * fs/binfmt_elf.c, except that all of it is checked before anything is built.
 */
#ifndef PROC_ELF_H
#define PROC_ELF_H

#include "arch/pte.h"
#include "lib/types.h"

enum { ELF_MAX_SEGMENTS = 32, ELF_MAX_PHDR_BYTES = 4096 };

struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_phdr {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_segment { /* PT_LOAD; addresses as in the file */
	va_t va;
	u64 offset, file_bytes, mem_bytes;
	u64 prot; /* PTE_READ | PTE_WRITE | PTE_EXEC */
};

struct elf_image {
	bool pie;	  /* ET_DYN: may be moved as a whole */
	va_t entry;
	va_t phdr_va;	  /* where the program headers are in memory, 0 if they are not */
	u16 phnum;
	va_t low, high;	  /* the span of all segments, page-aligned */
	/* The name of the interpreter (PT_INTERP), with its NUL; 0 bytes if there is none. */
	u64 interpreter_offset, interpreter_bytes;
	u32 nsegments;
	struct elf_segment segment[ELF_MAX_SEGMENTS];
};

/* The first bytes of a file say that it is ELF. */
bool elf_is_elf(const void *start, size_t n);

/* Checks the file header; *phdr_bytes_out: how many bytes at header->phoff to read next.
 * 0 or -ENOEXEC. */
int elf_check_header(const struct elf_header *header, size_t *phdr_bytes_out);

/* Checks the program headers against the file's size and fills the image. 0, -ENOEXEC. */
int elf_read_image(const struct elf_header *header, const struct elf_phdr *phdrs, u64 file_bytes,
		   struct elf_image *out);

#endif
