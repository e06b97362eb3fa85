/*
 * execve of fixed and position-independent programs made by hand: where they
 * are loaded, that data is loaded and bss is zero, that text is not writable.
 *
 * The program exits with data + bss, or with a flag when it could write text.
 * From execve(2), elf(5).
 */
#include "exec.h"

enum { DATA_VALUE = 50, DATA_AT = PAGE, BSS_AT = PAGE + 4, BSS_FAR_AT = 5 * PAGE };

static unsigned char file[2 * PAGE];

static void put32(unsigned char *at, long value)
{
	memcpy(at, &(int){ (int)value }, 4);
}

/* mov data(%rip), %edi; add bss(%rip), %edi; add far(%rip), %edi; exit */
static size_t sum_code(unsigned char *code, size_t at)
{
	static const unsigned char exit_code[] = { 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };

	code[0] = 0x8b, code[1] = 0x3d, put32(code + 2, DATA_AT - (long)(at + 6));
	code[6] = 0x03, code[7] = 0x3d, put32(code + 8, BSS_AT - (long)(at + 12));
	code[12] = 0x03, code[13] = 0x3d, put32(code + 14, BSS_FAR_AT - (long)(at + 18));
	memcpy(code + 18, exit_code, sizeof(exit_code));
	return 18 + sizeof(exit_code);
}

/* movb $1, code(%rip), then exit 42: a fault where text is read-only. */
static size_t write_text_code(unsigned char *code, size_t at)
{
	struct tiny tiny = tiny_make();

	(void)at;
	code[0] = 0xc6, code[1] = 0x05, put32(code + 2, -7), code[6] = 0xc6;
	memcpy(code + 7, tiny.code, sizeof(tiny.code));
	return 7 + sizeof(tiny.code);
}

static void run(const char *label, int type, uint64_t base, uint64_t align,
		size_t (*make_code)(unsigned char *, size_t))
{
	struct tiny tiny = tiny_make();
	size_t at = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);

	memset(file, 0, sizeof(file));
	tiny.header.e_type = type;
	tiny.header.e_phnum = 2;
	tiny.header.e_entry = base + at;
	tiny.segment[0].p_vaddr = base;
	tiny.segment[0].p_filesz = tiny.segment[0].p_memsz = PAGE;
	tiny.segment[0].p_align = align;
	tiny.segment[1] = tiny.segment[0];
	tiny.segment[1].p_flags = PF_R | PF_W;
	tiny.segment[1].p_offset = DATA_AT;
	tiny.segment[1].p_vaddr = base + DATA_AT;
	tiny.segment[1].p_filesz = 4;
	tiny.segment[1].p_memsz = 8 * PAGE;
	memcpy(file, &tiny.header, sizeof(tiny.header));
	memcpy(file + sizeof(tiny.header), tiny.segment, sizeof(tiny.segment));
	make_code(file + at, at);
	put32(file + DATA_AT, DATA_VALUE);
	/* In the file these bytes follow the data; in memory they are bss. */
	put32(file + BSS_AT, 7);
	make_file("pie.tmp", 0755, file, sizeof(file));
	report(label, run_file("./pie.tmp"));
	MUST(unlink("pie.tmp"));
}

int main(void)
{
	run("fixed", ET_EXEC, 0x400000, PAGE, sum_code);
	run("fixed, at 2 MiB", ET_EXEC, 0x200000, PAGE, sum_code);
	run("fixed, across a 2 MiB border", ET_EXEC, 0x5ff000, PAGE, sum_code);
	run("fixed, across a 1 GiB border", ET_EXEC, 0x3ffff000, PAGE, sum_code);
	run("fixed, across a 512 GiB border", ET_EXEC, 0x7ffffff000, PAGE, sum_code);
	run("position-independent from 0", ET_DYN, 0, PAGE, sum_code);
	run("position-independent from 64 KiB", ET_DYN, 0x10000, PAGE, sum_code);
	run("position-independent, aligned to 64 KiB", ET_DYN, 0, 0x10000, sum_code);
	run("fixed, writes its text", ET_EXEC, 0x400000, PAGE, write_text_code);
	run("position-independent, writes its text", ET_DYN, 0, PAGE, write_text_code);
	return 0;
}
