/*
 * Files in memory: offsets, the rest of the last page, pages beyond the end
 * (SIGBUS), files that grow and shrink under a mapping, holes.
 *
 * From mmap(2), "Using MAP_SHARED", ftruncate(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE };

static int fd;
static char content[4 * PAGE];

static char *map(size_t length, int prot, int flags, off_t offset)
{
	char *at = mmap(NULL, length, prot, flags, fd, offset);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

static void offsets(void)
{
	char *all = map(4 * PAGE, PROT_READ, MAP_PRIVATE, 0);
	char *last = map(PAGE, PROT_READ, MAP_PRIVATE, 3 * PAGE);

	YES_OF("the whole is the file", memcmp(all, content, sizeof(content)) == 0);
	YES_OF("an offset", memcmp(last, content + 3 * PAGE, PAGE) == 0);
	munmap(all, 4 * PAGE);
	munmap(last, PAGE);
}

/* New mappings of a file that has changed; mmap_follow.c has old ones. */
static void grown_and_shrunk(int flags)
{
	char *p;

	MUST(ftruncate(fd, 3 * PAGE));
	p = map(4 * PAGE, RW, flags, 0);
	say("  grown: %s, %d", try_read(p + 2 * PAGE), p[2 * PAGE]);
	MUST(pwrite(fd, "G", 1, 2 * PAGE));
	say("  written: %c", p[2 * PAGE]);
	munmap(p, 4 * PAGE);
	MUST(ftruncate(fd, 10));
	p = map(4 * PAGE, RW, flags, 0);
	say("  shrunk: %s, %s, byte 9 %s, byte 10 %d", try_read(p), try_read(p + PAGE),
	    p[9] == content[9] ? "right" : "wrong", p[10]);
	munmap(p, 4 * PAGE);
	MUST(pwrite(fd, content, sizeof(content), 0));
}

static void beyond(int flags, const char *label)
{
	char *p;

	MUST(ftruncate(fd, PAGE + 100));
	p = map(4 * PAGE, RW, flags, 0);
	say("%s", label);
	say("  last byte: %s", p[PAGE + 99] == content[PAGE + 99] ? "right" : "wrong");
	say("  rest of the page: %d %d", p[PAGE + 100], p[2 * PAGE - 1]);
	say("  next page: read %s, write %s", try_read(p + 2 * PAGE), try_write(p + 2 * PAGE));
	touch(p + 3 * PAGE, TOUCH_READ);
	YES_OF("  si_addr is the address", touch_addr == p + 3 * PAGE);
	YES_OF("  BUS_ADRERR", touch_code == BUS_ADRERR);
	munmap(p, 4 * PAGE);
	grown_and_shrunk(flags);
}

static void holes(void)
{
	char *p;

	MUST(ftruncate(fd, 0));
	MUST(pwrite(fd, "end", 3, MIB(8)));
	p = map(MIB(8) + PAGE, RW, MAP_SHARED, 0);
	say("hole: %d %d, then %.3s", p[0], p[MIB(5)], p + MIB(8));
	p[MIB(4)] = 'h';
	content[0] = '?';
	MUST(pread(fd, content, 1, MIB(4)));
	say("written in the hole: %c", content[0]);
	MUST(pread(fd, content, 1, MIB(4) + PAGE));
	say("beside it: %d", content[0]);
	munmap(p, MIB(8) + PAGE);
}

static void bus_default(void)
{
	char *p = map(2 * PAGE, PROT_READ, MAP_SHARED, 0);

	(void)*(volatile char *)(p + PAGE);
}

static void empty(void)
{
	char *p;

	MUST(ftruncate(fd, 0));
	p = map(PAGE, RW, MAP_PRIVATE, 0);
	say("an empty file: read %s, write %s", try_read(p), try_write(p));
	munmap(p, PAGE);
	in_child("beyond the end, default action", bus_default);
}

/* A system call that is handed such memory fails with EFAULT. */
static void in_calls(void)
{
	char *p;
	int fds[2];

	MUST(ftruncate(fd, PAGE));
	p = map(2 * PAGE, RW, MAP_SHARED, 0);
	MUST(pipe(fds));
	VALUE_OF("write from beyond the end", write(fds[1], p + PAGE, 10));
	MUST(write(fds[1], "abc", 3));
	VALUE_OF("read to beyond the end", read(fds[0], p + PAGE, 3));
	close(fds[0]), close(fds[1]);
	munmap(p, 2 * PAGE);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = 'a' + i / 7 % 26;
	make_file("mmap_file.tmp", 0644, content, sizeof(content));
	fd = MUST(open("mmap_file.tmp", O_RDWR));
	offsets();
	beyond(MAP_SHARED, "shared");
	beyond(MAP_PRIVATE, "private");
	holes();
	empty();
	in_calls();
	close(fd);
	MUST(unlink("mmap_file.tmp"));
	return 0;
}
