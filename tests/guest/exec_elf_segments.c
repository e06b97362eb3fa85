/*
 * execve of damaged ELF files: each field of the program headers out of range.
 *
 * Linux finds most of this after the old program is gone and can only kill;
 * "refused" is an errno or a kill. Some damage has no meaning that must be the
 * same everywhere: then only "survived" is printed, for the kernel.
 * From execve(2), elf(5).
 */
#include "exec.h"

static void report_survived(const char *label, struct outcome outcome)
{
	(void)outcome;
	say("%s: survived", label);
}

static void addresses(void)
{
	TINY(report_refused, "p_vaddr in the kernel half", segment->p_vaddr = 0xffffffff80000000);
	TINY(report_refused, "p_vaddr non-canonical", segment->p_vaddr = 0x0000800000000000);
	TINY(report_refused, "p_vaddr at the top", segment->p_vaddr = 0xfffffffffffff000);
	TINY(report_survived, "p_vaddr across the end of user space",
	     segment->p_vaddr = 0x00007fffffffe000, segment->p_memsz = 4 * PAGE);
	TINY(report_refused, "p_vaddr not as p_offset", segment->p_vaddr = TINY_BASE + 16);
	TINY(report_refused, "p_offset not as p_vaddr", segment->p_offset = 16);
	TINY(report_refused, "p_offset beyond the file", segment->p_offset = 64 * PAGE);
	TINY(report_refused, "p_offset 2^63", segment->p_offset = 1ULL << 63);
	TINY(report_refused, "p_offset -4096", segment->p_offset = -(uint64_t)PAGE);
	TINY(report_survived, "p_vaddr 0",
	     segment->p_vaddr = 0, header->e_entry = offsetof(struct tiny, code));
	TINY(report, "p_paddr does not matter", segment->p_paddr = -1ULL);
}

static void sizes(void)
{
	TINY(report_refused, "p_filesz over p_memsz", segment->p_filesz = segment->p_memsz + PAGE);
	TINY(report_refused, "p_memsz 0", segment->p_memsz = 0);
	TINY(report_refused, "p_memsz 2^47", segment->p_memsz = 1ULL << 47);
	TINY(report_refused, "p_memsz 2^63", segment->p_memsz = 1ULL << 63);
	TINY(report_refused, "p_memsz -1", segment->p_memsz = -1ULL);
	TINY(report_refused, "p_filesz -1", segment->p_filesz = -1ULL);
	TINY(report_refused, "both -1", segment->p_filesz = segment->p_memsz = -1ULL);
	TINY(report_refused, "both 2^63", segment->p_filesz = segment->p_memsz = 1ULL << 63);
	TINY(report_survived, "p_filesz beyond the file",
	     segment->p_filesz = segment->p_memsz = 8 * PAGE);
	TINY(report_survived, "p_filesz 0", segment->p_filesz = 0);
	TINY(report, "p_memsz over p_filesz",
	     segment->p_flags = PF_R | PF_W | PF_X, segment->p_memsz = 64 * PAGE);
}

static void flags_and_types(void)
{
	TINY(report_refused, "no flags", segment->p_flags = 0);
	TINY(report_refused, "not executable", segment->p_flags = PF_R | PF_W);
	TINY(report, "read, write and execute", segment->p_flags = PF_R | PF_W | PF_X);
	TINY(report, "unknown flags", segment->p_flags |= 0xfff00000);
	TINY(report_refused, "nothing to load", segment->p_type = PT_NULL);
	TINY(report_refused, "only a note", segment->p_type = PT_NOTE);
	TINY(report_survived, "p_align 3", segment->p_align = 3);
	TINY(report_survived, "p_align 2^63", segment->p_align = 1ULL << 63);
	TINY(report, "p_align 0", segment->p_align = 0);
	TINY(report, "p_align 1", segment->p_align = 1);
	TINY(report, "an unknown second segment",
	     header->e_phnum = 2, segment[1].p_type = 0x60001234, segment[1].p_vaddr = -1ULL);
	TINY(report, "a second, empty segment to load", header->e_phnum = 2,
	     segment[1] = segment[0], segment[1].p_vaddr += 16 * PAGE,
	     segment[1].p_filesz = segment[1].p_memsz = 0);
	TINY(report_survived, "the same segment twice",
	     header->e_phnum = 2, segment[1] = segment[0]);
	TINY(report_survived, "segments that overlap", header->e_phnum = 2,
	     segment[1] = segment[0], segment[1].p_memsz = 2 * PAGE,
	     segment[1].p_flags = PF_R | PF_W);
	TINY(report_survived, "segments in falling order", header->e_phnum = 2,
	     segment[1] = segment[0], segment[1].p_vaddr = TINY_BASE - 16 * PAGE);
	TINY(report_survived, "where the stack goes", header->e_phnum = 2,
	     segment[1] = segment[0], segment[1].p_vaddr = 0x00007fffffe1f000);
	TINY(report_survived, "all below where the stack goes", header->e_phnum = 2,
	     segment[1] = segment[0], segment[1].p_vaddr = 0x00007fff00000000,
	     segment[1].p_memsz = 0xffe20000);
	TINY(report_refused, "second segment in the kernel half", header->e_phnum = 2,
	     segment[1] = segment[0], segment[1].p_vaddr = 0xffff888000000000);
}

static void interpreter(void)
{
	TINY(report_refused, "interpreter name of length 0", header->e_phnum = 2,
	     segment[1].p_type = PT_INTERP);
	TINY(report_refused, "interpreter name too long", header->e_phnum = 2,
	     segment[1].p_type = PT_INTERP, segment[1].p_filesz = 5000);
	TINY(report_refused, "interpreter name beyond the file", header->e_phnum = 2,
	     segment[1].p_type = PT_INTERP, segment[1].p_filesz = 8,
	     segment[1].p_offset = 1 << 20);
	TINY(report_refused, "interpreter name without NUL", header->e_phnum = 2,
	     segment[1].p_type = PT_INTERP, segment[1].p_filesz = 4);
	TINY(report_refused, "interpreter is missing", header->e_phnum = 2,
	     segment[1].p_type = PT_INTERP, segment[1].p_filesz = 3,
	     segment[1].p_offset = offsetof(struct tiny, code) + 13,
	     memcpy(tiny.code + 13, "/?", 3));
}

int main(void)
{
	TINY(report, "whole", (void)0);
	addresses();
	sizes();
	flags_and_types();
	interpreter();
	TINY(report, "whole", (void)0);
	return 0;
}
