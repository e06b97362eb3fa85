/*
 * F_GETFL and F_SETFL: which flags of open, pipe2 and dup a description keeps,
 * which of them can be changed, who may change them, and that what is no status
 * flag stays as it is. fdinfo shows them with the descriptor's own. F_GETOWN and
 * its like where nobody is to be told by a signal.
 * Pages: fcntl(2), open(2), proc(5).
 */
#include "check.h"

static void show_fl(const char *label, int fd)
{
	say("%s: %#o", label, fcntl(fd, F_GETFL));
}

static void opened(void)
{
	static const struct { const char *name; int flags; } all[] = {
#define F(flags) { #flags, flags }
		F(O_RDONLY), F(O_WRONLY), F(O_RDWR), F(O_RDWR | O_CREAT), F(O_RDWR | O_TRUNC),
		F(O_RDWR | O_APPEND), F(O_RDWR | O_NONBLOCK), F(O_RDONLY | O_NOCTTY),
		F(O_RDONLY | O_CLOEXEC), F(O_RDONLY | O_NOFOLLOW), F(O_WRONLY | O_DSYNC),
		F(O_WRONLY | O_SYNC), F(O_RDONLY | O_NOATIME), F(O_PATH), F(O_PATH | O_RDWR),
		F(O_PATH | O_NOFOLLOW), F(O_PATH | O_APPEND | O_NONBLOCK), F(O_RDONLY | O_LARGEFILE),
		F(O_RDONLY | 0x40000000), F(O_RDONLY | O_ASYNC),
#undef F
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		int fd = MUST(open("getfl.tmp", all[i].flags, 0600));
		show_fl(all[i].name, fd);
		MUST(close(fd));
	}
	int dir = MUST(open(".", O_RDONLY | O_DIRECTORY));
	show_fl("a directory", dir);
	MUST(close(dir));
}

static void pipes(void)
{
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC));
	show_fl("pipe, read end", fds[0]);
	show_fl("pipe, write end", fds[1]);
	MUST(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	show_fl("set", fds[0]);
	show_fl("the other end", fds[1]);
	int on = 0;
	VALUE(ioctl(fds[0], FIONBIO, &on));
	show_fl("FIONBIO off", fds[0]);
	on = 5;
	VALUE(ioctl(fds[0], FIONBIO, &on));
	show_fl("FIONBIO on", fds[0]);
	VALUE(ioctl(fds[0], FIONBIO, nowhere));
	MUST(close(fds[0]));
	MUST(close(fds[1]));
}

/* Whom signals would tell of the file: nobody, until somebody is named. */
static void owner(void)
{
	int fd = MUST(open("getfl.tmp", O_RDONLY)), who[2] = { 5, 5 };

	VALUE(syscall(SYS_fcntl, fd, F_GETOWN, 0));
	VALUE(syscall(SYS_fcntl, fd, F_GETOWN_EX, who));
	say("type %d, number %d", who[0], who[1]);
	VALUE(syscall(SYS_fcntl, fd, F_GETOWN_EX, nowhere));
	VALUE(fcntl(fd, F_GETSIG));
	VALUE(fcntl(fd, F_SETOWN, 0));
	VALUE(fcntl(fd, F_SETSIG, 0));
	VALUE(fcntl(fd, F_SETSIG, 65));
	MUST(close(fd));
}

static void changed(void)
{
	int fd = MUST(open("getfl.tmp", O_RDONLY)), copy = MUST(dup(fd)), status;

	VALUE(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	show_fl("set", copy);
	VALUE(fcntl(fd, F_SETFL, O_NOATIME | O_RDWR | O_CREAT | O_CLOEXEC | O_DIRECTORY));
	show_fl("set", copy);
	VALUE_OF("FD_CLOEXEC", fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_SETFL, -1 & ~O_DIRECT & ~O_ASYNC));
	show_fl("set", copy);
	VALUE(fcntl(fd, F_SETFL, 0));
	show_fl("set", copy);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(fcntl(fd, F_SETFL, O_APPEND));
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	show_fl("a child set it", copy);
	MUST(fcntl(fd, F_SETFL, 0));
	MUST(chmod("getfl.tmp", 0666));
	pid = MUST(fork());
	if (pid == 0) {
		if (setuid(65534) == 0) {
			VALUE_OF("O_NOATIME by who is no owner", fcntl(fd, F_SETFL, O_NOATIME));
			VALUE_OF("O_APPEND", fcntl(fd, F_SETFL, O_APPEND));
		}
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	MUST(close(fd));
	MUST(close(copy));
}

static void path_only(void)
{
	int fd = MUST(open("getfl.tmp", O_PATH));

	VALUE(fcntl(fd, F_SETFL, O_APPEND));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_SETFD, FD_CLOEXEC));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_GETPIPE_SZ));
	VALUE(fcntl(fd, 9999));
	int copy = MUST(fcntl(fd, F_DUPFD, 50));
	show_fl("a copy", copy);
	VALUE(fcntl(copy, F_GETFD));
	MUST(close(copy));
	MUST(close(fd));
	VALUE(fcntl(fd, 9999));
}

/* Asking for no event takes a watch off, and there was none. */
static void no_watches(void)
{
	int dir = MUST(open(".", O_RDONLY)), file = MUST(open("getfl.tmp", O_RDONLY));

	VALUE(fcntl(dir, F_NOTIFY, 0));
	VALUE(fcntl(dir, F_NOTIFY, 0x80000000));
	VALUE(fcntl(file, F_NOTIFY, 0));
	MUST(close(dir));
	MUST(close(file));
}

int main(void)
{
	make_file("getfl.tmp", 0600, "x", 1);
	opened();
	pipes();
	owner();
	changed();
	path_only();
	no_watches();
	MUST(unlink("getfl.tmp"));
	return 0;
}
