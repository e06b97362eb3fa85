/*
 * The plain map of tests/host/tree.c: what an address space holds, as an
 * ordered array of runs and nothing shared between two of them. It is what the
 * tree must mean, in the most obvious form.
 */
#ifndef TREE_MAP_H
#define TREE_MAP_H

#include "tree_machine.h"

enum { MAX_RUNS = 4000, MAX_OBJECTS = 1024 };

enum run_kind {
	RUN_EMPTY,
	RUN_ANON,   /* private memory; longer than a page only with value 0 */
	RUN_OBJECT, /* one page of a file, shared or (while not written) private */
	RUN_BUS,    /* beyond the end of a file */
};

struct run {
	va_t start, end;
	enum run_kind kind;
	u64 prot;
	bool shared, nowrite;
	u64 value;  /* RUN_ANON */
	u32 object; /* RUN_OBJECT */
};

/* Ordered, without gaps, from 0 to USER_END. */
struct map {
	unsigned nruns;
	struct run run[MAX_RUNS];
};

/* A page that a file holds, or held. */
struct object {
	u64 value;
	struct page *page;
	bool held;
};

static struct object objects[MAX_OBJECTS];
static u32 nobjects;

static void map_init(struct map *map)
{
	map->nruns = 1;
	map->run[0] = (struct run){.start = 0, .end = USER_END};
}

static unsigned map_find(const struct map *map, va_t va)
{
	unsigned low = 0, high = map->nruns;
	while (high - low > 1) {
		unsigned mid = (low + high) / 2;
		if (map->run[mid].start <= va)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static const struct run *map_at(const struct map *map, va_t va)
{
	return &map->run[map_find(map, va)];
}

/* A run begins at va afterwards; its index. */
static unsigned map_split(struct map *map, va_t va)
{
	if (va == USER_END)
		return map->nruns;
	unsigned i = map_find(map, va);
	if (map->run[i].start == va)
		return i;
	assert_true(map->nruns < MAX_RUNS);
	memmove(&map->run[i + 1], &map->run[i], (map->nruns - i) * sizeof map->run[0]);
	map->nruns++;
	map->run[i].end = map->run[i + 1].start = va;
	return i + 1;
}

static bool run_joins(const struct run *a, const struct run *b)
{
	return a->kind == b->kind && a->kind != RUN_OBJECT && a->prot == b->prot &&
	       a->shared == b->shared && a->nowrite == b->nowrite && a->value == 0 && b->value == 0;
}

static void map_join(struct map *map)
{
	unsigned n = 0;
	for (unsigned i = 1; i < map->nruns; i++) {
		if (run_joins(&map->run[n], &map->run[i]))
			map->run[n].end = map->run[i].end;
		else
			map->run[++n] = map->run[i];
	}
	map->nruns = n + 1;
}

/* [start, end) becomes like this. */
static void map_set(struct map *map, va_t start, va_t end, struct run like)
{
	if (start >= end)
		return;
	unsigned first = map_split(map, start), last = map_split(map, end);
	like.start = start;
	like.end = end;
	map->run[first] = like;
	memmove(&map->run[first + 1], &map->run[last], (map->nruns - last) * sizeof like);
	map->nruns -= last - first - 1;
	map_join(map);
}

static struct run run_empty(void)
{
	return (struct run){.kind = RUN_EMPTY};
}

static struct run run_anon(u64 prot)
{
	return (struct run){.kind = RUN_ANON, .prot = prot};
}

static bool map_empty(const struct map *map, va_t start, va_t end)
{
	const struct run *run = map_at(map, start);
	return start >= end || (run->kind == RUN_EMPTY && run->end >= end);
}

/* 0, or the error at which it stops; what lies before has changed. */
static int map_protect(struct map *map, va_t start, va_t end, u64 prot)
{
	unsigned first = map_split(map, start), last = map_split(map, end);
	int error = 0;
	for (unsigned i = first; i < last && !error; i++) {
		struct run *run = &map->run[i];
		if (run->kind == RUN_EMPTY)
			error = -ENOMEM;
		else if (run->nowrite && (prot & PTE_WRITE))
			error = -EACCES;
		else
			run->prot = prot;
	}
	map_join(map);
	return error;
}

static void map_discard(struct map *map, va_t start, va_t end)
{
	unsigned first = map_split(map, start), last = map_split(map, end);
	for (unsigned i = first; i < last; i++) {
		struct run *run = &map->run[i];
		bool of_file = run->kind == RUN_OBJECT && objects[run->object].held;
		if (run->shared || run->kind == RUN_EMPTY || run->kind == RUN_BUS || of_file)
			continue;
		run->kind = RUN_ANON;
		run->value = 0;
	}
	map_join(map);
}

static void map_move(struct map *map, va_t from, va_t to, u64 len_bytes)
{
	static struct run moved[MAX_RUNS];
	unsigned first = map_split(map, from), last = map_split(map, from + len_bytes);
	unsigned n = last - first;
	memcpy(moved, &map->run[first], n * sizeof moved[0]);
	map_set(map, from, from + len_bytes, run_empty());
	for (unsigned i = 0; i < n; i++)
		map_set(map, moved[i].start - from + to, moved[i].end - from + to, moved[i]);
}

/* The highest place for len bytes that ends at or below top; 0: none. */
static va_t map_gap_below(const struct map *map, va_t top, u64 len_bytes)
{
	for (unsigned i = map->nruns; i-- > 0;) {
		const struct run *run = &map->run[i];
		va_t low = MAX(run->start, MAP_AREA_START), high = MIN(run->end, top);
		if (run->kind == RUN_EMPTY && high > low && high - low >= len_bytes)
			return high - len_bytes;
	}
	return 0;
}

/* What the program must get from an access: a signal, or 0. */
static int run_signal(const struct run *run, enum access access)
{
	u64 needed = access == ACCESS_WRITE ? PTE_WRITE : access == ACCESS_FETCH ? PTE_EXEC : PTE_PROT;
	if (run->kind == RUN_EMPTY || !(run->prot & needed))
		return SIGSEGV;
	return run->kind == RUN_BUS ? SIGBUS : 0;
}

static u64 run_value(const struct run *run)
{
	return run->kind == RUN_OBJECT ? objects[run->object].value : run->value;
}

/* Tree and map ---------------------------------------------------------------------------- */

/* Why the entry does not mean what the run says; NULL if it does. */
static const char *entry_differs(pte_t entry, const struct run *run)
{
	if (run->kind == RUN_EMPTY)
		return entry ? "something is mapped" : NULL;
	if (!entry)
		return "nothing is mapped";
	if ((entry & PTE_PROT) != run->prot)
		return "wrong protection";
	if (!(entry & PTE_NOWRITE) != !run->nowrite)
		return "PTE_NOWRITE";
	if (!(entry & PTE_MAPPING) != (run->kind != RUN_BUS))
		return "PTE_MAPPING";
	if (!(entry & PTE_SHARED) != !run->shared)
		return "PTE_SHARED";
	if (entry_is_reserved(entry))
		return run->kind == RUN_OBJECT || run->value ? "untouched, but had data" : NULL;
	if (!(entry & PTE_P) != !run->prot || !(entry & PTE_FRAME) != !!run->prot)
		return "present, or not";
	if ((entry & PTE_P) && (!(entry & PTE_U) || !(entry & PTE_NX) != !!(run->prot & PTE_EXEC)))
		return "user or no-execute bit";
	if ((entry & PTE_W) && !(run->prot & PTE_WRITE))
		return "W though the program may not write";
	if (run->kind == RUN_OBJECT && entry_page(entry) != objects[run->object].page)
		return "another frame than the file's";
	return frame_value(entry_page(entry)) == run_value(run) ? NULL : "wrong data";
}

static void check_at(struct mm *mm, const struct map *map, va_t va)
{
	pte_t entry = tree_lookup(mm, va, NULL);
	const struct run *run = map_at(map, va);
	const char *why = entry_differs(entry, run);
	if (why)
		broken("space %ld, %#lx: %s: entry %#lx, run %#lx-%#lx kind %d prot %#lx value %lu",
		       (long)(space_of(mm) - spaces), va, why, entry, run->start, run->end, run->kind,
		       run->prot, run_value(run));
}

/* Both ends of every run, and every sample. */
static void check_map(struct mm *mm, const struct map *map)
{
	for (unsigned i = 0; i < map->nruns; i++) {
		check_at(mm, map, map->run[i].start);
		check_at(mm, map, map->run[i].end - PAGE_SIZE);
	}
	for (unsigned i = 0; i < nsamples; i++)
		check_at(mm, map, sample[i]);
}

/* Each address: entry by entry of the tree. */
static void check_map_all(struct mm *mm, const struct map *map)
{
	for (va_t va = 0; va < USER_END;) {
		u64 span;
		tree_lookup(mm, va, &span);
		check_at(mm, map, va);
		va = MIN((va & ~(span - 1)) + span, map_at(map, va)->end);
	}
}

/* An operation stopped on its way: the range is as `changed` says up to somewhere, and as
 * `map` says from there on. `map` becomes that. */
static void map_adopt_prefix(struct mm *mm, struct map *map, const struct map *changed, va_t start,
			     va_t end)
{
	va_t va = start;
	while (va < end) {
		u64 span;
		const struct run *run = map_at(changed, va);
		if (entry_differs(tree_lookup(mm, va, &span), run))
			break;
		va = MIN((va & ~(span - 1)) + span, run->end);
	}
	va = MIN(va, end);
	for (unsigned i = map_find(changed, start); i < changed->nruns; i++) {
		const struct run *run = &changed->run[i];
		if (run->start < va)
			map_set(map, MAX(run->start, start), MIN(run->end, va), *run);
	}
}

#endif
