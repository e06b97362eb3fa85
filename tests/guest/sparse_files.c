/*
 * Files with holes: st_blocks, reading, SEEK_DATA and SEEK_HOLE, fallocate,
 * offsets beyond 4 GiB, truncation far out; and the errors.
 *
 * From lseek(2), fallocate(2), truncate(2), stat(2).
 */
#include "check.h"

static char page[PAGE], zeros[PAGE];
static int fd;

static long sectors(void)
{
	struct stat st;

	MUST(fstat(fd, &st));
	return st.st_blocks;
}

static long size(void)
{
	struct stat st;

	MUST(fstat(fd, &st));
	return st.st_size;
}

static int is_zero(off_t at, size_t length)
{
	char bytes[PAGE];

	return pread(fd, bytes, length, at) == (ssize_t)length && memcmp(bytes, zeros, length) == 0;
}

static void fresh(void)
{
	MUST(ftruncate(fd, 0));
	MUST(lseek(fd, 0, SEEK_SET));
}

static void holes(void)
{
	off_t far = (off_t)5 << 30;

	VALUE(lseek(fd, 0, SEEK_DATA));
	VALUE(lseek(fd, 0, SEEK_HOLE));
	OK(ftruncate(fd, MIB(300)));
	VALUE(sectors());
	YES(is_zero(MIB(150) + 7, 100));
	VALUE(sectors());
	VALUE(lseek(fd, 0, SEEK_DATA));
	VALUE(lseek(fd, 123, SEEK_HOLE));
	VALUE(lseek(fd, 0, SEEK_CUR));
	VALUE(pwrite(fd, page, 100, MIB(2) + 50));
	VALUE(sectors());
	VALUE(pwrite(fd, page, PAGE, far));
	VALUE(size() == far + PAGE);
	VALUE(sectors());
	VALUE(lseek(fd, 0, SEEK_DATA));
	VALUE(lseek(fd, MIB(2) + 60, SEEK_DATA));
	VALUE(lseek(fd, MIB(2) + 60, SEEK_HOLE));
	VALUE(lseek(fd, MIB(2) + PAGE, SEEK_DATA) == far);
	VALUE(lseek(fd, far + 10, SEEK_DATA) == far + 10);
	VALUE(lseek(fd, far + 10, SEEK_HOLE) == far + PAGE);
	VALUE(lseek(fd, far + PAGE, SEEK_HOLE));
	VALUE(lseek(fd, far + PAGE, SEEK_DATA));
	VALUE(lseek(fd, -1, SEEK_DATA));
	VALUE(lseek(fd, -1, SEEK_HOLE));
	VALUE(lseek(fd, 0, 5));
	YES(is_zero(far - 100, 100));
	OK(ftruncate(fd, far + 10));
	OK(ftruncate(fd, far + PAGE));
	YES(is_zero(far + 10, 1000));
	OK(ftruncate(fd, MIB(2)));
	VALUE(sectors());
	VALUE(lseek(fd, 0, SEEK_DATA));
}

static void huge(void)
{
	off_t end = ((off_t)1 << 43) - 1;

	fresh();
	OK(ftruncate(fd, end));
	VALUE(sectors());
	VALUE(pwrite(fd, "x", 1, end - 1));
	VALUE(sectors());
	VALUE(lseek(fd, 0, SEEK_DATA) == (end - 1) / PAGE * PAGE);
	VALUE(lseek(fd, end - 1, SEEK_HOLE) == end);
	VALUE(lseek(fd, 0, SEEK_END) == end);
	VALUE(ftruncate(fd, -1));
	VALUE(pwrite(fd, "x", 1, LONG_MAX - 1));
	OK(ftruncate(fd, 0));
	VALUE(sectors());
}

static void allocated(void)
{
	fresh();
	OK(fallocate(fd, 0, 0, 3 * PAGE + 5));
	VALUE(size());
	VALUE(sectors());
	YES(is_zero(0, PAGE));
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, MIB(1), PAGE));
	VALUE(size());
	VALUE(sectors());
	OK(fallocate(fd, 0, 0, 10));
	VALUE(size());
	for (int i = 0; i < 6; i++)
		MUST(pwrite(fd, page, PAGE, i * PAGE));
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE + 100, 3 * PAGE));
	VALUE(size());
	VALUE(lseek(fd, 0, SEEK_HOLE));
	VALUE(lseek(fd, 2 * PAGE, SEEK_DATA));
	YES(is_zero(PAGE + 100, PAGE) && is_zero(3 * PAGE, PAGE) && is_zero(4 * PAGE, 100));
	VALUE(is_zero(PAGE + 99, 1));
	VALUE(is_zero(4 * PAGE + 100, 1));
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10, 20));
	YES(is_zero(10, 20));
	VALUE(is_zero(9, 1));
	VALUE(is_zero(30, 1));
	MUST(ftruncate(fd, MIB(2)));
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, GIB(1)));
	VALUE(size());
	VALUE(sectors());
	VALUE(lseek(fd, 0, SEEK_DATA));
}

static void errors(void)
{
	int fds[2], other;

	VALUE(fallocate(fd, 0, -1, 10));
	VALUE(fallocate(fd, 0, 0, 0));
	VALUE(fallocate(fd, 0, 0, -1));
	VALUE(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10));
	VALUE(fallocate(fd, 0x1000, 0, 10));
	VALUE(fallocate(fd, 0, LONG_MAX - 5, 4));
	VALUE(fallocate(99, 0, 0, 10));
	other = MUST(open("sparse", O_RDONLY));
	VALUE(fallocate(other, 0, 0, 10));
	close(other);
	MUST(pipe(fds));
	VALUE(fallocate(fds[1], 0, 0, 10));
	VALUE(fallocate(fds[0], 0, 0, 10));
	close(fds[0]), close(fds[1]);
	other = MUST(open("/dev/null", O_RDWR));
	VALUE(fallocate(other, 0, 0, 10));
	close(other);
}

static void limited(void)
{
	struct rlimit limit = { 100000, 100000 };

	signal(SIGXFSZ, SIG_IGN);
	fresh();
	MUST(setrlimit(RLIMIT_FSIZE, &limit));
	VALUE(fallocate(fd, 0, 0, 200000));
	VALUE(ftruncate(fd, 200000));
	OK(fallocate(fd, 0, 0, 100000));
	VALUE(pwrite(fd, page, PAGE, 99999));
	VALUE(pwrite(fd, page, PAGE, 100000));
	VALUE(size());
}

int main(void)
{
	memset(page, 'p', sizeof(page));
	fd = MUST(open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600));
	holes();
	huge();
	allocated();
	errors();
	in_child("limited", limited);
	close(fd);
	OK(unlink("sparse"));
	return 0;
}
