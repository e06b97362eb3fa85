/*
 * truncate, ftruncate, fallocate, lseek with SEEK_DATA and SEEK_HOLE: what is read then,
 * where holes are, blocks, limits and errors.
 * Pages: truncate(2), fallocate(2), lseek(2), getrlimit(2) RLIMIT_FSIZE.
 *
 * native: no
 */
#include "spec.h"

enum {
	FALLOC_FL_COLLAPSE_RANGE = 8, FALLOC_FL_INSERT_RANGE = 0x20,
};

static int fd;
static char buffer[4 * PAGE];

static long allocate(int file, int mode, long start, long length)
{
	return syscall(SYS_fallocate, file, mode, start, length);
}

static long seek(int whence, long at)
{
	return syscall(SYS_lseek, fd, at, whence);
}

/* Pages of the file: d data, 0 hole; by SEEK_DATA and SEEK_HOLE. */
static void map(const char *label)
{
	char text[65] = "";
	struct stat status;
	long end;

	MUST(fstat(fd, &status));
	end = (status.st_size + PAGE - 1) / PAGE;
	for (long page = 0; page < end && page < 64; page++)
		text[page] = seek(SEEK_DATA, page * PAGE) == page * PAGE ? 'd' : '0';
	say("%s: %s, size %ld, blocks %ld", label, text, (long)status.st_size, (long)status.st_blocks);
}

static void sizes(void)
{
	VALUE(write(fd, "0123456789", 10));
	VALUE(ftruncate(fd, 4));
	VALUE(lseek(fd, 0, SEEK_CUR));
	VALUE(ftruncate(fd, 8));
	VALUE(pread(fd, buffer, 20, 0));
	say("%s, then zero: %d", buffer, !memcmp(buffer + 4, "\0\0\0\0", 4));
	VALUE(write(fd, "z", 1));
	say("size %ld", size_of("f"));
	VALUE(ftruncate(fd, -1));
	VALUE(truncate("f", -1));
	VALUE(truncate("f", LONG_MIN));
	VALUE(truncate("absent", 0));
	VALUE(truncate("absent", -1));
	VALUE(truncate("d", 0));
	VALUE(truncate("f/", 0));
	VALUE(truncate("", 0));
	VALUE(truncate(nowhere, 0));
	VALUE(ftruncate(-1, 0));
	VALUE(ftruncate(-1, -1));
	int other_fd = MUST(open("f", O_RDONLY));
	VALUE(ftruncate(other_fd, 0));
	close(other_fd);
	other_fd = MUST(open("d", O_RDONLY));
	VALUE(ftruncate(other_fd, 0));
	close(other_fd);
	int fds[2];
	MUST(pipe(fds));
	VALUE(ftruncate(fds[1], 0));
	close(fds[0]), close(fds[1]);
	other_fd = MUST(open("/dev/null", O_RDWR));
	VALUE(ftruncate(other_fd, 0));
	VALUE(allocate(other_fd, 0, 0, 1));
	close(other_fd);
	VALUE(truncate("/dev/null", 0));
	VALUE(ftruncate(fd, 1L << 40));
	VALUE(ftruncate(fd, 0));
}

static void holes(void)
{
	map("empty");
	VALUE(seek(SEEK_DATA, 0));
	VALUE(seek(SEEK_HOLE, 0));
	MUST(ftruncate(fd, 10 * PAGE));
	map("all hole");
	VALUE(seek(SEEK_DATA, 0));
	VALUE(seek(SEEK_HOLE, 0));
	MUST(pwrite(fd, "x", 1, 2 * PAGE + 5));
	MUST(pwrite(fd, buffer, 2 * PAGE, 5 * PAGE));
	map("two pieces");
	VALUE(seek(SEEK_DATA, 0));
	VALUE(seek(SEEK_DATA, 2 * PAGE + 100));
	VALUE(seek(SEEK_DATA, 3 * PAGE));
	VALUE(seek(SEEK_DATA, 7 * PAGE));
	VALUE(seek(SEEK_HOLE, 0));
	VALUE(seek(SEEK_HOLE, 1));
	VALUE(seek(SEEK_HOLE, 2 * PAGE));
	VALUE(seek(SEEK_HOLE, 5 * PAGE + 77));
	VALUE(seek(SEEK_HOLE, 10 * PAGE - 1));
	VALUE(seek(SEEK_HOLE, 10 * PAGE));
	VALUE(seek(SEEK_DATA, 10 * PAGE));
	VALUE(seek(SEEK_DATA, -1));
	VALUE(seek(SEEK_HOLE, -1));
	VALUE(seek(5, 0));
	VALUE(seek(-1, 0));
	VALUE(seek(SEEK_CUR, 0));
	MUST(ftruncate(fd, 10 * PAGE + 7));
	MUST(pwrite(fd, "x", 1, 10 * PAGE + 6));
	VALUE(seek(SEEK_HOLE, 10 * PAGE));
	VALUE(pread(fd, buffer, PAGE, 10 * PAGE));
	MUST(ftruncate(fd, 6 * PAGE));
	map("cut");
	VALUE(seek(SEEK_SET, -1));
	VALUE(seek(SEEK_SET, 1L << 40));
	VALUE(read(fd, buffer, 1));
	VALUE(seek(SEEK_CUR, -(1L << 41)));
	VALUE(seek(SEEK_END, -6 * PAGE - 1));
	VALUE(seek(SEEK_END, 5));
	VALUE(seek(SEEK_SET, LONG_MAX));
	VALUE(seek(SEEK_CUR, 1));
	MUST(ftruncate(fd, 0));
}

static void allocating(void)
{
	VALUE(allocate(fd, 0, 0, 3 * PAGE));
	struct stat status;
	MUST(fstat(fd, &status));
	say("size %ld, blocks %ld", (long)status.st_size, (long)status.st_blocks);
	VALUE(allocate(fd, FALLOC_FL_KEEP_SIZE, 0, 5 * PAGE));
	say("size %ld", size_of("f"));
	VALUE(allocate(fd, 0, 0, 1));
	say("size %ld", size_of("f"));
	memset(buffer, 'a', sizeof(buffer));
	MUST(pwrite(fd, buffer, 3 * PAGE, 0));
	VALUE(allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
	say("size %ld", size_of("f"));
	VALUE(seek(SEEK_HOLE, 0));
	VALUE(allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10, 20));
	MUST(pread(fd, buffer, 64, 0));
	say("punched in a page: %d %d %d %d", buffer[9], buffer[10], buffer[29], buffer[30]);
	MUST(pread(fd, buffer, 2, PAGE + 5));
	say("punched page: %d", buffer[0]);
	VALUE(allocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE));
	VALUE(allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 20 * PAGE, PAGE));
	say("size %ld", size_of("f"));
	VALUE(allocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE));
	VALUE(allocate(fd, FALLOC_FL_INSERT_RANGE, 0, PAGE));
	VALUE(allocate(fd, 0x100, 0, PAGE));
	VALUE(allocate(fd, 0, 0, 0));
	VALUE(allocate(fd, 0, 0, -1));
	VALUE(allocate(fd, 0, -1, PAGE));
	VALUE(allocate(fd, 0, LONG_MAX, PAGE));
	VALUE(allocate(-1, 0, 0, PAGE));
	int more = MUST(open("f", O_RDONLY));
	VALUE(allocate(more, 0, 0, PAGE));
	close(more);
	more = MUST(open("d", O_RDONLY));
	VALUE(allocate(more, 0, 0, PAGE));
	close(more);
	int fds[2];
	MUST(pipe(fds));
	VALUE(allocate(fds[1], 0, 0, PAGE));
	VALUE(allocate(fds[0], 0, 0, PAGE));
	VALUE(lseek(fds[0], 0, SEEK_DATA));
	close(fds[0]), close(fds[1]);
}

static void file_size_limit(void)
{
	struct rlimit limit = { 2 * PAGE, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	MUST(setrlimit(RLIMIT_FSIZE, &limit));
	MUST(ftruncate(fd, 0));
	VALUE(ftruncate(fd, 2 * PAGE));
	VALUE(ftruncate(fd, 2 * PAGE + 1));
	VALUE(truncate("f", 3 * PAGE));
	VALUE(allocate(fd, 0, 0, 3 * PAGE));
	VALUE(pwrite(fd, buffer, 10, 2 * PAGE - 4));
	VALUE(pwrite(fd, buffer, 10, 2 * PAGE));
	VALUE(pwrite(fd, buffer, 0, 2 * PAGE));
	say("size %ld", size_of("f"));
	limit.rlim_cur = RLIM_INFINITY;
	MUST(setrlimit(RLIMIT_FSIZE, &limit));
}

int main(void)
{
	spec_enter();
	MUST(mkdir("d", 0755));
	fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
	sizes();
	holes();
	allocating();
	file_size_limit();
	close(fd);
	spec_leave();
	return 0;
}
