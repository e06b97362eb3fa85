/*
 * The strings of execve, on their way from the old program to the new one's
 * stack: copied out of user memory first, because the old address space may
 * change or go while exec goes on.
 */
#ifndef PROC_EXEC_ARGS_H
#define PROC_EXEC_ARGS_H

#include "lib/types.h"
#include "mm/mm.h"

/* Strings one after the other, each with its NUL. */
struct strings {
	char *bytes;
	size_t len_bytes, room_bytes;
	u32 count;
};

void strings_free(struct strings *s);

/* All functions: 0, -E2BIG beyond max_bytes, -ENOMEM, -EFAULT. */
int strings_add(struct strings *s, const char *string);
int strings_add_first(struct strings *s, const char *string); /* before all others */
void strings_drop_first(struct strings *s);
int strings_add_from_user(struct strings *s, const va_t __user *vector);

/* What execve's strings may take in all: a quarter of the stack limit, as on Linux. */
size_t strings_limit(void);

struct image;
struct creds;

/* What the new program finds on its stack, psABI 3.4.1. */
struct stack_contents {
	const struct strings *args, *envs;
	const char *execfn;
	const struct image *program, *linker;
	const struct creds *creds; /* the ids that it will have */
	bool secure; /* AT_SECURE: they are not the user's own */
};

/* Reserves the stack of a new address space and fills it; the first rsp, or -errno. */
s64 stack_build(struct mm *mm, const struct stack_contents *contents);

#endif
