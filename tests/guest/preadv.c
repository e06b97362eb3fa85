/*
 * preadv, pwritev and their second forms: an offset of their own, -1 for the
 * description's, flags, parts that end early, errors and their order.
 * Page: readv(2).
 */
#include "check.h"

static int fd;
static char one[8], two[8];
static struct iovec both[2] = { { one, 3 }, { two, 4 } };

static long preadv2_of(int file, long offset, int flags)
{
	memset(one, '.', 7), memset(two, '.', 7);
	return syscall(SYS_preadv2, file, both, 2, offset, 0, flags);
}

static long pwritev2_of(int file, long offset, int flags)
{
	return syscall(SYS_pwritev2, file, both, 2, offset, 0, flags);
}

static void show(const char *label)
{
	char text[64] = "";

	MUST(pread(fd, text, 60, 0));
	for (int i = 0; i < 40; i++)
		text[i] = text[i] ? text[i] : '0';
	text[40] = 0;
	say("%s: %s, at %ld", label, text, (long)lseek(fd, 0, SEEK_CUR));
}

static void offsets(void)
{
	MUST(lseek(fd, 5, SEEK_SET));
	VALUE(preadv(fd, both, 2, 2));
	say("%.3s %.4s", one, two);
	VALUE(preadv(fd, both, 2, 16));
	say("%.3s %.4s", one, two);
	VALUE(preadv(fd, both, 2, 100));
	VALUE(preadv(fd, both, 0, 0));
	memcpy(one, "ABC", 3), memcpy(two, "WXYZ", 4);
	VALUE(pwritev(fd, both, 2, 1));
	show("pwritev");
	VALUE(pwritev(fd, both, 2, 30));
	show("beyond the end");
	VALUE(preadv2_of(fd, -1, 0));
	say("%.3s %.4s", one, two);
	show("preadv2 at the position");
	VALUE(preadv2_of(fd, 0, 0));
	say("%.3s %.4s", one, two);
	memcpy(one, "abc", 3), memcpy(two, "wxyz", 4);
	VALUE(pwritev2_of(fd, -1, 0));
	show("pwritev2 at the position");
	VALUE(pwritev2_of(fd, 0, 0));
	show("pwritev2");
}

static void flags(void)
{
	VALUE(preadv2_of(fd, 0, 1));
	VALUE(preadv2_of(fd, 0, 2 | 4));
	VALUE(pwritev2_of(fd, 0, 2 | 4));
	VALUE(preadv2_of(fd, 0, 0x1000));
	VALUE(pwritev2_of(fd, -1, 0x40000000));
	VALUE(preadv2_of(fd, 0, -1));
	VALUE(syscall(SYS_preadv2, fd, both, 0, 0, 0, 0x1000));
}

static void errors(void)
{
	struct iovec bad[2] = { { one, 3 }, { nowhere, 4 } }, huge[2] = { { one, 3 }, { two, -1 } };
	struct iovec sum[2] = { { one, SSIZE_MAX }, { two, SSIZE_MAX } };
	int fds[2], read_only = MUST(open("preadv.tmp", O_RDONLY)), path;

	path = MUST(open("preadv.tmp", O_PATH));
	MUST(pipe(fds));
	VALUE(preadv(fd, both, 2, -1));
	VALUE(pwritev(fd, both, 2, LONG_MIN));
	VALUE(preadv2_of(fd, -2, 0));
	VALUE(preadv(99, both, 2, -1));
	VALUE(preadv(99, both, 2, 0));
	VALUE(preadv(path, both, 2, 0));
	VALUE(preadv(fds[0], both, 2, 0));
	VALUE(pwritev(fds[1], both, 2, 0));
	VALUE(preadv(fds[1], both, 2, 0));
	VALUE(pwritev(read_only, both, 2, 0));
	VALUE(pwritev2_of(read_only, -1, 0));
	VALUE(pwritev2_of(fds[1], -1, 0));
	VALUE(preadv2_of(fds[0], -1, 0));
	say("%.3s %.4s", one, two);
	VALUE(preadv(fd, bad, 2, 0));
	VALUE(pwritev(fd, bad, 1, 0));
	VALUE(preadv(fd, huge, 2, 0));
	VALUE(preadv(fd, sum, 2, 0));
	VALUE(preadv(fd, both, -1, 0));
	VALUE(preadv(fd, both, 1025, 0));
	VALUE(preadv(fd, (void *)nowhere, 1, 0));
	VALUE(preadv(fd, (void *)nowhere, 0, 0));
	VALUE(preadv(fd, both, 2, LONG_MAX));
	VALUE(pread(fd, one, 7, LONG_MAX - 6));
	VALUE(pread(fd, one, 7, LONG_MAX - 7));
	VALUE(pwrite(fd, one, 7, LONG_MAX));
	VALUE(pwrite(fd, one, 0, LONG_MAX));
	close(fds[0]), close(fds[1]), close(read_only), close(path);
}

int main(void)
{
	make_file("preadv.tmp", 0600, "0123456789abcdefghij", 20);
	fd = MUST(open("preadv.tmp", O_RDWR));
	offsets();
	flags();
	errors();
	MUST(unlink("preadv.tmp"));
	return 0;
}
