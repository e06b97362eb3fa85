/*
 * A mapping follows its file: what it grows by appears, what it is cut by is
 * SIGBUS, in shared and in private mappings, in parents and children; pages
 * that MADV_DONTNEED throws away are the file's again; mremap shows more of it.
 *
 * From mmap(2), ftruncate(2), madvise(2), mremap(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE, PAGES = 8 };

static int fd;

static char *map(size_t length, int flags, off_t offset)
{
	char *at = mmap(NULL, length, RW, flags, fd, offset);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

/* The file: page i is full of 'a' + i. */
static void fill(int pages)
{
	char page[PAGE];

	MUST(ftruncate(fd, 0));
	for (int i = 0; i < pages; i++) {
		memset(page, 'a' + i, PAGE);
		MUST(pwrite(fd, page, PAGE, (off_t)i * PAGE));
	}
}

/* First byte of each page: a letter, '.' for zero, '!' for SIGBUS. */
static const char *pages_text(char *p, int n)
{
	static char text[PAGES + 1];

	for (int i = 0; i < n; i++) {
		int signal = touch(p + (size_t)i * PAGE, TOUCH_READ);
		char c = signal ? 0 : p[(size_t)i * PAGE];

		text[i] = signal == SIGBUS ? '!' : signal ? '?' : c ? c : '.';
	}
	text[n] = 0;
	return text;
}

static void grows_and_shrinks(int flags, const char *label)
{
	char *p, *middle;

	fill(2);
	p = map(PAGES * PAGE, flags, 0);
	middle = map(2 * PAGE, flags, 3 * PAGE);
	say("%s: 2 pages: %s", label, pages_text(p, PAGES));
	MUST(ftruncate(fd, 4 * PAGE));
	say("4: %s, %s", pages_text(p, PAGES), pages_text(middle, 2));
	MUST(pwrite(fd, "w", 1, 3 * PAGE));
	say("written: %s", pages_text(p, PAGES));
	p[PAGE] = 'P';
	MUST(pwrite(fd, "x", 1, 5 * PAGE));
	say("grown by a write: %s, %s", pages_text(p, PAGES), pages_text(middle, 2));
	MUST(ftruncate(fd, PAGE + 1));
	say("cut in page 1: %s, byte 1 of it %d", pages_text(p, PAGES), p[PAGE + 1]);
	MUST(ftruncate(fd, PAGE));
	say("cut: %s, %s", pages_text(p, PAGES), pages_text(middle, 2));
	MUST(ftruncate(fd, 3 * PAGE));
	say("grown again: %s", pages_text(p, PAGES));
	MUST(ftruncate(fd, 0));
	say("nothing: %s, write %s", pages_text(p, PAGES), try_write(p));
	munmap(p, PAGES * PAGE);
	munmap(middle, 2 * PAGE);
}

/* Parent and child map it alike; one cuts, the other sees it. */
static void in_relatives(int flags, const char *label)
{
	int status, go[2], ready[2];
	char *p, c;
	pid_t pid;

	fill(4);
	p = map(PAGES * PAGE, flags, 0);
	p[0] = 'P';
	MUST(pipe(go)), MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		p[2 * PAGE] = 'C';
		MUST(write(ready[1], "", 1));
		MUST(read(go[0], &c, 1));
		_exit(strcmp(pages_text(p, PAGES), "Pb!!!!!!") != 0);
	}
	MUST(read(ready[0], &c, 1));
	say("%s, forked: %s", label, pages_text(p, PAGES));
	MUST(ftruncate(fd, 2 * PAGE));
	say("cut: %s", pages_text(p, PAGES));
	MUST(write(go[1], "", 1));
	MUST(waitpid(pid, &status, 0));
	say("the child sees it too: %s", status_text(status));
	close(go[0]), close(go[1]), close(ready[0]), close(ready[1]);
	munmap(p, PAGES * PAGE);
}

static void thrown_away(void)
{
	char *p;

	fill(4);
	p = map(6 * PAGE, MAP_PRIVATE, 0);
	p[0] = p[PAGE] = p[3 * PAGE] = 'P';
	MUST(pwrite(fd, "W", 1, PAGE));
	say("private: %s", pages_text(p, 6));
	OK(madvise(p, 3 * PAGE, MADV_DONTNEED));
	say("the file's again: %s", pages_text(p, 6));
	p[0] = 'Q';
	say("written once more: %s", pages_text(p, 6));
	munmap(p, 6 * PAGE);
	p = map(4 * PAGE, MAP_SHARED, 0);
	p[0] = 'S';
	OK(madvise(p, 4 * PAGE, MADV_DONTNEED));
	say("shared stays: %s", pages_text(p, 4));
	munmap(p, 4 * PAGE);
}

static void remapped(int flags, const char *label)
{
	char *p, *q;

	fill(6);
	p = map(2 * PAGE, flags, PAGE);
	p[PAGE] = 'P';
	q = mremap(p, 2 * PAGE, 7 * PAGE, MREMAP_MAYMOVE);
	MUST(q == MAP_FAILED ? -1 : 0);
	say("%s, remapped: %s", label, pages_text(q, 7));
	MUST(ftruncate(fd, 7 * PAGE));
	p = mmap(NULL, MIB(1), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(p == MAP_FAILED ? -1 : 0);
	p = mremap(q, 7 * PAGE, 7 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + MIB(1) / 2);
	MUST(p == MAP_FAILED ? -1 : 0);
	say("moved: %s", pages_text(p, 7));
	MUST(pwrite(fd, "z", 1, 6 * PAGE));
	MUST(ftruncate(fd, 7 * PAGE + 1));
	say("grown: %s", pages_text(p, 7));
	munmap(p, 7 * PAGE);
}

/* Holes take no memory by being mapped; a touch fills them. */
static void holes(void)
{
	struct stat st;
	char *p;

	MUST(ftruncate(fd, 0));
	MUST(ftruncate(fd, GIB(1)));
	p = map(GIB(1), MAP_SHARED, 0);
	MUST(fstat(fd, &st));
	VALUE_OF("blocks", (long)st.st_blocks);
	p[MIB(512)] = 'h';
	MUST(fstat(fd, &st));
	YES_OF("more by a write", st.st_blocks > 0 && st.st_blocks <= 64);
	MUST(munmap(p + MIB(1), MIB(300)));
	say("%s, %s, %c", try_read(p), try_read(p + MIB(2)), p[MIB(512)]);
	munmap(p, GIB(1));
}

/* Calls that copy between a file and its own mapping, at pages that nobody has touched. */
static void onto_itself(void)
{
	char *p;

	fill(2);
	MUST(ftruncate(fd, 6 * PAGE));
	p = map(6 * PAGE, MAP_SHARED, 0);
	VALUE_OF("read into its own hole", pread(fd, p + 4 * PAGE, PAGE, 0));
	VALUE_OF("write from its own hole", pwrite(fd, p + 3 * PAGE, PAGE, PAGE));
	say("%s", pages_text(p, 6));
	VALUE_OF("read over the end", pread(fd, p + 5 * PAGE + 1, 2 * PAGE, 0));
	munmap(p, 6 * PAGE);
}

int main(void)
{
	fd = MUST(open("mmap_follow.tmp", O_RDWR | O_CREAT | O_TRUNC, 0644));
	grows_and_shrinks(MAP_SHARED, "shared");
	grows_and_shrinks(MAP_PRIVATE, "private");
	in_relatives(MAP_SHARED, "shared");
	in_relatives(MAP_PRIVATE, "private");
	thrown_away();
	remapped(MAP_SHARED, "shared");
	remapped(MAP_PRIVATE, "private");
	holes();
	onto_itself();
	close(fd);
	MUST(unlink("mmap_follow.tmp"));
	return 0;
}
