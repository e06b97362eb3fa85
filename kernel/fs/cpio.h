/*
 * The reader of initramfs archives: cpio in the newc format (070701, 070702),
 * several of them one after the other, with zero bytes between. It knows
 * nothing of the ramfs: for each entry it calls back. Builds on the host too.
 */
#ifndef FS_CPIO_H
#define FS_CPIO_H

#include "lib/types.h"

struct cpio_entry {
	const char *name;	/* NUL-terminated, inside the archive */
	size_t name_len;	/* without NUL */
	u32 mode, uid, gid, nlink, mtime;
	u64 rdev;		/* MAKEDEV(major, minor) */
	u32 ino, dev_major, dev_minor; /* equal for the names of one file */
	const u8 *data;		/* content, or the text of a symlink (no NUL) */
	size_t size;
};

struct cpio_callbacks {
	int (*entry)(void *arg, const struct cpio_entry *entry); /* 0 to go on, else stop */
	void (*new_archive)(void *arg); /* inode numbers begin anew; may be NULL */
	void *arg;
};

/* Reads all archives; 0, or an error of a callback, or -1 with *error: what is damaged,
 * and *error_at: the offset in bytes. What came before the damage has been called back. */
int cpio_read(const void *bytes, size_t n, const struct cpio_callbacks *calls,
	      const char **error, size_t *error_at);

#endif
