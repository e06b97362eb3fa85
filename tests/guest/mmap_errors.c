/*
 * mmap: every argument error, and lengths that are rounded.
 *
 * Nothing lies at the end of user space, 2^47: some CPUs have 57-bit addresses.
 * From mmap(2), ERRORS.
 */
#include "check.h"

static long map(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
	void *at = (void *)syscall(SYS_mmap, address, length, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		return -1;
	munmap(at, length);
	return 0;
}

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static void anonymous(void)
{
	VALUE(map(NULL, 0, RW, ANON, -1, 0));
	VALUE(map(NULL, 1, RW, ANON, -1, 0));
	VALUE(map(NULL, PAGE, RW, ANON, -1, 0));
	VALUE(map(NULL, -1UL, RW, ANON, -1, 0));
	VALUE(map(NULL, 1UL << 57, RW, ANON, -1, 0));
	VALUE(map(NULL, 1UL << 63, RW, ANON, -1, 0));
	VALUE(map(NULL, -4096UL, RW, ANON, -1, 0));
	VALUE(map(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	VALUE(map(NULL, PAGE, RW, 0, -1, 0));
	VALUE(map(NULL, PAGE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, -1, 0));
	VALUE(map(NULL, PAGE, RW, ANON, 77, 0));
	VALUE(map(NULL, PAGE, RW, ANON, -1, 1));
	VALUE(map(NULL, PAGE, RW, ANON, -1, PAGE));
	VALUE(map(NULL, PAGE, PROT_NONE, ANON, -1, 0));
	VALUE(map((void *)0x1001, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	VALUE(map((void *)0x700000000001, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	VALUE(map((void *)(1UL << 57), PAGE, RW, ANON | MAP_FIXED, -1, 0));
	VALUE(map((void *)0xffff888000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	VALUE(map((void *)0xfffffffffffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	VALUE(map((void *)0x700000000001, PAGE, RW, ANON, -1, 0));
	VALUE(map((void *)0xffff888000000000, PAGE, RW, ANON, -1, 0));
}

static void files(void)
{
	int rd, wr, both, dir, fds[2];

	make_file("mmap.tmp", 0644, "0123456789", 10);
	rd = MUST(open("mmap.tmp", O_RDONLY));
	wr = MUST(open("mmap.tmp", O_WRONLY));
	both = MUST(open("mmap.tmp", O_RDWR));
	dir = MUST(open(".", O_RDONLY));
	MUST(pipe(fds));
	VALUE_OF("bad descriptor", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, 77, 0));
	VALUE_OF("descriptor -1", map(NULL, PAGE, PROT_READ, MAP_SHARED, -1, 0));
	VALUE_OF("closed descriptor", (close(wr), map(NULL, PAGE, PROT_READ, MAP_PRIVATE, wr, 0)));
	wr = MUST(open("mmap.tmp", O_WRONLY));
	VALUE_OF("private, read, of O_RDONLY", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, rd, 0));
	VALUE_OF("private, write, of O_RDONLY", map(NULL, PAGE, RW, MAP_PRIVATE, rd, 0));
	VALUE_OF("shared, read, of O_RDONLY", map(NULL, PAGE, PROT_READ, MAP_SHARED, rd, 0));
	VALUE_OF("shared, write, of O_RDONLY", map(NULL, PAGE, RW, MAP_SHARED, rd, 0));
	VALUE_OF("private, read, of O_WRONLY", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, wr, 0));
	VALUE_OF("shared, write, of O_WRONLY", map(NULL, PAGE, PROT_WRITE, MAP_SHARED, wr, 0));
	VALUE_OF("validated", map(NULL, PAGE, RW, MAP_SHARED_VALIDATE, both, 0));
	VALUE_OF("validated, an unknown flag",
		 map(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 0x200000, both, 0));
	VALUE_OF("shared, an unknown flag", map(NULL, PAGE, RW, MAP_SHARED | 0x200000, both, 0));
	VALUE_OF("shared, both, of O_RDWR", map(NULL, PAGE, RW, MAP_SHARED, both, 0));
	VALUE_OF("length 0", map(NULL, 0, PROT_READ, MAP_PRIVATE, rd, 0));
	VALUE_OF("offset 1", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, rd, 1));
	VALUE_OF("offset a page", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, rd, PAGE));
	VALUE_OF("offset beyond the end", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, rd, 1L << 40));
	VALUE_OF("neither shared nor private", map(NULL, PAGE, PROT_READ, 0, rd, 0));
	VALUE_OF("a folder", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0));
	VALUE_OF("a pipe", map(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0));
	close(rd), close(wr), close(both), close(dir), close(fds[0]), close(fds[1]);
	MUST(unlink("mmap.tmp"));
}

int main(void)
{
	anonymous();
	files();
	return 0;
}
