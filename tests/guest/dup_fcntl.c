/*
 * dup, dup2, dup3 and fcntl: what is shared (offset, status flags) and what is
 * not (FD_CLOEXEC), lowest descriptors, ioctl on what is no terminal, errors.
 *
 * From dup(2), fcntl(2), ioctl(2).
 */
#include "check.h"

static int fd;

static void copies(void)
{
	int a = MUST(dup(fd)), b, other = MUST(open("dup.tmp", O_RDWR));

	MUST(lseek(fd, 3, SEEK_SET));
	VALUE_OF("dup shares the offset", lseek(a, 0, SEEK_CUR));
	VALUE_OF("a second open does not", lseek(other, 0, SEEK_CUR));
	MUST(fcntl(a, F_SETFL, O_APPEND | O_NONBLOCK));
	YES_OF("dup shares O_APPEND and O_NONBLOCK",
	       (fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
	VALUE_OF("a second open does not", fcntl(other, F_GETFL) & (O_APPEND | O_NONBLOCK));
	MUST(fcntl(fd, F_SETFL, 0));
	MUST(fcntl(fd, F_SETFD, FD_CLOEXEC));
	VALUE_OF("dup does not share FD_CLOEXEC", fcntl(a, F_GETFD));
	b = MUST(dup(fd));
	VALUE_OF("nor does a new one inherit it", fcntl(b, F_GETFD));
	close(b);
	VALUE(dup2(fd, 50));
	VALUE(fcntl(50, F_GETFD));
	VALUE(dup3(fd, 51, O_CLOEXEC));
	VALUE(fcntl(51, F_GETFD));
	VALUE(dup3(fd, 51, 0));
	VALUE(fcntl(51, F_GETFD));
	MUST(fcntl(50, F_SETFD, FD_CLOEXEC));
	VALUE(dup2(50, 50));
	VALUE_OF("dup2 to itself keeps the flag", fcntl(50, F_GETFD));
	VALUE_OF("dup2 closes what was there", (dup2(other, 50), lseek(50, 0, SEEK_CUR)));
	close(a), close(other), close(50), close(51);
	MUST(fcntl(fd, F_SETFD, 0));
}

static void errors(void)
{
	VALUE(dup(99));
	VALUE(dup(-1));
	VALUE(dup2(99, 50));
	VALUE(dup2(99, 99));
	VALUE(dup2(fd, -1));
	VALUE(dup2(fd, INT_MAX));
	VALUE(dup2(-1, 50));
	VALUE(syscall(SYS_dup3, fd, fd, 0));
	VALUE(syscall(SYS_dup3, fd, fd, O_CLOEXEC));
	VALUE(syscall(SYS_dup3, fd, 50, O_NONBLOCK));
	VALUE(syscall(SYS_dup3, fd, 50, -1));
	VALUE(syscall(SYS_dup3, 99, 50, 0));
	VALUE(syscall(SYS_dup3, fd, INT_MAX, 0));
}

static void controls(void)
{
	int a, b;

	VALUE(fcntl(fd, F_DUPFD, 60));
	VALUE(fcntl(fd, F_DUPFD, 60));
	VALUE(fcntl(60, F_GETFD));
	VALUE(fcntl(fd, F_DUPFD_CLOEXEC, 60));
	VALUE(fcntl(62, F_GETFD));
	close(60), close(61), close(62);
	a = MUST(dup(fd));
	close(a);
	b = MUST(fcntl(fd, F_DUPFD, 0));
	YES_OF("F_DUPFD from 0 is the lowest, as dup", a == b);
	close(b);
	VALUE(fcntl(fd, F_DUPFD, -1));
	VALUE(fcntl(fd, F_DUPFD, INT_MAX));
	VALUE(fcntl(99, F_DUPFD, 0));
	VALUE(fcntl(99, F_GETFD));
	VALUE(fcntl(99, F_SETFD, 0));
	VALUE(fcntl(99, F_GETFL));
	VALUE(fcntl(fd, 9999, 0));
	VALUE(fcntl(fd, F_SETFD, 0xff));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_SETFD, 2));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_GETFL) & O_ACCMODE);
	VALUE(fcntl(fd, F_SETFL, O_RDONLY | O_APPEND | O_CREAT | O_TRUNC | O_EXCL));
	VALUE(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_CREAT | O_TRUNC | O_EXCL));
	VALUE(fcntl(fd, F_SETFL, 0));
	a = MUST(open("dup.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0600));
	VALUE(fcntl(a, F_GETFL) & (O_ACCMODE | O_CREAT | O_TRUNC));
	close(a);
}

static void terminals(void)
{
	int fds[2], null = MUST(open("/dev/null", O_RDWR));
	struct winsize size;

	MUST(pipe(fds));
	VALUE(ioctl(fd, TIOCGWINSZ, &size));
	VALUE(ioctl(fds[0], TIOCGWINSZ, &size));
	VALUE(ioctl(fds[1], 0x5401, &size));
	VALUE(ioctl(null, 0x5401, &size));
	VALUE(ioctl(fd, 0x12345678, &size));
	VALUE(ioctl(99, 0x5401, &size));
	VALUE(ioctl(-1, 0x5401, &size));
	VALUE(isatty(fds[0]));
	close(fds[0]), close(fds[1]), close(null);
}

int main(void)
{
	make_file("dup.tmp", 0644, "0123456789", 10);
	fd = MUST(open("dup.tmp", O_RDWR));
	copies();
	errors();
	controls();
	terminals();
	close(fd);
	MUST(unlink("dup.tmp"));
	return 0;
}
