/*
 * read, write, pread, pwrite, readv, writev, lseek: offsets, holes, O_APPEND,
 * zero lengths, vectors, and the errors.
 *
 * From read(2), write(2), pread(2), readv(2), lseek(2).
 */
#include "check.h"

static char buffer[8192];
static int fd, fds[2], dir;

static void show_content(const char *label)
{
	char text[64];
	long n = MUST(pread(fd, text, sizeof(text) - 1, 0));

	for (long i = 0; i < n; i++)
		if (text[i] == 0)
			text[i] = '.';
	text[n] = '\0';
	say("%s: \"%s\"", label, text);
}

static void plain(void)
{
	VALUE(write(fd, "hello", 5));
	VALUE(read(fd, buffer, 10));
	VALUE(lseek(fd, 0, SEEK_SET));
	VALUE(read(fd, buffer, 3));
	VALUE(read(fd, buffer, 10));
	VALUE(read(fd, buffer, 10));
	VALUE(write(fd, "", 0));
	VALUE(lseek(fd, 10, SEEK_SET));
	VALUE(read(fd, buffer, 1));
	VALUE(write(fd, "end", 3));
	show_content("a hole");
	VALUE(pwrite(fd, "XY", 2, 1));
	VALUE(lseek(fd, 0, SEEK_CUR));
	VALUE(pread(fd, buffer, 100, 11));
	VALUE(pread(fd, buffer, 100, 13));
	VALUE(pread(fd, buffer, 100, 1000));
	VALUE(pwrite(fd, "Z", 1, 15));
	show_content("pwrite");
	VALUE(pread(fd, buffer, 1, -1));
	VALUE(pwrite(fd, buffer, 1, -1));
	VALUE(pread(fd, buffer, 0, 0));
}

static void seeking(void)
{
	VALUE(lseek(fd, 0, SEEK_END));
	VALUE(lseek(fd, -6, SEEK_END));
	VALUE(lseek(fd, 2, SEEK_CUR));
	VALUE(lseek(fd, -100, SEEK_CUR));
	VALUE(lseek(fd, 0, SEEK_CUR));
	VALUE(lseek(fd, -1, SEEK_SET));
	VALUE(lseek(fd, LONG_MIN, SEEK_SET));
	VALUE(lseek(fd, 0, 99));
	VALUE(lseek(fd, 0, -1));
	VALUE(lseek(fd, 1L << 40, SEEK_SET));
	VALUE(lseek(fd, LONG_MAX, SEEK_CUR));
	VALUE(lseek(99, 0, SEEK_SET));
	VALUE(lseek(-1, 0, SEEK_SET));
	VALUE(lseek(fds[0], 0, SEEK_CUR));
	VALUE(lseek(fds[1], 0, SEEK_SET));
	VALUE(pread(fds[0], buffer, 1, 0));
	VALUE(pwrite(fds[1], buffer, 1, 0));
}

static void appending(void)
{
	int other;

	MUST(ftruncate(fd, 0));
	MUST(pwrite(fd, "base", 4, 0));
	other = MUST(open("rw.tmp", O_RDWR | O_APPEND));
	VALUE(lseek(other, 0, SEEK_SET));
	VALUE(write(other, "+one", 4));
	VALUE(lseek(other, 0, SEEK_CUR));
	MUST(pwrite(fd, "++", 2, 8));
	VALUE(write(other, "+two", 4));
	/* BUGS in pwrite(2): with O_APPEND, Linux appends whatever the offset. */
	VALUE(pwrite(other, "P", 1, 0));
	show_content("O_APPEND");
	close(other);
}

static void vectors(void)
{
	static struct iovec many[1025];
	struct iovec out[4] = { { "abc", 3 }, { "", 0 }, { "defg", 4 }, { "h", 1 } };
	char one[2], two[3], three[10];
	struct iovec in[4] = { { one, 2 }, { NULL, 0 }, { two, 3 }, { three, 10 } };

	MUST(ftruncate(fd, 0));
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE(writev(fd, out, 4));
	show_content("writev");
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE(readv(fd, in, 4));
	say("readv: %.2s %.3s %.3s", one, two, three);
	VALUE(readv(fd, in, 4));
	VALUE(readv(fd, in, 0));
	VALUE(writev(fd, out, 0));
	VALUE(writev(fd, NULL, 0));
	VALUE(writev(fd, out, -1));
	VALUE(readv(fd, in, -1));
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct iovec){ "m", 1 };
	VALUE(writev(fd, many, 1024));
	VALUE(writev(fd, many, 1025));
	many[0].iov_len = -1;
	VALUE(writev(fd, many, 2));
	VALUE(writev(99, out, 1));
	VALUE(readv(99, in, 1));
	VALUE(writev(fds[1], out, 4));
	VALUE(readv(fds[0], in, 4));
}

static void errors(void)
{
	VALUE(read(99, buffer, 1));
	VALUE(write(99, buffer, 1));
	VALUE(read(-1, buffer, 1));
	VALUE(write(-1, buffer, 0));
	VALUE(pread(99, buffer, 1, 0));
	VALUE(pwrite(99, buffer, 1, 0));
	VALUE(read(dir, buffer, 1));
	VALUE(pread(dir, buffer, 1, 0));
	VALUE(write(dir, buffer, 1));
	VALUE(read(fds[1], buffer, 1));
	VALUE(write(fds[0], buffer, 1));
	VALUE(close(99));
	VALUE(close(-1));
	VALUE(close(dir));
	VALUE(close(dir));
	VALUE(read(dir, buffer, 1));
}

/* A megabyte in odd pieces comes back as it was written. */
static void large(void)
{
	uint32_t seed = 1, check = 1;
	size_t done = 0, wrong = 0;
	long n;

	MUST(ftruncate(fd, 0));
	MUST(lseek(fd, 0, SEEK_SET));
	for (size_t piece = 1; done < MIB(1); piece = piece * 7 % 8191 + 1) {
		for (size_t i = 0; i < piece; i++)
			buffer[i] = (seed = seed * 1103515245 + 12345) >> 16;
		done += MUST(write(fd, buffer, piece));
	}
	MUST(lseek(fd, 0, SEEK_SET));
	while ((n = MUST(read(fd, buffer, 4099))) > 0)
		for (long i = 0; i < n; i++)
			wrong += buffer[i] != (char)((check = check * 1103515245 + 12345) >> 16);
	VALUE_OF("wrong bytes of a megabyte", wrong);
	YES_OF("the size is what was written", lseek(fd, 0, SEEK_END) == (off_t)done);
}

int main(void)
{
	fd = MUST(open("rw.tmp", O_RDWR | O_CREAT | O_TRUNC, 0644));
	dir = MUST(open(".", O_RDONLY));
	MUST(pipe(fds));
	plain();
	seeking();
	appending();
	vectors();
	errors();
	large();
	close(fd);
	MUST(unlink("rw.tmp"));
	return 0;
}
