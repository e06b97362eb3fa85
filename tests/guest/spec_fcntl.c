/*
 * fcntl and the dup family: flags of descriptor and description, who shares which over dup,
 * fork and exec, lowest numbers, unknown commands. Pages: fcntl(2), dup(2), open(2), pipe(2),
 * close(2), ioctl_fioclex(2).
 *
 * native: no
 */
#include "spec.h"

static int fd;

static void flags(void)
{
	int same = MUST(dup(fd)), more = MUST(open("f", O_RDWR));

	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_SETFD, FD_CLOEXEC));
	VALUE(fcntl(same, F_GETFD));
	VALUE(fcntl(fd, F_SETFD, 0xff));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_SETFD, 0xfe));
	VALUE(fcntl(fd, F_GETFD));
	say("%o", fcntl(fd, F_GETFL));
	VALUE(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_RDONLY));
	say("%o", fcntl(fd, F_GETFL));
	VALUE(fcntl(fd, F_SETFL, O_WRONLY | O_CREAT | O_EXCL | O_TRUNC | O_DIRECTORY | O_CLOEXEC));
	say("%o", fcntl(fd, F_GETFL));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_SETFL, O_NOATIME));
	say("%o, dup %o, another open %o", fcntl(fd, F_GETFL), fcntl(same, F_GETFL), fcntl(more, F_GETFL));
	VALUE(fcntl(fd, F_SETFL, O_SYNC));
	say("%o", fcntl(fd, F_GETFL));
	VALUE(fcntl(fd, F_SETFL, 0));
	AS(9, 9, fcntl(fd, F_SETFL, O_NOATIME));
	AS(9, 9, fcntl(fd, F_SETFL, O_APPEND));
	say("shared over fork: %o", fcntl(fd, F_GETFL));
	VALUE(ioctl(fd, FIONBIO, &(int){ 1 }));
	say("%o", fcntl(fd, F_GETFL));
	VALUE(ioctl(fd, FIONBIO, &(int){ 0 }));
	VALUE(ioctl(fd, FIOCLEX));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(ioctl(fd, FIONCLEX));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(ioctl(-1, FIOCLEX));
	VALUE(ioctl(fd, TCGETS, NULL));
	VALUE(ioctl(fd, 0x12345678, NULL));
	close(same), close(more);
	VALUE(fcntl(fd, F_SETFL, O_APPEND));
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE(write(fd, "Z", 1));
	VALUE(lseek(fd, 0, SEEK_CUR));
	VALUE(fcntl(fd, F_SETFL, 0));
}

static void commands(void)
{
	VALUE(fcntl(-1, F_GETFD));
	VALUE(fcntl(-1, 4711));
	VALUE(fcntl(fd, 4711));
	VALUE(fcntl(fd, -1));
	VALUE(fcntl(1000, F_GETFL));
	VALUE(fcntl(fd, F_SETLK, nowhere));
	VALUE(fcntl(fd, F_GETLK, NULL));
	VALUE(fcntl(-1, F_SETLK, nowhere));
}

static void copies(void)
{
	VALUE(dup(-1));
	VALUE(dup(fd));
	VALUE(dup2(fd, fd));
	VALUE(dup2(-1, fd));
	VALUE(dup2(fd, -1));
	VALUE(dup2(77, 77));
	VALUE(dup2(fd, 1 << 30));
	VALUE(dup2(fd, 30));
	VALUE(dup3(fd, 30, 0));
	VALUE(dup3(fd, fd, 0));
	VALUE(dup3(77, 77, 0));
	VALUE(dup3(fd, fd, O_CLOEXEC));
	VALUE(dup3(fd, 31, O_CLOEXEC));
	VALUE(fcntl(31, F_GETFD));
	VALUE(dup2(31, 32));
	VALUE(fcntl(32, F_GETFD));
	VALUE(dup2(31, 31));
	VALUE(fcntl(31, F_GETFD));
	VALUE(dup3(fd, 31, 0));
	VALUE(fcntl(31, F_GETFD));
	VALUE(dup3(fd, 31, O_NONBLOCK));
	VALUE(dup3(fd, 31, O_CLOEXEC | 1));
	VALUE(dup3(-1, 31, O_CLOEXEC | 1));
	VALUE(dup3(fd, -1, 0));
	VALUE(dup3(-1, 31, 0));
	VALUE(fcntl(31, F_GETFD));
	VALUE(fcntl(fd, F_DUPFD, 30));
	VALUE(fcntl(fd, F_DUPFD, 0));
	VALUE(fcntl(fd, F_DUPFD, -1));
	VALUE(fcntl(fd, F_DUPFD, 1 << 20));
	VALUE(fcntl(fd, F_DUPFD, 1023));
	VALUE(fcntl(fd, F_DUPFD, 1023));
	VALUE(fcntl(fd, F_DUPFD, 1024));
	VALUE(fcntl(-1, F_DUPFD, 5));
	VALUE(fcntl(fd, F_DUPFD_CLOEXEC, 100));
	VALUE(fcntl(100, F_GETFD));
	VALUE(fcntl(100, F_DUPFD, 100));
	VALUE(fcntl(101, F_GETFD));
	VALUE(close(31));
	VALUE(close(31));
	VALUE(dup(fd));
	for (int i = 0; i < 1024; i++)
		if (i > 2 && i != fd)
			close(i);
}

/* Run again by exec, it tells which numbers are open. */
static void list_open(void)
{
	char text[200] = "open:";

	for (int i = 3; i < 1024; i++)
		if (fcntl(i, F_GETFD) != -1)
			snprintf(text + strlen(text), 16, " %d", i);
	say("%s", text);
}

static void over_exec(const char *self)
{
	int status, fds[2];
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(dup3(fd, 40, O_CLOEXEC));
		MUST(dup2(40, 41));
		MUST(fcntl(fd, F_DUPFD_CLOEXEC, 42));
		MUST(fcntl(fd, F_DUPFD, 43));
		MUST(dup2(fd, 63)), MUST(dup2(fd, 64)), MUST(dup3(fd, 65, O_CLOEXEC)), MUST(dup2(fd, 1023));
		MUST(pipe2(fds, O_CLOEXEC));
		MUST(pipe2(fds, 0));
		MUST(open("f", O_RDONLY | O_CLOEXEC));
		MUST(open("f", O_RDONLY));
		MUST(fcntl(fcntl(fd, F_DUPFD, 200), F_SETFD, FD_CLOEXEC));
		execl(self, self, "list", (char *)NULL);
		_exit(1);
	}
	MUST(waitpid(pid, &status, 0));
	say("%s", status_text(status));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(dup3(fd, 40, O_CLOEXEC));
		VALUE(execl("/absent", "x", (char *)NULL));
		VALUE_OF("after an exec that failed it is open still", fcntl(40, F_GETFD));
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
}

static void pipes(void)
{
	int fds[2] = { -5, -6 };

	VALUE(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	say("%d %d %o %o", fcntl(fds[0], F_GETFD), fcntl(fds[1], F_GETFD), fcntl(fds[0], F_GETFL),
	    fcntl(fds[1], F_GETFL));
	VALUE(fcntl(fds[0], F_SETFL, 0));
	say("%o %o", fcntl(fds[0], F_GETFL), fcntl(fds[1], F_GETFL));
	close(fds[0]), close(fds[1]);
	VALUE(syscall(SYS_pipe2, fds, O_APPEND));
	VALUE(syscall(SYS_pipe2, fds, O_RDWR));
	VALUE(syscall(SYS_pipe2, fds, -1));
	VALUE(syscall(SYS_pipe2, nowhere, 0));
	VALUE(syscall(SYS_pipe, nowhere));
	VALUE_OF("nothing stays open", fcntl(fd + 1, F_GETFD));
	VALUE(syscall(SYS_pipe2, nowhere, O_APPEND));
	MUST(pipe(fds));
	VALUE(write(fds[0], "x", 1));
	VALUE(read(fds[1], fds, 1));
	VALUE(lseek(fds[0], 0, SEEK_CUR));
	VALUE(ftruncate(fds[0], 0));
	VALUE(fsync(fds[0]));
	VALUE(fchdir(fds[0]));
	VALUE(ioctl(fds[0], FIONREAD, &fd) + fd * 0);
}

int main(int argc, char **argv __attribute__((unused)))
{
	if (argc > 1) {
		list_open();
		return 0;
	}
	spec_enter();
	make_file("f", 0644, "abc", 3);
	fd = MUST(open("f", O_RDWR));
	flags();
	commands();
	copies();
	over_exec("/proc/self/exe");
	pipes();
	spec_leave();
	return 0;
}
