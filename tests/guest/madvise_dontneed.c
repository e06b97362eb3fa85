/*
 * madvise: MADV_DONTNEED gives zero pages in private memory, what is there
 * in a private mapping, the shared ones in a shared mapping; and the errors.
 *
 * From madvise(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE };

static void private_memory(void)
{
	char *p = map_anon(4 * PAGE, RW);
	pid_t pid;
	int status;

	memset(p, 'x', 4 * PAGE);
	VALUE(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED));
	say("dropped: %c %d %d %c", p[PAGE - 1], p[PAGE], p[3 * PAGE - 1], p[3 * PAGE]);
	p[PAGE] = 'y';
	say("written again: %c", p[PAGE]);
	pid = MUST(fork());
	if (pid == 0) {
		MUST(madvise(p, 4 * PAGE, MADV_DONTNEED));
		_exit(p[0] == 0 && p[PAGE] == 0 ? 0 : 1);
	}
	MUST(waitpid(pid, &status, 0));
	say("dropped in a child: %s, the parent's: %c %c", status_text(status), p[0], p[PAGE]);
	MUST(mprotect(p, PAGE, PROT_READ));
	MUST(madvise(p, PAGE, MADV_DONTNEED));
	say("read-only: %d, write %s", p[0], try_write(p));
	MUST(mprotect(p, PAGE, PROT_NONE));
	VALUE_OF("PROT_NONE", madvise(p, PAGE, MADV_DONTNEED));
	say("still none: %s", try_read(p));
	munmap(p, 4 * PAGE);
}

/* In pages. */
static long resident(void)
{
	char text[128] = "", *at;
	int fd = MUST(open("/proc/self/statm", O_RDONLY));

	MUST(read(fd, text, sizeof(text) - 1));
	close(fd);
	strtol(text, &at, 10);
	return strtol(at, NULL, 10);
}

/* VmRSS after private copies of a file's pages have been dropped and all is unmapped: as before. The
 * file's pages may be there again at once, or at the next touch. */
static void counted(void)
{
	enum { PAGES = 256 };
	int fd = MUST(open("madvise.tmp", O_RDWR | O_CREAT | O_TRUNC, 0644)), i;
	long before, after;
	char *p;

	for (i = 0; i < PAGES; i++)
		MUST(pwrite(fd, "file", 4, i * (long)PAGE));
	before = resident();
	p = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE, fd, 0);
	for (i = 0; i < PAGES; i++)
		p[i * PAGE] = 'P';
	VALUE_OF("copies of a file's pages", madvise(p, PAGES * PAGE, MADV_DONTNEED));
	say("the file's again: %.4s", p);
	munmap(p, PAGES * PAGE);
	after = resident();
	YES_OF("resident as before", after - before < PAGES / 2 && before - after < PAGES / 2);
	close(fd);
	MUST(unlink("madvise.tmp"));
}

static void others(void)
{
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd;

	p[0] = 's';
	VALUE_OF("shared memory", madvise(p, PAGE, MADV_DONTNEED));
	say("kept: %c", p[0]);
	munmap(p, PAGE);
	make_file("madvise.tmp", 0644, "file", 4);
	fd = MUST(open("madvise.tmp", O_RDWR));
	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	p[0] = 'P';
	VALUE_OF("a private mapping of a file", madvise(p, PAGE, MADV_DONTNEED));
	/* What is there now: docs/abi.md, Tine does not know the file any more. */
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	p[0] = 'S';
	VALUE_OF("a shared mapping of a file", madvise(p, PAGE, MADV_DONTNEED));
	say("kept: %.4s", p);
	munmap(p, PAGE);
	close(fd);
	MUST(unlink("madvise.tmp"));
}

static void errors(void)
{
	char *p = map_anon(3 * PAGE, RW);

	memset(p, 'e', 3 * PAGE);
	VALUE(madvise(p, 0, MADV_DONTNEED));
	VALUE(madvise(p + 1, PAGE, MADV_DONTNEED));
	VALUE(madvise(p, -1UL, MADV_DONTNEED));
	VALUE(madvise(p, PAGE, 12345));
	VALUE(madvise(p, PAGE, -1));
	VALUE(madvise(p, PAGE, MADV_NORMAL));
	VALUE(madvise(p, PAGE, MADV_WILLNEED));
	VALUE(madvise(p, 1, MADV_DONTNEED));
	say("one byte is a page: %d %c", p[PAGE - 1], p[PAGE]);
	MUST(munmap(p + PAGE, PAGE));
	VALUE(madvise(p, 3 * PAGE, MADV_DONTNEED));
	say("around a hole all the same: %d", p[2 * PAGE]);
	munmap(p, 3 * PAGE);
}

int main(void)
{
	private_memory();
	others();
	counted();
	errors();
	return 0;
}
