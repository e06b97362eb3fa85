/*
 * One file is written, read, cut, mapped and appended to by several processes.
 * What was cut off comes back as zeros, an append loses nothing, and an offset
 * that processes share moves by each write once. write(2), truncate(2), mmap(2).
 *
 * Arguments: rounds (150).
 * guest: -c 4 -t 120
 */
#include "check.h"

enum { WORKERS = 3, PAGES = 8 };

static int uniform(const char *page)
{
	for (int i = 1; i < PAGE; i++)
		if (page[i] != page[0])
			return 0;
	return 1;
}

static int writer(int fd, int me, int rounds)
{
	char page[PAGE];
	for (int i = 0; i < rounds; i++) {
		memset(page, 'a' + (me * rounds + i) % 26, PAGE);
		if (pwrite(fd, page, PAGE, i * 7 % PAGES * PAGE) != PAGE)
			return 1;
	}
	return 0;
}

static int reader(int fd, int rounds)
{
	char page[PAGE];
	for (int i = 0; i < rounds * 2; i++) {
		if (pread(fd, page, PAGE, i * 5 % PAGES * PAGE) < 0)
			return 1;
	}
	return 0;
}

static int cutter(int fd, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		if (ftruncate(fd, i * 3 % PAGES * PAGE) || ftruncate(fd, PAGES * PAGE))
			return 1;
	}
	return 0;
}

/* Maps what there is; a page may be cut off meanwhile, which is SIGBUS on Linux: so only fork
 * touches it, and munmap. */
static int mapper(int fd, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
				i % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0);
		if (at == MAP_FAILED)
			return 1;
		if (i % 10 == 0) {
			pid_t pid = fork();
			if (pid == 0)
				_exit(munmap(at, PAGE * 2));
			if (waitpid(pid, NULL, 0) != pid)
				return 1;
		}
		munmap(at, PAGES * PAGE);
	}
	return 0;
}

static int children_failed(void)
{
	int failed = 0, status;
	while (wait(&status) > 0)
		failed += status != 0;
	return failed;
}

static void one_file(int rounds)
{
	int fd = MUST(open("storm-file", O_RDWR | O_CREAT | O_TRUNC, 0600));
	for (int i = 0; i < WORKERS + 3; i++)
		if (MUST(fork()) == 0)
			_exit(i == 0   ? cutter(fd, rounds)
			      : i == 1 ? mapper(fd, rounds)
			      : i == 2 ? reader(fd, rounds)
				       : writer(fd, i, rounds));
	VALUE_OF("failed", children_failed());
	MUST(ftruncate(fd, 0));
	MUST(ftruncate(fd, PAGES * PAGE));
	char page[PAGE];
	int zeros = 1;
	for (int i = 0; i < PAGES; i++) {
		MUST(pread(fd, page, PAGE, i * PAGE));
		zeros &= uniform(page) && page[0] == 0;
	}
	YES_OF("zeros again", zeros);
	close(fd);
}

/* append: every process has a description of its own; else they share one. */
static void lose_nothing(const char *label, int append, int rounds)
{
	struct stat st;
	int shared = MUST(open("storm-file", O_WRONLY | O_TRUNC));
	for (int i = 0; i < WORKERS; i++) {
		if (MUST(fork()) != 0)
			continue;
		int fd = append ? open("storm-file", O_WRONLY | O_APPEND) : shared;
		int bad = 0;
		for (int j = 0; j < rounds; j++)
			bad += write(fd, "0123456789", 10) != 10;
		_exit(bad != 0);
	}
	VALUE_OF("failed", children_failed());
	MUST(stat("storm-file", &st));
	YES_OF(label, st.st_size == 10L * rounds * WORKERS);
	close(shared);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 150;
	one_file(rounds);
	lose_nothing("O_APPEND loses nothing", 1, rounds);
	lose_nothing("a shared offset loses nothing", 0, rounds);
	OK(unlink("storm-file"));
	return 0;
}
