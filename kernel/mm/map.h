/*
 * mmap and its relatives, as far as exec and clone need them too.
 */
#ifndef MM_MAP_H
#define MM_MAP_H

#include "mm/mm.h"

struct inode;

enum map_prot { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4,
		PROT_SEM = 8 /* no effect */, PROT_GROWSDOWN = 1 << 24 };

enum map_flags { /* mman.h of Linux for x86-64 */
	MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_SHARED_VALIDATE = 3, MAP_TYPE = 15,
	MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_32BIT = 0x40, MAP_GROWSDOWN = 0x100,
	MAP_DENYWRITE = 0x800, MAP_EXECUTABLE = 0x1000, MAP_LOCKED = 0x2000,
	MAP_NORESERVE = 0x4000, MAP_POPULATE = 0x8000, MAP_NONBLOCK = 0x10000,
	MAP_STACK = 0x20000, MAP_HUGETLB = 0x40000, MAP_FIXED_NOREPLACE = 0x100000,
};

/* mm/mlock.c */
enum populate { POPULATE_ANY, POPULATE_READ, POPULATE_WRITE };
/* Touches every page. -ENOMEM: a hole, or no frame; -EINVAL: READ or WRITE is not allowed;
 * -EFAULT: not allowed, or beyond a file's end; -EINTR: killed. Takes mm->lock for each page. */
int mm_populate(struct mm *mm, va_t start, va_t end, enum populate how);
/* New memory: adds PTE_LOCKED to *keep if it is to be locked, asked for or by mlockall.
 * -EPERM, -EAGAIN: RLIMIT_MEMLOCK; -ENOMEM. mm->lock is held, here and below. */
int lock_new(struct mm *mm, u64 len_bytes, bool asked, u64 *keep);
bool lock_populates(const struct mm *mm, u64 keep); /* such memory is brought in at once */
bool mm_locked_in(struct mm *mm, va_t start, va_t end);

/* A range that munmap and the like may name: page-aligned start, all of it the user's. */
bool range_ok(va_t addr, u64 len_bytes);

/* How much of [start, end) is mapped. mm->lock is held. */
u64 mapped_bytes(struct mm *mm, va_t start, va_t end);

/* PROT_* as the bits that entries carry. */
u64 prot_bits(int prot);

#endif
