/*
 * <string.h> for the kernel. The compiler itself calls memcpy, memmove, memset
 * and memcmp, so these four must exist under these names, and no loop below may
 * be turned back into a call of the function that it is in: KEEP_LOOP stops
 * that (gcc's -ftree-loop-distribute-patterns, clang's loop idioms).
 *
 * Bulk copies use the string instructions: eight bytes a step.
 */
#include "lib/string.h"

#define KEEP_LOOP() __asm__ volatile("")

void *memcpy(void *to, const void *from, size_t n)
{
	void *at = to;
	size_t nwords = n / 8, nbytes = n % 8;

	__asm__ volatile("rep movsq" : "+D"(at), "+S"(from), "+c"(nwords)::"memory");
	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(nbytes)::"memory");
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	u8 *d = to;
	const u8 *s = from;

	if ((u64)d - (u64)s >= n) /* also when to lies below from: copying upwards is safe */
		return memcpy(to, from, n);
	while (n-- > 0) {
		d[n] = s[n];
		KEEP_LOOP();
	}
	return to;
}

void *memset(void *at, int byte, size_t n)
{
	void *to = at;
	u64 word = (u8)byte * 0x0101010101010101ull;
	size_t nwords = n / 8, nbytes = n % 8;

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(nwords) : "a"(word) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(nbytes) : "a"(word) : "memory");
	return at;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (size_t i = 0; i < n; i++) {
		KEEP_LOOP();
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
	const u8 *at = s;

	for (size_t i = 0; i < n; i++) {
		KEEP_LOOP();
		if (at[i] == (u8)byte)
			return (void *)(at + i);
	}
	return NULL;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

size_t strnlen(const char *s, size_t max)
{
	size_t len = 0;

	while (len < max && s[len] != '\0') {
		KEEP_LOOP();
		len++;
	}
	return len;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		KEEP_LOOP();
		if (a[i] != b[i] || a[i] == '\0')
			return (u8)a[i] - (u8)b[i];
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		KEEP_LOOP();
		if (*s == (char)c)
			return (char *)s;
		if (*s == '\0')
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		KEEP_LOOP();
		if (*s == (char)c)
			found = s;
		if (*s == '\0')
			return (char *)found;
	}
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from);

	if (size != 0) {
		size_t n = MIN(len, size - 1);
		memcpy(to, from, n);
		to[n] = '\0';
	}
	return len;
}
