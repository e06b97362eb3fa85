/*
 * read, write and their kin with bad buffers, and partial results where a
 * buffer crosses the end of a mapping, on files, pipes and devices.
 *
 * From read(2), write(2), readv(2), pread(2). How much of a crossing buffer a
 * file takes before EFAULT is told by relations only where kernels differ.
 */
#include "check.h"

static char *edge;
static int file, zero, null, fds[2];

static void each(const char *name, long (*call)(char *))
{
	char *const pointers[] = { NULL, nowhere, in_kernel, kernel_text, non_canonical,
				   (char *)-64 };
	static const char *const names[] = { "null", "unmapped", "kernel", "kernel text",
					     "non-canonical", "the top" };
	char label[64];

	for (size_t i = 0; i < COUNT(pointers); i++) {
		MUST(lseek(file, 0, SEEK_SET));
		snprintf(label, sizeof(label), "%s, %s", name, names[i]);
		VALUE_OF(label, call(pointers[i]));
	}
}

#define CALL(name, ...)                                             \
	static long name(char *at) { return syscall(__VA_ARGS__); }
CALL(read_file, SYS_read, file, at, 10)
CALL(read_pipe, SYS_read, fds[0], at, 10)
CALL(read_zero, SYS_read, zero, at, 10)
CALL(write_file, SYS_write, file, at, 10)
CALL(write_pipe, SYS_write, fds[1], at, 10)
CALL(pread_file, SYS_pread64, file, at, 10, 0)
CALL(pwrite_file, SYS_pwrite64, file, at, 10, 0)
CALL(no_bytes, SYS_read, file, at, 0)

static long readv_file(char *at)
{
	char good[4];
	struct iovec parts[2] = { { good, 4 }, { at, 4 } };

	return readv(file, parts, 2);
}

static long writev_file(char *at)
{
	struct iovec parts[2] = { { "good", 4 }, { at, 4 } };

	return writev(file, parts, 2);
}

static void edges(void)
{
	long n;
	struct stat status;
	char back[16] = "";

	memset(edge - 100, 'e', 100);
	MUST(lseek(file, 0, SEEK_SET));
	n = read(file, edge - 4, 10);
	YES_OF("read a file into a hole: some or EFAULT", n == 4 || (n == -1 && errno == EFAULT));
	MUST(lseek(file, 0, SEEK_SET));
	n = write(file, edge - 4, 10);
	YES_OF("write a file from a hole: some or EFAULT", n == 4 || (n == -1 && errno == EFAULT));
	YES_OF("the offset agrees", lseek(file, 0, SEEK_CUR) == (n == -1 ? 0 : n));
	MUST(fstat(file, &status));
	VALUE_OF("the size stays", status.st_size);
	MUST(write(fds[1], "abcdefgh", 8));
	n = read(fds[0], edge - 4, 8);
	YES_OF("read a pipe into a hole: some or EFAULT", n == 4 || (n == -1 && errno == EFAULT));
	MUST(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	while (read(fds[0], back, sizeof(back)) > 0)
		;
	VALUE_OF("write no bytes of a bad buffer to a pipe", write(fds[1], nowhere, 0));
	VALUE_OF("write to null", write(null, nowhere, 10));
	VALUE_OF("read from null", read(null, nowhere, 10));
	n = read(zero, edge - 4, 10);
	YES_OF("read zeroes into a hole: some or EFAULT", n == 4 || (n == -1 && errno == EFAULT));
}

/* Access is checked through the page tables, not by the mapping's start. */
static void protections(void)
{
	char *page = map_anon(PAGE, PROT_READ), *none = map_anon(PAGE, PROT_NONE);

	MUST(lseek(file, 0, SEEK_SET));
	VALUE_OF("read to a read-only page", read(file, page, 10));
	VALUE_OF("read to program text", read(file, (char *)(uintptr_t)edges, 10));
	VALUE_OF("read to a PROT_NONE page", read(file, none, 10));
	VALUE_OF("write from a PROT_NONE page", write(file, none, 10));
	VALUE_OF("write from a read-only page", write(file, page, 10));
	MUST(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	MUST(lseek(file, 0, SEEK_SET));
	VALUE_OF("read to it when it may be written", read(file, page, 10));
	munmap(page, PAGE);
	munmap(none, PAGE);
}

static void vectors(void)
{
	struct iovec part = { in_kernel, 4 }, huge = { edge - 4, -1UL };

	VALUE(writev(file, &part, 1));
	VALUE(readv(file, &part, 1));
	VALUE(writev(file, &huge, 1));
	VALUE(readv(file, &huge, 1));
}

int main(void)
{
	make_file("efault_io.tmp", 0644, "0123456789", 10);
	file = MUST(open("efault_io.tmp", O_RDWR));
	zero = MUST(open("/dev/zero", O_RDWR));
	null = MUST(open("/dev/null", O_RDWR));
	MUST(pipe(fds));
	edge = map_before_hole(PAGE) + PAGE;
	each("read", read_file), each("write", write_file);
	each("pread", pread_file), each("pwrite", pwrite_file);
	each("write to a pipe", write_pipe);
	MUST(write(fds[1], "0123456789", 10));
	each("read from a pipe", read_pipe), each("read zeroes", read_zero);
	each("readv, second part", readv_file), each("writev, second part", writev_file);
	MUST(lseek(file, 0, SEEK_SET));
	VALUE_OF("no bytes to null", no_bytes(NULL));
	edges();
	protections();
	vectors();
	MUST(unlink("efault_io.tmp"));
	return 0;
}
