/*
 * Storm: what one user may try against another while several CPUs are in the
 * kernel. The mode of a file is changed while root takes the file over: no
 * set-user-ID file of root's may come out of it. A path is asked for while
 * directories elsewhere are renamed without a pause: the answer must come. A
 * socket is closed just as it is sent over its own peer, so that nobody can
 * receive it any more: what it held must be closed.
 *
 * args: 10
 * native: no
 *
 * From chmod(2), chown(2), getcwd(2), rename(2), unix(7).
 */
#include "storm.h"
#include "sock.h"
#include <grp.h>

enum { USER = 1000, OWNERS = 3000, DEEP = 900, ASKED = 100, RENAMERS = 3, LAST_SENDS = 400 };

static atomic_int *stop;

static void become_user(void)
{
	MUST(setgroups(0, NULL));
	MUST(setresgid(USER, USER, USER));
	MUST(setresuid(USER, USER, USER));
}

/* 0: root gives it away and takes it back; the others make it set-user-ID while it is theirs. */
static void owner(int number)
{
	int fd = MUST(open("taken", O_RDWR));
	struct stat status;

	if (number) {
		become_user();
		while (!*stop)
			fchmod(fd, 04777);
		return;
	}
	for (long i = 0; i < rounds(OWNERS); i++) {
		CHECK(fchown(fd, USER, -1) == 0);
		sched_yield();
		CHECK(fchown(fd, 0, -1) == 0);
		spin(i % 64);
		CHECK(fstat(fd, &status) == 0);
		CHECK_SAW(!(status.st_mode & S_ISUID), status.st_mode);
	}
	*stop = 1;
}

static void taking_over(void)
{
	*stop = 0;
	MUST(close(MUST(creat("taken", 0666))));
	run_processes(3, owner);
	MUST(unlink("taken"));
	say("what root has taken is nobody else's");
}

static void renamer(int number)
{
	char from[16], to[16];

	if (number == RENAMERS) {
		char path[8192];

		for (int i = 0; i < DEEP; i++)
			CHECK(mkdir("d", 0700) == 0 && chdir("d") == 0);
		for (long i = 0; i < rounds(ASKED); i++)
			CHECK(getcwd(path, sizeof(path)) != NULL);
		*stop = 1;
		while (chdir("..") == 0 && rmdir("d") == 0)
			;
		return;
	}
	snprintf(from, sizeof(from), "from%d", number);
	snprintf(to, sizeof(to), "to%d", number);
	MUST(mkdir(from, 0700));
	while (!*stop)
		CHECK(rename(from, to) == 0 && rename(to, from) == 0);
	MUST(rmdir(from));
}

static void asking(void)
{
	*stop = 0;
	run_processes(RENAMERS + 1, renamer);
	say("paths are told while directories move");
}

static int last_pair[2], last_pipe[2];
static atomic_int turn;

static void *last_close(void *unused)
{
	(void)unused;
	for (int i = 1; i <= rounds(LAST_SENDS); i++) {
		await(&turn, 2 * i - 1);
		spin(i % 50 * 8);
		CHECK(close(last_pair[0]) == 0);
		turn = 2 * i;
	}
	return NULL;
}

/* The end of the pipe goes along: its reader sees when the socket has gone. */
static void sending_last(void)
{
	struct pollfd entry = { .events = POLLIN };

	start_threads(0, 1, last_close);
	for (int i = 1; i <= rounds(LAST_SENDS); i++) {
		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, last_pair));
		MUST(pipe(last_pipe));
		int fds[2] = { last_pair[0], last_pipe[1] };

		turn = 2 * i - 1;
		send_fds(last_pair[1], "x", 1, fds, 2); /* or it is closed: EBADF, EPIPE */
		CHECK(close(last_pipe[1]) == 0);
		await(&turn, 2 * i);
		CHECK(close(last_pair[1]) == 0);
		entry.fd = last_pipe[0];
		CHECK(poll(&entry, 1, 2000) == 1 && (entry.revents & POLLHUP));
		CHECK(close(last_pipe[0]) == 0);
	}
	join_threads(0, 1);
	say("a socket sent with its last breath is closed");
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	stop = share(sizeof(*stop));
	taking_over();
	sending_last();
	asking();
	return storm_end();
}
