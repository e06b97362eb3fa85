/*
 * spec.h: what the tests written from the manual pages (spec_*.c) share.
 *
 * They go through a page sentence by sentence, most by tables. They run as root
 * in a folder of their own, which spec_leave removes with all that is in it, so
 * a test that ends early leaves nothing that the next would stumble over.
 *
 * Entry points: spec_enter, spec_leave; AS, AS_SEES, other; opened; mode_of, size_of.
 */
#ifndef SPEC_H
#define SPEC_H

#include "check.h"
#include <ftw.h>
#include <grp.h>

static inline void spec_enter(void)
{
	umask(022);
	MUST(mkdir("spec.tmp", 0755));
	MUST(chdir("spec.tmp"));
}

static inline int spec_remove(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type, (void)at;
	return remove(path);
}

static inline void spec_leave(void)
{
	MUST(chdir(".."));
	MUST(nftw("spec.tmp", spec_remove, 8, FTW_DEPTH | FTW_PHYS));
}

/* 1 in a child that has those ids and no further groups; 0 in the parent, once it has ended. */
static inline int other(uid_t uid, gid_t gid)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(setgroups(0, NULL));
		MUST(setresgid(gid, gid, gid));
		MUST(setresuid(uid, uid, uid));
		return 1;
	}
	MUST(waitpid(pid, &status, 0));
	if (status != 0)
		say("the other user's child: %s", status_text(status));
	return 0;
}

/* A call made by another user. */
#define AS(uid, gid, ...) AS_OF(#uid ":" #gid " " #__VA_ARGS__, uid, gid, __VA_ARGS__)
#define AS_OF(label, uid, gid, ...) do { \
	if (other(uid, gid)) { \
		OK_OF(label, __VA_ARGS__); \
		_exit(0); \
	} \
} while (0)

/* Whether it opened; nothing stays open. */
static inline int opened(int fd)
{
	return fd == -1 ? -1 : close(fd);
}

#define OPENS(...) OK_OF(#__VA_ARGS__, opened(__VA_ARGS__))

/* The twelve bits of chmod, of the object itself; -1 if there is none. */
static inline int mode_of(const char *path)
{
	struct stat status;

	return lstat(path, &status) == -1 ? -1 : (int)(status.st_mode & 07777);
}

static inline long size_of(const char *path)
{
	struct stat status;

	return lstat(path, &status) == -1 ? -1 : status.st_size;
}

#define MODE(path) MODE_OF(#path, path)
#define MODE_OF(label, path) say("mode of %s: %04o", label, mode_of(path))

#endif
