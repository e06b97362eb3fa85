/*
 * MAP_SHARED: anonymous memory across fork and between siblings, files mapped
 * twice, writes seen by read(2) and the other way round, against MAP_PRIVATE.
 *
 * From mmap(2), fork(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE };

static volatile char *shared, *private_page;

static void anonymous(void)
{
	pid_t pid;

	shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	private_page = map_anon(PAGE, RW);
	shared[0] = 'p', private_page[0] = 'p';
	pid = MUST(fork());
	if (pid == 0) {
		shared[0] = 'c', private_page[0] = 'c';
		shared[PAGE] = 'n';		/* not touched before the fork */
		if (MUST(fork()) == 0) {
			shared[2 * PAGE] = 'g';
			_exit(0);
		}
		MUST(wait(NULL));
		_exit(shared[2 * PAGE] == 'g' ? 0 : 1);
	}
	MUST(waitpid(pid, NULL, 0));
	say("touched before fork: %c; after: %c; grandchild: %c; private: %c", shared[0],
	    shared[PAGE], shared[2 * PAGE], private_page[0]);
	shared[3 * PAGE] = 'x';
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(30);
		_exit(shared[3 * PAGE]);
	}
	shared[3 * PAGE] = 'y';
	{
		int status;

		MUST(waitpid(pid, &status, 0));
		say("the parent writes, the child reads: %c", WEXITSTATUS(status));
	}
	munmap((void *)shared, 4 * PAGE);
	munmap((void *)private_page, PAGE);
}

/* Both count up one word; with no page lost the sum is exact. */
static void together(void)
{
	volatile int *count = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 4; i++)
		if (MUST(fork()) == 0) {
			for (int j = 0; j < 10000; j++)
				__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	for (int i = 0; i < 4; i++)
		MUST(wait(NULL));
	VALUE_OF("four processes count", *count);
	munmap((void *)count, PAGE);
}

static char byte_at(int fd, off_t offset)
{
	char byte = '?';

	MUST(pread(fd, &byte, 1, offset));
	return byte;
}

static void file(void)
{
	static char content[3 * PAGE];
	volatile char *one, *two, *copy;
	struct stat status;
	int fd;
	pid_t pid;

	memset(content, 'f', sizeof(content));
	make_file("shared.tmp", 0644, content, sizeof(content));
	fd = MUST(open("shared.tmp", O_RDWR));
	one = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
	two = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE);
	copy = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
	one[PAGE] = '1';
	say("written by a mapping: other mapping %c, private %c, read %c", two[0], copy[PAGE],
	    byte_at(fd, PAGE));
	MUST(pwrite(fd, "w", 1, 10));
	say("written by write: mapping %c, private %c", one[10], copy[10]);
	copy[20] = 'p';
	say("written by a private mapping: mapping %c, read %c", one[20], byte_at(fd, 20));
	MUST(pwrite(fd, "z", 1, 20));
	say("then by write: mapping %c, private %c", one[20], copy[20]);
	pid = MUST(fork());
	if (pid == 0) {
		one[2 * PAGE] = 'c';
		copy[2 * PAGE] = 'd';
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	say("written by a child: mapping %c, private %c, read %c", one[2 * PAGE],
	    copy[2 * PAGE], byte_at(fd, 2 * PAGE));
	close(fd);
	MUST(unlink("shared.tmp"));
	one[5] = 'u';
	say("closed and removed: %c", one[5]);
	munmap((void *)one, 3 * PAGE);
	say("one mapping is left: %c", two[0]);
	munmap((void *)two, PAGE);
	munmap((void *)copy, 3 * PAGE);
	make_file("shared.tmp", 0644, content, 100);
	fd = MUST(open("shared.tmp", O_RDWR));
	one = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	one[99] = 'L', one[100] = 'X';
	munmap((void *)one, PAGE);
	MUST(fstat(fd, &status));
	say("size after a write beyond the end, in the page: %ld, last byte %c",
	    (long)status.st_size, byte_at(fd, 99));
	close(fd);
	MUST(unlink("shared.tmp"));
}

int main(void)
{
	anonymous();
	together();
	file();
	return 0;
}
