/*
 * RLIMIT_FSIZE: writes stop at the limit, one that begins there gives SIGXFSZ
 * and EFBIG, as truncate beyond it; pipes and files that are longer already.
 *
 * native: no
 *
 * From getrlimit(2), write(2), truncate(2), signal(7).
 */
#include "check.h"

static volatile int signals;

static void count(int sig)
{
	(void)sig;
	signals++;
}

static void limit(rlim_t soft)
{
	MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ soft, RLIM_INFINITY }));
}

static long size(int fd)
{
	struct stat st;

	MUST(fstat(fd, &st));
	return st.st_size;
}

static void writes(void)
{
	static char bytes[20000];
	struct iovec parts[2] = { { bytes, 600 }, { bytes, 600 } };
	int fd = MUST(open("file", O_RDWR | O_CREAT | O_TRUNC, 0600)), fds[2];

	signal(SIGXFSZ, count);
	limit(10000);
	VALUE_OF("8,000 bytes", write(fd, bytes, 8000));
	VALUE_OF("8,000 more", write(fd, bytes, 8000));
	VALUE_OF("no signal yet", signals);
	VALUE_OF("one more", write(fd, bytes, 1));
	VALUE_OF("signals", signals);
	VALUE_OF("none", write(fd, bytes, 0));
	VALUE_OF("signals", signals);
	VALUE_OF("inside", pwrite(fd, bytes, 100, 0));
	VALUE_OF("across", pwrite(fd, bytes, 100, 9950));
	VALUE_OF("beyond", pwrite(fd, bytes, 100, 20000));
	VALUE_OF("signals", signals);
	VALUE_OF("size", size(fd));
	VALUE_OF("up", ftruncate(fd, 10001));
	VALUE_OF("up by name", truncate("file", 50000));
	VALUE_OF("signals", signals);
	VALUE_OF("down", ftruncate(fd, 9000));
	VALUE_OF("up to it", ftruncate(fd, 10000));
	MUST(ftruncate(fd, 9000));
	MUST(lseek(fd, 0, SEEK_END));
	VALUE_OF("in two parts", writev(fd, parts, 2));
	VALUE_OF("size", size(fd));
	MUST(ftruncate(fd, 9400));
	MUST(lseek(fd, 0, SEEK_END));
	VALUE_OF("the second part begins at the limit", writev(fd, parts, 2));
	VALUE_OF("signals", signals);
	MUST(fcntl(fd, F_SETFL, O_APPEND));
	VALUE_OF("append", write(fd, bytes, 1));
	limit(5000);
	VALUE_OF("a lower limit, inside", pwrite(fd, bytes, 10, 100));
	VALUE_OF("shorter, but above it", ftruncate(fd, 6000));
	VALUE_OF("longer", ftruncate(fd, 6001));
	VALUE_OF("signals", signals);
	MUST(pipe(fds));
	limit(0);
	VALUE_OF("a pipe", write(fds[1], bytes, 100));
	VALUE_OF("a new file, empty", open("empty", O_WRONLY | O_CREAT, 0600) >= 0);
	MUST(unlink("empty"));
	signal(SIGXFSZ, SIG_IGN);
	VALUE_OF("ignored", write(fd, bytes, 1));
}

static void default_action(void)
{
	int fd = MUST(open("file", O_WRONLY | O_TRUNC));

	limit(1);
	MUST(write(fd, "ab", 2) == 1 ? 0 : -1);
	write(fd, "b", 1);
}

int main(void)
{
	in_child("writes", writes);
	in_child("default", default_action);
	MUST(unlink("file"));
	return 0;
}
