/*
 * QEMU's side of tools/profile: a TCG plugin that counts how often each instruction of the guest
 * is executed. It knows addresses only; tools/profile gives it a plan and names what it counted.
 *
 * The plan (DIR/plan) names instructions at which something begins or ends, one a line: what,
 * address, and which of DIR's files holds the page of code they must lie in (- for the kernel's,
 * whose addresses are unique):
 *
 *   start, stop   what lies between is counted; without start all is
 *   from, to      of that, once, what lies between is also traced; `to user` is the first
 *                 instruction in user mode after `from`
 *   nth           has a number in the address's place: from which time on that `from` is met
 *
 * Out: DIR/counts, lines of text: `page N BYTES`, `insn NUMBER ADDRESS COUNT PAGE KIND`,
 * `call FROM TO COUNT`; DIR/trace, for each instruction traced its number and, if it is a call or
 * a return, the address of the stack it used (bits 3 to 34), which tells stacks apart.
 *
 * Needs -icount, under which one thread runs all CPUs: nothing here is locked. The prototypes are
 * those of QEMU's plugin API (docs/devel/tcg-plugins.rst), as far as it is the same from version 1
 * (QEMU 7.2, with which this is tested) to those of QEMU 9 and later: Debian's packages have no
 * qemu-plugin.h.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, MEM_READ_WRITE = 3 };	/* 7.2 misses reads if asked for them alone */

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
	void (*call)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
	void (*call)(unsigned cpu, void *data), int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
	void (*call)(unsigned cpu, uint32_t info, uint64_t va, void *data), int flags, int access,
	void *data);

int qemu_plugin_version = PLUGIN_API;

enum { PAGE = 4096, BUCKETS = 1 << 16, CPUS = 256, TRACE_MAX = 40 * 1000 * 1000 };
enum kind { OTHER, CALL, RET };
enum { STOP, TO, START, FROM, TRIGGERS };	/* in this order: what ends comes first */
enum { KERNEL = 0 };	/* the number of the page that all kernel code is said to be in */

struct page {		/* of code in user space, as it was when it was translated */
	const uint8_t *at;	/* where QEMU has it: stands for the physical address */
	uint8_t bytes[PAGE];
	bool written;
};

struct call {
	struct insn *to;
	uint64_t count;
	struct call *next;
};

struct insn {
	uint64_t va, count;
	uint32_t number, page;
	enum kind kind;
	unsigned triggers;	/* a bit for each of triggers[] that it sets off */
	struct call *calls;
	struct insn *next;	/* in its bucket */
};

static struct trigger {
	const char *name;
	bool set, any_user;
	uint64_t va;
	uint8_t *page;		/* NULL: the kernel's */
} triggers[TRIGGERS] = {
	[STOP] = { .name = "stop" },
	[TO] = { .name = "to" },
	[START] = { .name = "start" },
	[FROM] = { .name = "from" },
};

static struct page **pages;
static uint32_t npages = 1, ninsns;
static struct insn *buckets[BUCKETS];
static struct insn *last_call[CPUS];

static const char *dir;
static bool counting, tracing;
static unsigned long nth = 1;
static FILE *trace_file;
static struct { uint32_t number, stack; } traced;	/* not written yet: its stack may follow */
static bool have_traced;
static uint64_t trace_room = TRACE_MAX;

static void die(const char *what, const char *name)
{
	fprintf(stderr, "plugin: %s %s\n", what, name);
	exit(1);
}

static void *zeroed(size_t bytes)
{
	void *p = calloc(1, bytes);
	if (!p)
		die("out of memory for", "the counts");
	return p;
}

static FILE *open_in_dir(const char *name, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, mode);
	if (!file)
		die("cannot open", path);
	return file;
}

/* ---- What comes out -------------------------------------------------------------------------- */

static void trace_flush(void)
{
	if (have_traced)
		fwrite(&traced, sizeof(traced), 1, trace_file);
	have_traced = false;
}

static void write_insn(FILE *out, const struct insn *insn)
{
	fprintf(out, "insn %" PRIu32 " %#" PRIx64 " %" PRIu64 " %" PRIu32 " %d\n", insn->number,
		insn->va, insn->count, insn->page, insn->kind);
	for (struct call *call = insn->calls; call; call = call->next)
		fprintf(out, "call %" PRIu32 " %" PRIu32 " %" PRIu64 "\n", insn->number,
			call->to->number, call->count);
	if (insn->page == KERNEL || pages[insn->page]->written)
		return;
	pages[insn->page]->written = true;
	fprintf(out, "page %" PRIu32 " ", insn->page);
	for (unsigned b = 0; b < PAGE; b++)
		fprintf(out, "%02x", pages[insn->page]->bytes[b]);
	putc('\n', out);
}

/* At once when all is counted: QEMU may be killed before it could call us at its exit. */
static void write_counts(void)
{
	FILE *out = open_in_dir("counts", "w");

	for (unsigned b = 0; b < BUCKETS; b++)
		for (struct insn *insn = buckets[b]; insn; insn = insn->next)
			if (insn->count)
				write_insn(out, insn);
	trace_flush();
	fclose(trace_file);
	fprintf(out, "end %d\n", trace_room == 0);
	fclose(out);
}

/* ---- What is executed ------------------------------------------------------------------------ */

static void pull(unsigned which)
{
	if (which == STOP && counting) {
		counting = tracing = false;
		write_counts();
	} else if (which == TO && tracing) {
		tracing = false;
		triggers[FROM].set = false; /* once is enough */
	} else if (which == START) {
		counting = triggers[START].set;
		triggers[START].set = false;
	} else if (which == FROM && counting && triggers[FROM].set && !tracing && !--nth) {
		tracing = true;
	}
}

static void count_call(struct insn *from, struct insn *to)
{
	struct call *call = from->calls;

	while (call && call->to != to)
		call = call->next;
	if (!call) {
		call = zeroed(sizeof(*call));
		*call = (struct call){ .to = to, .next = from->calls };
		from->calls = call;
	}
	call->count++;
}

static void on_insn(unsigned cpu, void *data)
{
	struct insn *insn = data;

	if (insn->triggers)
		for (unsigned i = 0; i < TRIGGERS; i++)
			if (insn->triggers & (1u << i))
				pull(i);
	if (tracing && triggers[TO].any_user && insn->page != KERNEL)
		pull(TO);
	if (!counting)
		return;
	insn->count++;
	if (last_call[cpu]) {
		count_call(last_call[cpu], insn);
		last_call[cpu] = NULL;
	}
	if (insn->kind == CALL)
		last_call[cpu] = insn;
	if (tracing && trace_room) {
		trace_flush();
		traced.number = insn->number;
		traced.stack = 0;
		have_traced = true;
		trace_room--;
	}
}

/* The last access counts: call *(pointer) reads that first. */
static void on_stack(unsigned cpu, uint32_t info, uint64_t va, void *data)
{
	struct insn *insn = data;

	(void)cpu;
	(void)info;
	if (have_traced && traced.number == insn->number)
		traced.stack = (uint32_t)(va >> 3);
}

/* ---- What is translated ---------------------------------------------------------------------- */

/* The number of the page that an instruction of user code lies in. */
static uint32_t find_page(uint64_t va, const uint8_t *at)
{
	if (va >> 63)
		return KERNEL;
	at -= (uintptr_t)at & (PAGE - 1);
	for (uint32_t i = npages - 1; i > 0; i--)
		if (pages[i]->at == at && memcmp(pages[i]->bytes, at, PAGE) == 0)
			return i;
	pages = realloc(pages, (npages + 1) * sizeof(*pages));
	if (!pages)
		die("out of memory for", "pages");
	pages[npages] = zeroed(sizeof(struct page));
	pages[npages]->at = at;
	memcpy(pages[npages]->bytes, at, PAGE);
	return npages++;
}

static enum kind find_kind(const uint8_t *at, size_t size)
{
	/* Prefixes: REX, bnd and rep, notrack, cs. No call or return ends on another page before
	 * its opcode: the bytes of one page are all that may be read here. */
	while (size > 1 && ((*at & 0xf0) == 0x40 || *at == 0xf2 || *at == 0xf3 || *at == 0x3e ||
			    *at == 0x2e)) {
		at++;
		size--;
		if (((uintptr_t)at & (PAGE - 1)) == 0)
			return OTHER;
	}
	if (*at == 0xe8)
		return CALL;
	if (*at == 0xc3 || *at == 0xc2)
		return RET;
	if (*at == 0xff && ((uintptr_t)(at + 1) & (PAGE - 1)) != 0 && ((at[1] >> 3) & 7) == 2)
		return CALL;
	return OTHER;
}

static unsigned find_triggers(const struct insn *insn)
{
	unsigned set = 0;

	for (unsigned i = 0; i < TRIGGERS; i++) {
		const struct trigger *t = &triggers[i];
		const uint8_t *page = insn->page == KERNEL ? NULL : pages[insn->page]->bytes;

		if (t->set && !t->any_user && t->va == insn->va && !t->page == !page &&
		    (!page || memcmp(t->page, page, PAGE) == 0))
			set |= 1u << i;
	}
	return set;
}

static struct insn *find_insn(uint64_t va, const uint8_t *at, size_t size)
{
	uint32_t page = find_page(va, at);
	struct insn **bucket = &buckets[(va ^ va >> 16) % BUCKETS];

	for (struct insn *insn = *bucket; insn; insn = insn->next)
		if (insn->va == va && insn->page == page)
			return insn;
	struct insn *insn = zeroed(sizeof(*insn));
	*insn = (struct insn){ .va = va, .page = page, .number = ninsns++, .next = *bucket,
			       .kind = find_kind(at, size) };
	insn->triggers = find_triggers(insn);
	*bucket = insn;
	return insn;
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *q = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *at = qemu_plugin_insn_haddr(q);

		if (!at)
			continue; /* code in no RAM: firmware */
		struct insn *insn = find_insn(qemu_plugin_insn_vaddr(q), at, qemu_plugin_insn_size(q));
		qemu_plugin_register_vcpu_insn_exec_cb(q, on_insn, NO_REGISTERS, insn);
		if (insn->kind == CALL || insn->kind == RET)
			qemu_plugin_register_vcpu_mem_cb(q, on_stack, NO_REGISTERS, MEM_READ_WRITE,
				insn);
	}
}

/* ---- The plan ------------------------------------------------------------------------------ */

static void read_plan(void)
{
	FILE *plan = open_in_dir("plan", "r");
	char name[16], where[32], page[64];

	while (fscanf(plan, "%15s %31s %63s", name, where, page) == 3) {
		if (strcmp(name, "nth") == 0)
			nth = strtoul(where, NULL, 0);
		for (struct trigger *t = triggers; t < triggers + TRIGGERS; t++) {
			if (strcmp(name, t->name) != 0)
				continue;
			t->set = true;
			t->any_user = strcmp(where, "user") == 0;
			t->va = strtoull(where, NULL, 0);
			if (strcmp(page, "-") == 0)
				continue;
			FILE *file = open_in_dir(page, "rb");
			t->page = zeroed(PAGE);
			if (fread(t->page, 1, PAGE, file) != PAGE)
				die("too short:", page);
			fclose(file);
		}
	}
	fclose(plan);
	counting = !triggers[START].set;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "dir=", 4) == 0)
			dir = strdup(argv[i] + 4);
	if (!dir)
		die("says nothing of", "dir=");
	read_plan();
	trace_file = open_in_dir("trace", "wb");
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
