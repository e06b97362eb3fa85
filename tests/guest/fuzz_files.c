/*
 * Fuzzer of files and sockets: processes that share names, and some of them
 * descriptors, make random calls on them, half as root and half as a user: names
 * made and moved, mounts, descriptors reserved, passed on and closed, locks, pipes,
 * sockets, memfds, holes, mappings. What is under test comes after: the kernel
 * lives, all end when they are killed, its audit is ok, all memory is back.
 *
 * args: 1500 1
 * native: no
 * guest: -m 256
 *
 * fuzz_files [MS [SEED [VERBOSE]]]
 */
#include "fuzz.h"
#include "clone.h"
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { WORKERS = 4, FIRST_FD = 3, USER = 1000 };
#define TOP "/fuzz"	 /* the root directory of the workers; all of it is removed at the end */
#define PLACE "/in"	 /* a symlink in its place may be dangling: what is made there is in TOP */

static int fd(struct fuzz *f)
{
	return roll(f, 60) ? FIRST_FD + (int)roll(f, MAX_FD) : (int)bits(f) | 64;
}

static const char *name(struct fuzz *f)
{
	static const char *const names[] = {
		"a", "b", "c", "d", "d/a", "d/d", "d/d/a", "e", "e/a", "./e/./a", "./d/.", ".", "s",
		"e/s", "p", "d/p", PLACE, PLACE "/d", PLACE "/d/a", "a/", "", "/proc/self/cwd/a",
		"/proc/self/fd", "/proc/self/fdinfo", "/proc/mounts", "/proc/self/maps",
	};
	static char link[32];

	if (roll(f, 8) == 0) {
		strcpy(link, "/proc/self/fd/00");
		link[14] = (char)('0' + roll(f, 3));
		link[15] = (char)('3' + roll(f, 7));
		return link[14] == '0' ? link[14] = link[15], link[15] = '\0', link : link;
	}
	return roll(f, 100) ? names[roll(f, COUNT(names))] : address(f);
}

static long number(struct fuzz *f)
{
	switch (roll(f, 12)) {
	case 0:
		return (long)bits(f);
	case 1:
		return LONG_MAX - roll(f, 3) * 4095;
	case 2:
		return -(long)roll(f, 5000);
	default:
		return roll(f, roll(f, 3) ? 5000 : 1 << 20);
	}
}

static long do_open(struct fuzz *f)
{
	static const int known[] = { O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW,
				     O_CLOEXEC, O_PATH, O_TMPFILE, O_NOATIME };
	int flags = O_NONBLOCK | (int)roll(f, 4);

	for (unsigned i = roll(f, 4); i > 0; i--)
		flags |= known[roll(f, COUNT(known))];
	if (roll(f, 3) == 0)
		return SYS(SYS_open, name(f), flags | O_CREAT, roll(f, 4) ? 0666 : bits(f));
	return SYS(SYS_openat, roll(f, 2) ? AT_FDCWD : fd(f), name(f), flags, 0777);
}

static long do_descriptor(struct fuzz *f)
{
	int first = fd(f);

	switch (roll(f, 9)) {
	case 0:
		return SYS(SYS_dup, fd(f));
	case 1:
		return SYS(SYS_dup3, fd(f), fd(f), roll(f, 2) ? O_CLOEXEC : 0);
	case 2:
		return SYS(SYS_fcntl, fd(f), F_DUPFD_CLOEXEC, first);
	case 3:
		return SYS(SYS_fcntl, fd(f), roll(f, 2) ? F_SETFL : F_SETFD, O_NONBLOCK | roll(f, 4));
	case 4:
		return roll(f, 4) ? 0 : SYS(SYS_close_range, first, first + (int)roll(f, 8), roll(f, 8));
	case 5:
		return SYS(SYS_getdents64, fd(f), address(f), roll(f, 2000));
	default:
		return SYS(SYS_close, first);
	}
}

static long do_name(struct fuzz *f)
{
	switch (roll(f, 16)) {
	case 0:
		return SYS(SYS_link, name(f), name(f));
	case 1:
		return SYS(SYS_symlink, name(f), name(f));
	case 2:
		return SYS(SYS_mkdir, name(f), 0777);
	case 3:
		return SYS(SYS_mknod, name(f), (roll(f, 2) ? S_IFIFO : S_IFSOCK) | 0777, 0);
	case 4:
	case 5:
	case 6:
		return SYS(SYS_renameat2, roll(f, 2) ? AT_FDCWD : fd(f), name(f), AT_FDCWD, name(f),
			   roll(f, 8) ? 0 : roll(f, 8));
	case 7:
		return SYS(SYS_linkat, fd(f), roll(f, 2) ? "" : name(f), AT_FDCWD, name(f),
			   roll(f, 2) ? AT_EMPTY_PATH : AT_SYMLINK_FOLLOW);
	case 8:
		return SYS(roll(f, 2) ? SYS_chdir : SYS_rmdir, name(f));
	case 9:
		return SYS(SYS_fchdir, fd(f));
	case 10:
		return SYS(SYS_readlink, name(f), address(f), number(f));
	case 11:
		return SYS(SYS_getcwd, address(f), roll(f, 5000));
	case 12:
		return SYS(SYS_chdir, PLACE);
	default:
		return SYS(SYS_unlinkat, AT_FDCWD, name(f), roll(f, 2) ? 0 : AT_REMOVEDIR);
	}
}

static long do_mount(struct fuzz *f)
{
	const char *at = roll(f, 2) ? PLACE "/d" : PLACE "/e";

	if (roll(f, 2))
		return SYS(SYS_umount2, at, roll(f, 3) ? MNT_DETACH : 0);
	return SYS(SYS_mount, "fuzz", at, "tmpfs", roll(f, 4) ? 0 : MS_REMOUNT, "size=2m");
}

static long do_inode(struct fuzz *f)
{
	switch (roll(f, 8)) {
	case 0:
		return SYS(SYS_fchmod, fd(f), roll(f, 8) ? 0777 : bits(f));
	case 1:
		return SYS(SYS_fchown, fd(f), roll(f, 2) ? USER : -1, roll(f, 2) ? USER : 0);
	case 2:
		return SYS(SYS_ftruncate, fd(f), number(f));
	case 3:
		return SYS(SYS_fallocate, fd(f), roll(f, 4), number(f), roll(f, 1 << 18));
	case 4:
		return SYS(SYS_statx, fd(f), name(f), AT_EMPTY_PATH, 0xfff, address(f));
	case 5:
		return SYS(SYS_utimensat, AT_FDCWD, name(f), roll(f, 2) ? address(f) : NULL, 0);
	case 6:
		return SYS(SYS_fcntl, fd(f), 1033 + roll(f, 2), roll(f, 40)); /* F_ADD_SEALS */
	default:
		return SYS(SYS_lseek, fd(f), number(f), roll(f, 6));
	}
}

static long do_lock(struct fuzz *f)
{
	static const int known[] = { F_SETLK, F_SETLKW, F_GETLK, 36, 37, 38 };
	struct flock lock = { (short)roll(f, 4), (short)roll(f, 4), roll(f, 64), roll(f, 32),
			      roll(f, 20) == 0 };

	if (roll(f, 3) == 0)
		return SYS(SYS_flock, fd(f), 1 << roll(f, 4) | (roll(f, 3) ? 4 : 0));
	return SYS(SYS_fcntl, fd(f), known[roll(f, COUNT(known))], &lock);
}

static long do_bytes(struct fuzz *f)
{
	static const int known[] = { SYS_read, SYS_write, SYS_pread64, SYS_pwrite64 };
	struct iovec iov[2] = { { address(f), roll(f, 9000) }, { address(f), roll(f, 9000) } };

	switch (roll(f, 6)) {
	case 0:
		return SYS(roll(f, 2) ? SYS_preadv2 : SYS_pwritev2, fd(f), iov, 2,
			   roll(f, 2) ? -1 : number(f), 0, roll(f, 8) ? 0 : roll(f, 32));
	case 1:
		return SYS(SYS_sendfile, fd(f), fd(f), NULL, roll(f, 9000));
	case 2:
		return SYS(SYS_mmap, ARENA + roll(f, 64) * PAGE, roll(f, 9) * PAGE, roll(f, 4),
			   MAP_FIXED | (roll(f, 2) ? MAP_SHARED : MAP_PRIVATE), fd(f),
			   roll(f, 8) * PAGE);
	default:
		return SYS(known[roll(f, 4)], fd(f), address(f), roll(f, 20000), number(f));
	}
}

static long do_make(struct fuzz *f)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int type = types[roll(f, 3)] | SOCK_NONBLOCK;

	switch (roll(f, 6)) {
	case 0:
		return SYS(SYS_pipe2, address(f), roll(f, 2) ? O_NONBLOCK : 0);
	case 1:
		return SYS(SYS_fcntl, fd(f), F_SETPIPE_SZ, number(f));
	case 2:
		return SYS(SYS_eventfd2, roll(f, 3), roll(f, 2) ? O_NONBLOCK : 1);
	case 3:
		return SYS(SYS_memfd_create, name(f), roll(f, 5));
	case 4:
		return SYS(SYS_socket, AF_UNIX, type, 0);
	default:
		return SYS(SYS_socketpair, AF_UNIX, roll(f, 4) ? type : type & 15, 0, address(f));
	}
}

static long do_socket(struct fuzz *f)
{
	static const int options[] = { SO_SNDBUF, SO_RCVBUF, SO_PASSCRED, SO_ERROR, SO_PEERCRED, 30 };
	struct sockaddr_un un = { .sun_family = roll(f, 20) ? AF_UNIX : AF_UNSPEC };
	long length = roll(f, 10) ? 4 : number(f);

	if (roll(f, 2))
		strcpy(un.sun_path, roll(f, 2) ? "s" : "e/s");
	else
		un.sun_path[1] = (char)('a' + roll(f, 3));
	switch (roll(f, 8)) {
	case 0:
		return SYS(SYS_bind, fd(f), &un, length);
	case 1:
	case 2:
		return SYS(SYS_connect, fd(f), &un, length);
	case 3:
		return SYS(SYS_listen, fd(f), roll(f, 4));
	case 4:
		return SYS(SYS_accept4, fd(f), roll(f, 2) ? address(f) : NULL, address(f),
			   SOCK_NONBLOCK);
	case 5:
		return SYS(SYS_shutdown, fd(f), roll(f, 12) ? 3 : roll(f, 3));
	case 6:
		return SYS(SYS_setsockopt, fd(f), SOL_SOCKET, options[roll(f, COUNT(options))],
			   address(f), length);
	default:
		return SYS(roll(f, 2) ? SYS_getsockopt : SYS_getpeername, fd(f), SOL_SOCKET,
			   options[roll(f, COUNT(options))], address(f), address(f));
	}
}

/* Mostly with descriptors, often of sockets: what keeps itself open is to be found. */
static long do_message(struct fuzz *f)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov[2] = { { ARENA, roll(f, 4) ? 1 : roll(f, 9000) }, { address(f), roll(f, 3) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 + roll(f, 2), .msg_control = &control };
	unsigned n = 1 + roll(f, 4);
	int *fds = (int *)CMSG_DATA(&control.head);

	msg.msg_controllen = CMSG_LEN(n * sizeof(int));
	control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_type = SCM_RIGHTS,
					 .cmsg_level = SOL_SOCKET };
	for (unsigned i = 0; i < n; i++)
		fds[i] = fd(f);
	if (roll(f, 2))
		return SYS(SYS_sendmsg, fd(f), &msg, roll(f, 8) ? MSG_DONTWAIT : 0);
	return SYS(SYS_recvmsg, fd(f), &msg, roll(f, 4) ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_PEEK);
}

static long do_poll(struct fuzz *f)
{
	struct pollfd set[3];
	unsigned long in = bits(f) & 0xffffff8, out = bits(f) & 0xffffff8;
	struct timespec time = { 0, roll(f, 1000000) };

	for (int i = 0; i < 3; i++)
		set[i] = (struct pollfd){ fd(f), (short)bits(f), 0 };
	if (roll(f, 3))
		return SYS(SYS_ppoll, set, 3, &time, NULL, 8);
	return SYS(SYS_pselect6, MAX_FD, &in, &out, NULL, &time, NULL);
}

static void play(struct fuzz *f);

/* A child with a copy of the table, or with the table itself. */
static long do_child(struct fuzz *f)
{
	struct fuzz child = { f->seed * 2654435761u + 1, 60, NULL };
	long result;

	if (f->budget < 100)
		return 0;
	result = SYS(SYS_clone, SIGCHLD | (roll(f, 2) ? CLONE_FILES : 0) | (roll(f, 2) ? CLONE_FS : 0));
	if (result == 0) {
		play(&child);
		_exit(0);
	}
	while (SYS(SYS_wait4, -1, NULL, WNOHANG, NULL) > 0)
		;
	return result;
}

static const struct { const char *name; long (*call)(struct fuzz *); unsigned share; } calls[] = {
	{ "open", do_open, 14 }, { "descriptor", do_descriptor, 12 }, { "name", do_name, 14 },
	{ "mount", do_mount, 1 }, { "inode", do_inode, 8 }, { "lock", do_lock, 6 },
	{ "bytes", do_bytes, 12 }, { "make", do_make, 6 }, { "socket", do_socket, 10 },
	{ "message", do_message, 12 }, { "poll", do_poll, 2 }, { "child", do_child, 2 },
};

static void play(struct fuzz *f)
{
	struct itimerval often = { { 0, 3000 }, { 0, 3000 } }; /* so that no call waits for ever */

	SYS(SYS_setitimer, ITIMER_REAL, &often, NULL);
	while (f->budget-- > 0 && !shared->stop) {
		unsigned all = 0, at, kind;

		for (kind = 0; kind < COUNT(calls); kind++)
			all += calls[kind].share;
		at = roll(f, all);
		for (kind = 0; at >= calls[kind].share; kind++)
			at -= calls[kind].share;
		if (calls[kind].call(f) < 0)
			shared->bad[kind]++;
		else
			shared->good[kind]++;
	}
}

static void nothing(int number)
{
	(void)number;
}

/*
 * A worker, over and over with an empty table; WORKERS of them at any time. TOP is its root, as
 * what it makes elsewhere would stay: names may come from its memory, where readlink has put
 * "self/mounts", and 4 bytes on that is "/mounts".
 */
static void work(int number, unsigned seed)
{
	struct fuzz f = { seed | 1, 3000, NULL };
	struct sigaction action = { .sa_handler = nothing };

	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(sigaction(SIGBUS, &action, NULL));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	MUST(SYS(SYS_close_range, FIRST_FD, ~0u, 0));
	MUST(chroot(TOP));
	MUST(chdir(PLACE));
	if (number % 2) {
		MUST(setresgid(USER, USER, USER));
		MUST(setresuid(USER, USER, USER));
	}
	play(&f);
	_exit(0);
}

/* Whatever is left there, mounts too. */
static void clean(const char *at)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *all;

	while (umount2(at, MNT_DETACH) == 0)
		;
	all = opendir(at);
	while (all && (entry = readdir(all)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", at, entry->d_name);
		if (unlink(path) == -1)
			clean(path);
	}
	if (all)
		closedir(all);
	if (rmdir(at) == -1) /* a file made there after the folder had been removed */
		unlink(at);
}

int main(int argc, char **argv)
{
	long end = now_ms() + (argc > 1 ? atol(argv[1]) : 1500);
	unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
	int alive = 0, started = 0;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(mmap((char *)WORDS, ARENA_PAGES * PAGE + 16 * PAGE, PROT_READ | PROT_WRITE,
		  MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	MUST(mkdir(TOP, 0777));
	MUST(chmod(TOP, 0777));
	MUST(mkdir(TOP PLACE, 0777));
	MUST(chmod(TOP PLACE, 0777));
	MUST(mkdir(TOP "/proc", 0555));
	MUST(mount("proc", TOP "/proc", "proc", 0, NULL));
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	while (now_ms() < end) {
		for (; alive < WORKERS; alive++, started++) {
			pid_t pid = MUST(fork());

			if (pid == 0)
				work(started, (seed + started) * 2654435761u);
			shared->pids[started % WORKERS] = pid;
		}
		pid_t gone = waitpid(-1, NULL, WNOHANG);

		for (int i = 0; i < WORKERS; i++)
			if (gone > 0 && shared->pids[i] == gone) {
				alive--;
				shared->pids[i] = shared->pids[(started) % WORKERS];
			}
		if (gone <= 0)
			sleep_ms(2);
	}
	shared->stop = 1;
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (unsigned i = 0; argc > 3 && i < COUNT(calls); i++)
		say("# %s: %ld good, %ld bad", calls[i].name, (long)shared->good[i],
		    (long)shared->bad[i]);
	MUST(chdir("/"));
	clean(TOP);
	VALUE(access(TOP, F_OK));
	VALUE_OF("children left", waitpid(-1, NULL, __WALL | WNOHANG));
	return 0;
}
