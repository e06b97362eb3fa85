/*
 * execve of damaged ELF files: each field of the file header out of range,
 * and files cut short.
 *
 * The image is made by hand and exits 42 when it is whole. Where Linux finds
 * the damage only after the old program is gone, an errno and a kill by a
 * signal are both "refused". From execve(2), elf(5).
 */
#include "exec.h"

static void magic(void)
{
	for (int i = 0; i < 4; i++) {
		struct tiny tiny = tiny_make();
		char label[32];

		tiny.header.e_ident[i] ^= 0x20;
		snprintf(label, sizeof(label), "magic byte %d", i);
		report(label, tiny_run(&tiny, sizeof(tiny)));
	}
}

static void fields(void)
{
	TINY(report, "e_type ET_NONE", header->e_type = ET_NONE);
	TINY(report, "e_type ET_REL", header->e_type = ET_REL);
	TINY(report, "e_type ET_CORE", header->e_type = ET_CORE);
	TINY(report, "e_type 5", header->e_type = 5);
	TINY(report, "e_type 0xffff", header->e_type = 0xffff);
	TINY(report, "e_machine 0", header->e_machine = 0);
	TINY(report, "e_machine EM_ARM", header->e_machine = EM_ARM);
	TINY(report, "e_machine EM_AARCH64", header->e_machine = EM_AARCH64);
	TINY(report, "e_machine 0xffff", header->e_machine = 0xffff);
	TINY(report, "e_phentsize 0", header->e_phentsize = 0);
	TINY(report, "e_phentsize 55", header->e_phentsize = sizeof(Elf64_Phdr) - 1);
	TINY(report, "e_phentsize 57", header->e_phentsize = sizeof(Elf64_Phdr) + 1);
	TINY(report, "e_phentsize 0xffff", header->e_phentsize = 0xffff);
	TINY(report, "e_phnum 0", header->e_phnum = 0);
	TINY(report, "e_phnum beyond the file", header->e_phnum = 1000);
	TINY(report, "e_phnum over 64 KiB", header->e_phnum = 1171);
	TINY(report, "e_phnum 0xffff", header->e_phnum = 0xffff);
	TINY(report, "e_phoff at the end", header->e_phoff = sizeof(tiny));
	TINY(report, "e_phoff just before the end", header->e_phoff = sizeof(tiny) - 1);
	TINY(report, "e_phoff 2^40", header->e_phoff = 1ULL << 40);
	TINY(report, "e_phoff 2^63 - 1", header->e_phoff = INT64_MAX);
	TINY(report, "e_phoff 2^63", header->e_phoff = 1ULL << 63);
	TINY(report, "e_phoff -1", header->e_phoff = -1ULL);
	TINY(report_refused, "e_phoff 0", header->e_phoff = 0);
	TINY(report_refused, "e_entry 0", header->e_entry = 0);
	TINY(report_refused, "e_entry not mapped", header->e_entry = TINY_BASE + 16 * PAGE);
	TINY(report_refused, "e_entry in the kernel half", header->e_entry = 0xffffffff80000000);
	TINY(report_refused, "e_entry at the end of user space",
	     header->e_entry = 0x00007ffffffff000);
	TINY(report_refused, "e_entry non-canonical", header->e_entry = 0x0000800000000000);
	TINY(report_refused, "e_entry -1", header->e_entry = -1ULL);
	TINY(report, "e_shoff -1 does not matter", header->e_shoff = -1ULL);
	TINY(report, "e_shnum and e_shentsize do not matter",
	     header->e_shnum = 0xffff, header->e_shentsize = 1, header->e_shstrndx = 0xfff0);
	TINY(report, "e_ehsize does not matter", header->e_ehsize = 0);
	TINY(report, "e_flags do not matter", header->e_flags = -1U);
}

/* Linux does not look at these at all. */
static void not_looked_at(void)
{
	TINY(report, "class 32", header->e_ident[EI_CLASS] = ELFCLASS32);
	TINY(report, "class 9", header->e_ident[EI_CLASS] = 9);
	TINY(report, "big-endian", header->e_ident[EI_DATA] = ELFDATA2MSB);
	TINY(report, "identification version 9", header->e_ident[EI_VERSION] = 9);
	TINY(report, "OS ABI 255", header->e_ident[EI_OSABI] = 255);
	TINY(report, "e_version 9", header->e_version = 9);
}

static void cut_short(void)
{
	static const size_t lengths[] = { 0, 1, 3, 4, 16, 52, 63, 64, 65, 119 };
	struct tiny tiny = tiny_make();
	char label[32];

	for (size_t i = 0; i < COUNT(lengths); i++) {
		snprintf(label, sizeof(label), "first %zu bytes", lengths[i]);
		report(label, tiny_run(&tiny, lengths[i]));
	}
}

int main(void)
{
	TINY(report, "whole", (void)0);
	magic();
	fields();
	not_looked_at();
	cut_short();
	TINY(report, "whole", (void)0);
	return 0;
}
