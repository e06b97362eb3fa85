/*
 * Odd ways to use files that once harmed the kernel: open for neither reading
 * nor writing (mode 3) of a FIFO, a pipe and a file; a write that faults
 * beyond the end; poll with a count beyond 32 bits.
 *
 * From open(2), "File access mode"; write(2); poll(2).
 */
#include "check.h"

static void mode_3(void)
{
	char path[32];
	int ends[2], fd;

	MUST(mkfifo("nothing.fifo", 0666));
	for (int i = 0; i < 3; i++)
		VALUE(open("nothing.fifo", 3));
	MUST(pipe(ends));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	VALUE_OF("a pipe", open(path, 3));
	VALUE(write(ends[1], "x", 1));
	VALUE(read(ends[0], path, sizeof(path)));
	make_file("nothing.tmp", 0644, "text", 4);
	fd = MUST(open("nothing.tmp", 3));
	VALUE_OF("read", read(fd, path, sizeof(path)));
	VALUE_OF("write", write(fd, "x", 1));
	close(fd);
	close(ends[0]);
	close(ends[1]);
	MUST(unlink("nothing.fifo"));
}

static void faulting_write(void)
{
	struct stat st;
	int fd = MUST(open("nothing.tmp", O_RDWR));

	MUST(lseek(fd, 100000, SEEK_SET));
	VALUE_OF("write from nowhere", write(fd, nowhere, 10));
	MUST(fstat(fd, &st));
	say("# size: %ld", (long)st.st_size); /* 4 on Linux 6.1, 100000 on 6.18 */
	close(fd);
	MUST(unlink("nothing.tmp"));
}

static void long_poll(void)
{
	struct pollfd set = {.fd = -1};

	VALUE_OF("2^40 descriptors are none", syscall(SYS_poll, &set, 1ul << 40, 0));
}

int main(void)
{
	mode_3();
	faulting_write();
	long_poll();
	return 0;
}
