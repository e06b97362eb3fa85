/*
 * What a freestanding kernel needs of <string.h>, and numbers out of text.
 * Semantics are ISO C's. None of these may touch user memory: mm/uaccess.h.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include "lib/types.h"

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *at, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copies at most size - 1 bytes and always ends with NUL; returns strlen(from). */
size_t strlcpy(char *to, const char *from, size_t size);

/* Reads digits in the base (8, 10, 16); *end is the first byte that is none. Saturates. */
u64 parse_u64(const char *s, const char **end, int base);

#endif
