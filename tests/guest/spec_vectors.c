/*
 * readv, writev, preadv, pwritev, preadv2, pwritev2, pread, pwrite: limits of counts and
 * sums, partial transfers, offsets, flags, which object takes which.
 * Pages: readv(2), pread(2), read(2), write(2).
 *
 * native: no
 */
#include "spec.h"

enum { HIPRI = 1, DSYNC = 2, SYNC = 4, NOWAIT = 8, APPEND = 16 };

static int fd, fds[2];
static char buffer[3 * PAGE], *edge;

static long v(long number, int file, struct iovec *parts, long count, long offset, int flags)
{
	return syscall(number, file, parts, count, offset, 0L, flags);
}

#define PREADV(...) v(SYS_preadv, __VA_ARGS__, 0)
#define PWRITEV(...) v(SYS_pwritev, __VA_ARGS__, 0)
#define PREADV2(...) v(SYS_preadv2, __VA_ARGS__)
#define PWRITEV2(...) v(SYS_pwritev2, __VA_ARGS__)

static void show(const char *label)
{
	char text[64];
	long n = MUST(pread(fd, text, sizeof(text) - 1, 0));

	for (long i = 0; i < n; i++)
		if (text[i] == 0)
			text[i] = '.';
	text[n] = 0;
	say("%s: '%s' at %ld", label, text, (long)lseek(fd, 0, SEEK_CUR));
}

static void counts(void)
{
	static struct iovec many[1030];
	struct iovec none = { NULL, 0 }, huge[2] = { { buffer, LONG_MAX }, { buffer, LONG_MAX } };
	struct iovec negative = { buffer, -1 };

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct iovec){ "abcd" + i % 4, 1 };
	VALUE(writev(fd, many, 0));
	VALUE(writev(fd, NULL, 0));
	VALUE(writev(fd, many, -1));
	VALUE(writev(fd, many, 1024));
	VALUE(writev(fd, many, 1025));
	VALUE(readv(fd, many, 1025));
	VALUE(readv(fd, many, -1));
	VALUE(writev(fd, &none, 1));
	VALUE(writev(fd, huge, 2));
	VALUE(writev(fd, &negative, 1));
	VALUE(readv(fd, &negative, 1));
	VALUE(writev(fd, (void *)nowhere, 1));
	VALUE(writev(fd, (void *)nowhere, 0));
	VALUE(ftruncate(fd, 0));
	VALUE(lseek(fd, 0, SEEK_SET));
	struct iovec three[3] = { { "one", 3 }, { (void *)8, 0 }, { "two", 3 } };
	VALUE(writev(fd, three, 3));
	show("an empty part's address is not looked at");
	struct iovec bad[3] = { { "abc", 3 }, { nowhere, 4 }, { "def", 3 } };
	VALUE(writev(fd, bad, 3));
	show("up to the bad part");
	VALUE(writev(fd, bad + 1, 2));
	memcpy(edge - 5, "edged", 5);
	struct iovec over = { edge - 5, 10 };
	VALUE_OF("writev over the edge of memory", writev(fd, &over, 1));
	VALUE_OF("write over the edge of memory", write(fd, edge - 5, 10));
	show("then");
	lseek(fd, 0, SEEK_SET);
	VALUE_OF("readv over the edge of memory", readv(fd, &over, 1));
	struct iovec kernel = { in_kernel, 4 };
	VALUE(writev(fd, &kernel, 1));
	VALUE(readv(fd, &kernel, 1));
}

static void offsets(void)
{
	struct iovec out[2] = { { "AB", 2 }, { "CD", 2 } }, in[2] = { { buffer, 3 }, { buffer + 100, 9 } };

	MUST(ftruncate(fd, 0));
	MUST(lseek(fd, 1, SEEK_SET));
	VALUE(PWRITEV(fd, out, 2, 2L));
	show("after pwritev");
	VALUE(PREADV(fd, in, 2, 1L));
	say("%.3s %.2s", buffer[0] ? buffer : buffer + 1, buffer + 100);
	VALUE(PREADV(fd, in, 2, 6L));
	VALUE(PREADV(fd, in, 2, 600L));
	VALUE(PREADV(fd, in, 2, -1L));
	VALUE(PWRITEV(fd, out, 2, -1L));
	VALUE(PWRITEV(fd, out, 2, LONG_MIN));
	VALUE(PWRITEV(fd, out, 2, LONG_MAX));
	VALUE(PREADV(fd, in, 2, LONG_MAX));
	VALUE(PREADV(fd, in, 1025, 0L));
	VALUE(PREADV(-1, in, 2, 0L));
	VALUE(PREADV(fds[0], in, 2, 0L));
	VALUE(PWRITEV(fds[1], out, 2, 0L));
	VALUE(PREADV(fds[0], in, 2, -1L));
	VALUE(pread(fds[0], buffer, 1, 0));
	VALUE(pwrite(fds[1], "x", 1, 0));
	VALUE(pread(fd, buffer, 1, -1));
	VALUE(pwrite(fd, "x", 1, -1));
	VALUE(pread(fd, buffer, 0, -1));
	VALUE(pwrite(fd, "x", 1, LONG_MAX));
	VALUE(pread(fd, buffer, 1, LONG_MAX));
	VALUE(pread(-1, buffer, 1, -1));
	int folder = MUST(open(".", O_RDONLY));
	VALUE(pread(folder, buffer, 1, 0));
	VALUE(read(folder, buffer, 1));
	VALUE(read(folder, buffer, 0));
	VALUE(write(folder, "x", 1));
	VALUE(readv(folder, in, 2));
	close(folder);
	int tail = MUST(open("f", O_WRONLY | O_APPEND));
	VALUE_OF("pwrite with O_APPEND goes to the end", pwrite(tail, "P", 1, 0));
	VALUE_OF("pwritev, too", PWRITEV(tail, out, 2, 0L));
	VALUE(lseek(tail, 0, SEEK_CUR));
	VALUE(write(tail, "W", 1));
	VALUE(lseek(tail, 0, SEEK_CUR));
	show("then");
	close(tail);
}

static void second(void)
{
	struct iovec out = { "xyz", 3 }, in = { buffer, 4 };

	MUST(ftruncate(fd, 0));
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE_OF("pwritev2 at -1: the current offset", PWRITEV2(fd, &out, 1, -1L, 0));
	VALUE(PWRITEV2(fd, &out, 1, -1L, DSYNC));
	VALUE(PWRITEV2(fd, &out, 1, 0L, SYNC));
	VALUE(PWRITEV2(fd, &out, 1, -2L, 0));
	show("then");
	VALUE_OF("RWF_APPEND at an offset", PWRITEV2(fd, &out, 1, 0L, APPEND));
	show("then");
	VALUE_OF("RWF_APPEND at -1", PWRITEV2(fd, &out, 1, -1L, APPEND));
	show("then");
	VALUE(PREADV2(fd, &in, 1, 2L, 0));
	VALUE(PREADV2(fd, &in, 1, -1L, 0));
	VALUE(PREADV2(fd, &in, 1, 0L, 0x4000));
	VALUE(PWRITEV2(fd, &out, 1, 0L, 0x4000));
	VALUE(PREADV2(fd, &in, 1, 0L, HIPRI) >= 0 || errno == EOPNOTSUPP);
	VALUE_OF("a pipe at -1", PWRITEV2(fds[1], &out, 1, -1L, 0));
	VALUE_OF("a pipe at -1", PREADV2(fds[0], &in, 1, -1L, 0));
	VALUE_OF("a pipe at 0", PREADV2(fds[0], &in, 1, 0L, 0));
	VALUE_OF("an empty pipe, RWF_NOWAIT", PREADV2(fds[0], &in, 1, -1L, NOWAIT));
}

static void amounts(void)
{
	static const size_t sizes[] = { 0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 5 };
	int null = MUST(open("/dev/null", O_RDWR)), zero = MUST(open("/dev/zero", O_RDWR));

	for (size_t i = 0; i < COUNT(sizes); i++) {
		MUST(ftruncate(fd, 0));
		MUST(lseek(fd, 0, SEEK_SET));
		VALUE(write(fd, buffer, sizes[i]));
		VALUE(pread(fd, buffer, sizeof(buffer), 0));
		VALUE(pread(fd, buffer, sizeof(buffer), PAGE));
	}
	VALUE_OF("at most 0x7ffff000 bytes at once", write(null, edge - 10, 10));
	VALUE_OF("2 GiB and more to /dev/null", syscall(SYS_write, null, 0x10000, 0xffffffffL));
	VALUE(syscall(SYS_write, null, nowhere, 100));
	VALUE(syscall(SYS_write, null, 8, -1L));
	VALUE(syscall(SYS_read, null, nowhere, 100));
	VALUE(syscall(SYS_read, zero, nowhere, 100));
	VALUE_OF("/dev/zero over the edge", read(zero, edge - 16, 32));
	VALUE(read(fd, nowhere, 0));
	VALUE(read(fd, buffer, -1) == -1 || 1);
	VALUE(write(-1, nowhere, 0));
	VALUE(read(0x7fffffff, buffer, 1));
	close(null), close(zero);
}

int main(void)
{
	spec_enter();
	edge = map_before_hole(PAGE) + PAGE;
	MUST(pipe(fds));
	fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
	counts();
	offsets();
	second();
	amounts();
	close(fd);
	spec_leave();
	return 0;
}
