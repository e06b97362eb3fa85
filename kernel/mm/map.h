/*
 * mmap and its relatives, as far as exec and clone need them too.
 */
#ifndef MM_MAP_H
#define MM_MAP_H

#include "mm/mm.h"

struct inode;

enum map_prot { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };

enum map_flags { /* mman.h of Linux for x86-64 */
	MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_SHARED_VALIDATE = 3, MAP_TYPE = 15,
	MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_32BIT = 0x40, MAP_GROWSDOWN = 0x100,
	MAP_DENYWRITE = 0x800, MAP_EXECUTABLE = 0x1000, MAP_LOCKED = 0x2000,
	MAP_NORESERVE = 0x4000, MAP_POPULATE = 0x8000, MAP_NONBLOCK = 0x10000,
	MAP_STACK = 0x20000, MAP_HUGETLB = 0x40000, MAP_FIXED_NOREPLACE = 0x100000,
};

/* PROT_* as the bits that entries carry. */
u64 prot_bits(int prot);

/*
 * Puts pages of a file at [va, va + len), over whatever was there; pages beyond
 * the end of the file raise SIGBUS. Takes inode->lock for each page, then
 * mm->lock. page_offset: in pages. -ENOMEM, -ENODEV.
 */
int map_file(struct mm *mm, va_t va, u64 len_bytes, u64 prot, u64 sharing, struct inode *inode,
	     u64 page_offset);

/* Puts untouched anonymous memory there, over whatever was there. Takes mm->lock. */
int map_anonymous(struct mm *mm, va_t va, u64 len_bytes, u64 prot);

#endif
