/*
 * Integer types and the address types that are never mixed (STYLE.md rule 3).
 *
 *   va_t   an address that a user program or the kernel dereferences
 *   pa_t   a physical address, as page tables and devices see it
 *   pfn_t  a physical frame number: pa >> 12
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef int64_t ssize_t;
typedef int64_t off_t;
typedef int32_t pid_t;

typedef u64 va_t;
typedef u64 pa_t;
typedef u64 pfn_t;

#define KIB 1024ul
#define MIB (1024ul * KIB)
#define GIB (1024ul * MIB)

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Each argument is evaluated once. */
#define MIN(a, b)                                                                               \
	({                                                                                      \
		__auto_type min_a_ = (a);                                                       \
		__auto_type min_b_ = (b);                                                       \
		min_a_ < min_b_ ? min_a_ : min_b_;                                              \
	})
#define MAX(a, b)                                                                               \
	({                                                                                      \
		__auto_type max_a_ = (a);                                                       \
		__auto_type max_b_ = (b);                                                       \
		max_a_ > max_b_ ? max_a_ : max_b_;                                              \
	})
#define ROUND_UP(x, to) (((x) + (to) - 1) / (to) * (to))
#define ROUND_DOWN(x, to) ((x) / (to) * (to))

/* The struct that holds this member. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define __cold __attribute__((cold, noinline))
#define __noreturn __attribute__((noreturn))
#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define __packed __attribute__((packed))
#define __user /* a pointer into user memory: only the functions of mm/uaccess.h may follow it */

#endif
