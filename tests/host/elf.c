/*
 * The ELF reader (kernel/proc/elf.c): good programs, each field out of range,
 * and 100,000 damaged ones. What is accepted must be what exec.c relies on;
 * what is refused is compared with the same rules written down plainly, in
 * arithmetic that does not wrap. The program headers lie in an exact
 * allocation, so that ASan sees a read beyond them.
 * sources: kernel/proc/elf.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/errno.h"
#include "mm/layout.h"
#include "proc/elf.h"

enum { ET_REL = 1, ET_EXEC = 2, ET_DYN = 3, ET_CORE = 4, EM_386 = 3, EM_X86_64 = 62 };
enum { PT_NULL = 0, PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };
enum { NPHDRS = 5, TEXT = 1, DATA = 2, BSS = 3, FILE_BYTES = 0x5800, MUTANTS = 100000 };

typedef unsigned __int128 wide;

struct program {
	struct elf_header header;
	struct elf_phdr phdr[NPHDRS];
	u64 file_bytes;
};

/* Program headers, text, data with a tail of zeros, and one segment of zeros only. */
static struct program good(u16 type)
{
	u64 base = type == ET_DYN ? 0 : 0x400000;
	struct program p = {
		.header = {.ident = "\177ELF\2\1\1", .type = type, .machine = EM_X86_64, .version = 1,
			   .entry = base + 0x1200, .phoff = 64, .ehsize = 64, .phentsize = 56,
			   .phnum = NPHDRS},
		.phdr = {{PT_PHDR, PF_R, 64, base + 64, base + 64, NPHDRS * 56, NPHDRS * 56, 8},
			 {PT_LOAD, PF_R | PF_X, 0, base, base, 0x3456, 0x3456, PAGE_SIZE},
			 {PT_LOAD, PF_R | PF_W, 0x3e10, base + 0x4e10, base + 0x4e10, 0x800, 0x2000,
			  PAGE_SIZE},
			 {PT_LOAD, PF_R, 0x1000, base + 0x9000, base + 0x9000, 0, 0x1000, PAGE_SIZE},
			 {0x6474e551, PF_R | PF_W, 0, 0, 0, 0, 0, 16}}, /* PT_GNU_STACK */
		.file_bytes = FILE_BYTES,
	};
	return p;
}

static int read_program(const struct program *p, struct elf_image *image)
{
	size_t bytes = 0;
	int error = elf_check_header(&p->header, &bytes);
	if (error)
		return error;
	assert_int_equal(bytes, p->header.phnum * sizeof(struct elf_phdr));
	assert_true(bytes > 0 && bytes <= ELF_MAX_PHDR_BYTES);
	char *phdrs = calloc(1, bytes); /* those beyond ours are PT_NULL */
	memcpy(phdrs, p->phdr, bytes < sizeof p->phdr ? bytes : sizeof p->phdr);
	error = elf_read_image(&p->header, (struct elf_phdr *)phdrs, p->file_bytes, image);
	free(phdrs);
	return error;
}

static bool accepted(const struct program *p)
{
	struct elf_image image;
	int error = read_program(p, &image);
	assert_true(error == 0 || error == -ENOEXEC);
	return error == 0;
}

/* Good programs ------------------------------------------------------------------------------ */

static void reads_a_fixed_program(void **state)
{
	struct program p = good(ET_EXEC);
	struct elf_image image;
	(void)state;
	assert_int_equal(read_program(&p, &image), 0);
	assert_false(image.pie);
	assert_int_equal(image.interpreter_bytes, 0);
	assert_int_equal(image.entry, 0x401200);
	assert_int_equal(image.phdr_va, 0x400040);
	assert_int_equal(image.phnum, NPHDRS);
	assert_int_equal(image.low, 0x400000);
	assert_int_equal(image.high, 0x40a000);
	assert_int_equal(image.nsegments, 3);
	const struct elf_segment *data = &image.segment[1];
	assert_int_equal(data->va, 0x404e10);
	assert_int_equal(data->offset, 0x3e10);
	assert_int_equal(data->file_bytes, 0x800);
	assert_int_equal(data->mem_bytes, 0x2000);
	assert_int_equal(data->prot, PTE_READ | PTE_WRITE);
	assert_int_equal(image.segment[0].prot, PTE_READ | PTE_EXEC);
	assert_int_equal(image.segment[2].prot, PTE_READ);
}

static void reads_a_pie(void **state)
{
	struct program p = good(ET_DYN);
	struct elf_image image;
	(void)state;
	p.phdr[0].type = PT_INTERP;
	assert_int_equal(read_program(&p, &image), 0);
	assert_true(image.pie);
	assert_int_equal(image.interpreter_offset, p.phdr[0].offset);
	assert_int_equal(image.interpreter_bytes, p.phdr[0].filesz);
	assert_int_equal(image.low, 0);
	assert_int_equal(image.high, 0xa000);
	assert_int_equal(image.entry, 0x1200);
	assert_int_equal(image.phdr_va, 64);
}

static void finds_program_headers_only_in_memory(void **state)
{
	struct program p = good(ET_EXEC);
	struct elf_image image;
	(void)state;
	p.header.phoff = 0x3455; /* the text's last byte */
	assert_int_equal(read_program(&p, &image), 0);
	assert_int_equal(image.phdr_va, 0x403455);
	p.header.phoff = 0x3456;
	assert_int_equal(read_program(&p, &image), 0);
	assert_int_equal(image.phdr_va, 0);
	p.header.phoff = UINT64_MAX;
	assert_int_equal(read_program(&p, &image), 0);
	assert_int_equal(image.phdr_va, 0);
}

static void takes_what_linux_does_not_look_at(void **state)
{
	struct program p = good(ET_EXEC);
	(void)state;
	memset(p.header.ident + 4, 0xff, sizeof p.header.ident - 4);
	p.header.version = p.header.flags = UINT32_MAX;
	p.header.shoff = UINT64_MAX;
	p.header.ehsize = p.header.shentsize = p.header.shnum = p.header.shstrndx = UINT16_MAX;
	for (int i = 0; i < NPHDRS; i++)
		p.phdr[i].paddr = UINT64_MAX;
	assert_true(accepted(&p));
}

static void knows_elf_by_its_magic(void **state)
{
	(void)state;
	assert_true(elf_is_elf("\177ELF", 4));
	assert_false(elf_is_elf("\177ELF", 3));
	assert_false(elf_is_elf("", 0));
	assert_false(elf_is_elf("#!/b", 4));
}

/* One field out of range --------------------------------------------------------------------- */

#define REFUSED(type, assignment)                                                   \
	do {                                                                        \
		struct program p = good(type);                                      \
		p.assignment;                                                       \
		if (accepted(&p))                                                   \
			fail_msg("line %d: accepted with %s", __LINE__, #assignment); \
	} while (0)

static void refuses_bad_headers(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		REFUSED(ET_EXEC, header.ident[i] ^= 1);
	REFUSED(ET_EXEC, header.type = ET_REL);
	REFUSED(ET_EXEC, header.type = ET_CORE);
	REFUSED(ET_EXEC, header.type = 0);
	REFUSED(ET_EXEC, header.machine = EM_386);
	REFUSED(ET_EXEC, header.phentsize = 55);
	REFUSED(ET_EXEC, header.phentsize = 57);
	REFUSED(ET_EXEC, header.phentsize = 0);
	REFUSED(ET_EXEC, header.phnum = 0);
	REFUSED(ET_EXEC, header.phnum = 1); /* no PT_LOAD among them */
	REFUSED(ET_EXEC, header.phnum = ELF_MAX_PHDR_BYTES / 56 + 1);
	REFUSED(ET_EXEC, header.phnum = UINT16_MAX);
	REFUSED(ET_EXEC, header.entry = USER_END);
	REFUSED(ET_DYN, header.entry = UINT64_MAX);
}

static void refuses_bad_segments(void **state)
{
	(void)state;
	REFUSED(ET_EXEC, phdr[DATA].filesz = 0x2001);		/* more in the file than in memory */
	REFUSED(ET_EXEC, phdr[DATA].filesz = UINT64_MAX);
	REFUSED(ET_EXEC, phdr[DATA].memsz = UINT64_MAX);	/* wraps */
	REFUSED(ET_EXEC, phdr[BSS].memsz = USER_END);
	REFUSED(ET_EXEC, phdr[BSS].memsz = 0 - 0x409000ull);
	REFUSED(ET_EXEC, phdr[BSS].vaddr = USER_END);
	REFUSED(ET_EXEC, phdr[BSS].vaddr = 0 - 0x1000ull);
	REFUSED(ET_EXEC, phdr[BSS].vaddr = 0xffff800000000000);
	REFUSED(ET_EXEC, phdr[BSS].vaddr = 0x409001);		/* not where the file has it */
	REFUSED(ET_EXEC, phdr[TEXT].vaddr = 0xf000);		/* below vm.mmap_min_addr */
	REFUSED(ET_EXEC, phdr[DATA].offset = FILE_BYTES - 0x7f0);/* beyond the file's end */
	REFUSED(ET_EXEC, phdr[DATA].offset = UINT64_MAX - 0x1ef);
	REFUSED(ET_EXEC, phdr[DATA].offset = 0 - 0x11f0ull);
	REFUSED(ET_EXEC, phdr[DATA].offset = 0x3e11);
	REFUSED(ET_EXEC, file_bytes = 0x460f);			/* cut by one byte */
	REFUSED(ET_EXEC, file_bytes = 0);
	REFUSED(ET_DYN, phdr[BSS].vaddr = USER_END);
}

static void takes_segments_up_to_the_edge(void **state)
{
	struct program p = good(ET_EXEC);
	(void)state;
	p.phdr[BSS].vaddr = USER_END - 0x1000;
	assert_true(accepted(&p));
	p = good(ET_EXEC);
	p.phdr[BSS].memsz = USER_END - 0x409000;
	assert_true(accepted(&p));
	p = good(ET_EXEC);
	p.phdr[DATA].vaddr = 0x402e10; /* over the text */
	assert_true(accepted(&p));
	p = good(ET_EXEC);
	p.phdr[DATA].vaddr = 0x3f0e10; /* before it */
	assert_true(accepted(&p));
	p = good(ET_EXEC);
	p.file_bytes = 0x4610;
	assert_true(accepted(&p));
	p = good(ET_EXEC);
	p.phdr[TEXT].memsz = p.phdr[TEXT].filesz = 0; /* an empty one is passed over */
	p.phdr[TEXT].vaddr = UINT64_MAX;
	assert_true(accepted(&p));
}

static void refuses_more_segments_than_it_has_room_for(void **state)
{
	enum { MANY = ELF_MAX_SEGMENTS + 1 };
	struct elf_phdr *phdrs = calloc(MANY, sizeof *phdrs);
	struct elf_header header = good(ET_EXEC).header;
	struct elf_image image;
	(void)state;
	for (u64 i = 0; i < MANY; i++)
		phdrs[i] = (struct elf_phdr){.type = PT_LOAD, .flags = PF_R, .memsz = 1,
					     .vaddr = 0x400000 + i * PAGE_SIZE};
	header.phnum = MANY;
	assert_int_equal(elf_read_image(&header, phdrs, FILE_BYTES, &image), -ENOEXEC);
	header.phnum = MANY - 1;
	assert_int_equal(elf_read_image(&header, phdrs, FILE_BYTES, &image), 0);
	assert_int_equal(image.nsegments, ELF_MAX_SEGMENTS);
	free(phdrs);
}

/* Many fields out of range ------------------------------------------------------------------- */

static u64 rng_state;

static u64 rnd(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dull;
}

static u64 odd_value(u64 old)
{
	static const u64 values[] = {
		0, 1, 56, 0xfff, 0x1000, 0x10000, 0x400000, FILE_BYTES, USER_END, MAP_AREA_END,
		PIE_BASE, 1ull << 31, 1ull << 32, 1ull << 47, 1ull << 63, UINT64_MAX, 0 - 0x1000ull,
	};
	static const u64 deltas[] = {1, 0x10, 0x1000, 0x2000, 0x100000, 0 - 1ull, 0 - 0x1000ull,
				     0 - 0x2000ull};
	u64 delta = deltas[rnd() % ARRAY_SIZE(deltas)];
	switch (rnd() % 5) {
	case 0:
		return rnd();
	case 1:
		return rnd() >> (rnd() % 64);
	case 2:
		return values[rnd() % ARRAY_SIZE(values)];
	case 3:
		return values[rnd() % ARRAY_SIZE(values)] + delta;
	default:
		return old + delta;
	}
}

/* One byte anywhere, or one field of a program header, the entry, phoff or the file's size. */
static void damage(struct program *p)
{
	u64 *const header_field[] = {&p->header.entry, &p->header.phoff, &p->file_bytes};
	struct elf_phdr *phdr = &p->phdr[rnd() % NPHDRS];
	u64 *const phdr_field[] = {&phdr->offset, &phdr->vaddr, &phdr->filesz, &phdr->memsz};
	u64 *field;
	switch (rnd() % 8) {
	case 0:
		((u8 *)p)[rnd() % offsetof(struct program, file_bytes)] = rnd();
		return;
	case 1:
		phdr->type = rnd() % 8;
		return;
	case 2:
		*phdr = p->phdr[rnd() % NPHDRS];
		return;
	case 3:
		field = header_field[rnd() % ARRAY_SIZE(header_field)];
		break;
	default:
		field = phdr_field[rnd() % ARRAY_SIZE(phdr_field)];
		break;
	}
	*field = odd_value(*field);
}

/* What must hold of an image for exec.c to build an address space from it. */
static void check_image(const struct program *p, const struct elf_image *image)
{
	wide lowest = image->pie ? 0 : MAP_AREA_START, low = USER_END, high = 0;
	assert_true(image->nsegments > 0 && image->nsegments <= ELF_MAX_SEGMENTS);
	assert_int_equal(image->pie, p->header.type == ET_DYN);
	assert_true(image->entry < USER_END);
	for (u32 i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segment[i];
		assert_true(s->mem_bytes > 0 && s->file_bytes <= s->mem_bytes);
		assert_true((wide)s->offset + s->file_bytes <= p->file_bytes);
		assert_int_equal(s->va % PAGE_SIZE, s->offset % PAGE_SIZE);
		wide start = s->va / PAGE_SIZE * PAGE_SIZE;
		wide end = ((wide)s->va + s->mem_bytes + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
		assert_true(start >= lowest && end <= USER_END);
		low = start < low ? start : low;
		high = end > high ? end : high;
		assert_int_equal(s->prot & ~(u64)PTE_PROT, 0);
		assert_true(!(s->prot & PTE_WRITE) || (s->prot & PTE_READ));
	}
	assert_true(image->low == low && image->high == high);
	assert_true(image->interpreter_bytes <= 4096 && image->interpreter_bytes != 1);
	assert_true(image->phdr_va < USER_END);
}

static bool phdr_fits(const struct program *p, const struct elf_phdr *phdr, wide lowest)
{
	return phdr->filesz <= phdr->memsz && phdr->vaddr / PAGE_SIZE * PAGE_SIZE >= lowest &&
	       (wide)phdr->vaddr + phdr->memsz <= USER_END &&
	       (wide)phdr->offset + phdr->filesz <= p->file_bytes &&
	       phdr->vaddr % PAGE_SIZE == phdr->offset % PAGE_SIZE;
}

/* The rules of proc/elf.h, plainly. */
static bool is_good(const struct program *p)
{
	const struct elf_header *h = &p->header;
	wide lowest = h->type == ET_DYN ? 0 : MAP_AREA_START;
	bool has_interpreter = false;
	u32 nloads = 0;
	if (memcmp(h->ident, "\177ELF", 4) || (h->type != ET_EXEC && h->type != ET_DYN) ||
	    h->machine != EM_X86_64 || h->phentsize != 56 || h->phnum == 0 ||
	    h->phnum * 56 > ELF_MAX_PHDR_BYTES || h->entry >= USER_END)
		return false;
	for (u32 i = 0; i < h->phnum && i < NPHDRS; i++) {
		const struct elf_phdr *phdr = &p->phdr[i];
		if (phdr->type == PT_INTERP && !has_interpreter) {
			has_interpreter = true;
			if (phdr->filesz < 2 || phdr->filesz > 4096 || phdr->offset > INT64_MAX)
				return false;
		}
		if (phdr->type != PT_LOAD || phdr->memsz == 0)
			continue;
		if (!phdr_fits(p, phdr, lowest))
			return false;
		nloads++;
	}
	return nloads > 0;
}

static void survives_damage(void **state)
{
	int naccepted = 0;
	(void)state;
	rng_state = 1;
	for (int i = 0; i < MUTANTS; i++) {
		struct program p = good(rnd() % 2 ? ET_EXEC : ET_DYN);
		struct elf_image image;
		for (u64 n = 1 + rnd() % 3; n > 0; n--)
			damage(&p);
		int error = read_program(&p, &image);
		if (error != (is_good(&p) ? 0 : -ENOEXEC))
			fail_msg("mutant %d: answer %d", i, error);
		if (!error)
			check_image(&p, &image);
		naccepted += !error;
	}
	assert_in_range(naccepted, MUTANTS / 10, MUTANTS * 9 / 10); /* both kinds are many */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_fixed_program),
		cmocka_unit_test(reads_a_pie),
		cmocka_unit_test(finds_program_headers_only_in_memory),
		cmocka_unit_test(takes_what_linux_does_not_look_at),
		cmocka_unit_test(knows_elf_by_its_magic),
		cmocka_unit_test(refuses_bad_headers),
		cmocka_unit_test(refuses_bad_segments),
		cmocka_unit_test(takes_segments_up_to_the_edge),
		cmocka_unit_test(refuses_more_segments_than_it_has_room_for),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
