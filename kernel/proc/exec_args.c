/*
 * Arguments and environment for execve (proc/exec_args.h), and the first stack
 * of a program:
 *
 *	STACK_TOP  8 bytes of zero
 *	           the file name; environment strings; argument strings
 *	           "x86_64"; 16 random bytes
 *	           auxiliary vector, NULL, envp[], NULL, argv[]
 *	rsp ->     argc                                      (16-byte aligned)
 *
 * Sources: SysV AMD64 psABI 3.4.1, figure 3.9; getauxval(3); execve(2), "Limits".
 */
#include "proc/exec_args.h"
#include "arch/cpu.h"
#include "fs/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/heap.h"
#include "mm/layout.h"
#include "mm/tree.h"
#include "mm/uaccess.h"
#include "proc/exec_image.h"
#include "proc/task.h"

#define MAX_STRING (128 * KIB) /* MAX_ARG_STRLEN */

void strings_free(struct strings *s)
{
	heap_free(s->bytes);
	*s = (struct strings){0};
}

size_t strings_limit(void)
{
	u64 limit = task_rlimit(current, RLIMIT_STACK) / 4;
	return limit < 128 * KIB ? 128 * KIB : MIN(limit, 6 * MIB);
}

/* Room for n more bytes. */
static int strings_grow(struct strings *s, size_t n)
{
	if (s->len_bytes + n <= s->room_bytes)
		return 0;
	if (s->len_bytes + n > strings_limit())
		return -E2BIG;
	size_t room = MAX(2 * s->room_bytes, s->len_bytes + n);
	room = MAX(room, 1024ul);
	char *bytes = heap_alloc(room);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, s->bytes, s->len_bytes);
	heap_free(s->bytes);
	s->bytes = bytes;
	s->room_bytes = room;
	return 0;
}

int strings_add(struct strings *s, const char *string)
{
	size_t n = strlen(string) + 1;
	int error = strings_grow(s, n);
	if (error)
		return error;
	memcpy(s->bytes + s->len_bytes, string, n);
	s->len_bytes += n;
	s->count++;
	return 0;
}

int strings_add_first(struct strings *s, const char *string)
{
	size_t n = strlen(string) + 1;
	int error = strings_grow(s, n);
	if (error)
		return error;
	memmove(s->bytes + n, s->bytes, s->len_bytes);
	memcpy(s->bytes, string, n);
	s->len_bytes += n;
	s->count++;
	return 0;
}

void strings_drop_first(struct strings *s)
{
	if (s->count == 0)
		return;
	size_t n = strlen(s->bytes) + 1;
	memmove(s->bytes, s->bytes + n, s->len_bytes - n);
	s->len_bytes -= n;
	s->count--;
}

/* One string, of a length that is not known ahead: room is doubled until it fits. */
static int add_one_from_user(struct strings *s, const char __user *string)
{
	size_t piece = 256;
	for (;;) {
		int error = strings_grow(s, piece);
		if (error)
			return error;
		ssize_t n = copy_string_from_user(s->bytes + s->len_bytes, string, piece);
		if (n >= 0) {
			s->len_bytes += n + 1;
			s->count++;
			return 0;
		}
		if (n == -EFAULT)
			return -EFAULT;
		if (piece >= MAX_STRING)
			return -E2BIG;
		piece *= 2;
	}
}

int strings_add_from_user(struct strings *s, const va_t __user *vector)
{
	for (u32 i = 0; vector; i++) {
		va_t string;
		if (get_user_u64(&string, &vector[i]))
			return -EFAULT;
		if (!string)
			return 0;
		int error = add_one_from_user(s, (const char __user *)string);
		if (error)
			return error;
		if (s->len_bytes + s->count * sizeof(va_t) > strings_limit())
			return -E2BIG;
	}
	return 0;
}

enum auxv_type {
	AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7,
	AT_FLAGS = 8, AT_ENTRY = 9, AT_UID = 11, AT_EUID = 12, AT_GID = 13, AT_EGID = 14,
	AT_PLATFORM = 15, AT_HWCAP = 16, AT_CLKTCK = 17, AT_SECURE = 23, AT_RANDOM = 25,
	AT_HWCAP2 = 26, AT_EXECFN = 31, AT_MINSIGSTKSZ = 51,
};

struct stack_addresses {
	va_t execfn, envs, args, platform, random;
};

/* Fills auxv with pairs; how many words. */
static u32 fill_auxv(u64 *auxv, const struct stack_contents *c, const struct stack_addresses *at)
{
	const struct creds *creds = c->creds;
	const struct elf_image *elf = &c->program->elf;
	u64 bias = c->program->bias;
	const u64 pairs[][2] = {
		{AT_MINSIGSTKSZ, 2048 - 512},
		{AT_HWCAP, cpu_hwcap},
		{AT_PAGESZ, PAGE_SIZE},
		{AT_CLKTCK, 100},
		{AT_PHDR, elf->phdr_va ? elf->phdr_va + bias : 0},
		{AT_PHENT, sizeof(struct elf_phdr)},
		{AT_PHNUM, elf->phnum},
		{AT_BASE, c->linker->file ? c->linker->bias : 0},
		{AT_FLAGS, 0},
		{AT_ENTRY, elf->entry + bias},
		{AT_UID, creds->uid},
		{AT_EUID, creds->euid},
		{AT_GID, creds->gid},
		{AT_EGID, creds->egid},
		{AT_SECURE, c->secure},
		{AT_RANDOM, at->random},
		{AT_HWCAP2, 0},
		{AT_EXECFN, at->execfn},
		{AT_PLATFORM, at->platform},
		{AT_NULL, 0},
	};
	_Static_assert(sizeof pairs <= sizeof ((struct mm_layout *)0)->auxv, "all fit");
	memcpy(auxv, pairs, sizeof pairs);
	return sizeof pairs / sizeof(u64);
}

/* The new stack as it is filled, downwards. */
struct stack {
	struct mm *mm;
	va_t sp;
	char *page;  /* the one with the byte below sp, if sp does not stand at its end */
	bool failed; /* out of memory: nothing more is pushed */
};

static void push(struct stack *stack, const void *from, size_t n)
{
	while (n > 0 && !stack->failed) {
		if (stack->sp % PAGE_SIZE == 0) {
			stack->page = mm_own_page(stack->mm, stack->sp - 1);
			stack->failed = !stack->page;
			if (stack->failed)
				return;
		}
		size_t chunk = MIN(n, (stack->sp - 1) % PAGE_SIZE + 1);
		stack->sp -= chunk;
		n -= chunk;
		memcpy(stack->page + stack->sp % PAGE_SIZE, (const char *)from + n, chunk);
	}
}

/* So many zeros that n bytes more end at a multiple of 16. */
static void push_padding(struct stack *stack, size_t n)
{
	static const char zeros[16];
	push(stack, zeros, (stack->sp - n) % sizeof zeros);
}

static void push_strings(struct stack *stack, const struct stack_contents *c,
			 struct stack_addresses *at)
{
	static const u64 zero;
	u8 random[16];
	random_bytes(random, sizeof random);
	push(stack, &zero, sizeof zero);
	push(stack, c->execfn, strlen(c->execfn) + 1);
	at->execfn = stack->sp;
	push(stack, c->envs->bytes, c->envs->len_bytes);
	at->envs = stack->sp;
	push(stack, c->args->bytes, c->args->len_bytes);
	at->args = stack->sp;
	push_padding(stack, 0);
	push(stack, "x86_64", 7);
	at->platform = stack->sp;
	push(stack, random, sizeof random);
	at->random = stack->sp;
}

/* The addresses of strings that stand one after the other in memory, and NULL. */
static u64 *put_pointers(u64 *to, const struct strings *s, va_t va)
{
	const char *string = s->bytes;
	for (u32 i = 0; i < s->count; i++) {
		size_t n = strlen(string) + 1;
		*to++ = va;
		va += n;
		string += n;
	}
	*to++ = 0;
	return to;
}

/* argc, argv, envp, built in one piece and pushed below auxv. */
static void push_table(struct stack *stack, const struct stack_contents *c,
		       const struct stack_addresses *at)
{
	u64 *auxv = stack->mm->layout.auxv;
	size_t auxv_bytes = fill_auxv(auxv, c, at) * sizeof *auxv;
	size_t table_bytes = (1 + c->args->count + 1 + c->envs->count + 1) * sizeof(u64);
	u64 *table = heap_alloc(table_bytes);
	if (!table) {
		stack->failed = true;
		return;
	}
	table[0] = c->args->count;
	put_pointers(put_pointers(table + 1, c->args, at->args), c->envs, at->envs);
	push_padding(stack, auxv_bytes + table_bytes);
	push(stack, auxv, auxv_bytes);
	push(stack, table, table_bytes);
	heap_free(table);
}

s64 stack_build(struct mm *mm, const struct stack_contents *contents)
{
	const struct strings *a = contents->args, *e = contents->envs;
	u64 size = a->len_bytes + e->len_bytes + (a->count + e->count) * sizeof(va_t);
	if (size > strings_limit())
		return -E2BIG;
	/* Room for the contents (the name and the vector are below 8 KiB), and for a start. */
	size = MAX(size + 2 * PAGE_SIZE, MIN(task_rlimit(current, RLIMIT_STACK),
					     ROUND_UP(size, STACK_STEP / 2) + STACK_STEP / 2));
	va_t bottom = (STACK_TOP - size) & PAGE_MASK;
	struct stack stack = {.mm = mm, .sp = STACK_TOP};
	struct stack_addresses at;
	mutex_lock(&mm->lock);
	/* A segment of the program may lie there: the stack counts. */
	stack.failed = tree_unmap(mm, bottom, STACK_TOP) ||
		       tree_reserve(mm, bottom, STACK_TOP, reserved_entry(PTE_READ | PTE_WRITE));
	push_strings(&stack, contents, &at);
	push_table(&stack, contents, &at);
	mutex_unlock(&mm->lock);
	if (stack.failed)
		return -ENOMEM;
	mm->layout.stack_bottom = bottom;
	mm->layout.stack_top = STACK_TOP;
	mm->layout.arg_start = at.args;
	mm->layout.arg_end = mm->layout.env_start = at.envs;
	mm->layout.env_end = at.execfn;
	return stack.sp;
}
