/*
 * Mapped files: ends, growth and truncation under a mapping, SIGBUS, what private copies
 * keep, holes, forks, mappings beyond close and unlink, /dev/zero, read by write(2) itself.
 * Pages: mmap(2), truncate(2), mprotect(2), madvise(2) MADV_DONTNEED, fork(2).
 *
 * native: no
 */
#include "spec.h"

static int fd;
static char data[4 * PAGE];

static void reset(long size)
{
	MUST(ftruncate(fd, 0));
	for (int i = 0; i < 4 * PAGE; i++)
		data[i] = 'a' + i / PAGE;
	MUST(pwrite(fd, data, size, 0));
}

static char *map(int pages, int prot, int flags)
{
	char *at = mmap(NULL, (size_t)pages * PAGE, prot, flags, fd, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

static void ends(int flags, const char *label)
{
	char *at;

	say("%s", label);
	reset(PAGE + 100);
	at = map(4, PROT_READ | PROT_WRITE, flags);
	say("%c %c %d; second page %s, third %s", at[0], at[PAGE + 99], at[PAGE + 100], try_read(at + PAGE),
	    try_read(at + 2 * PAGE));
	say("a write beyond: %s, code %s", try_write(at + 3 * PAGE), touch_code == BUS_ADRERR ? "ADRERR" : "else");
	MUST(ftruncate(fd, 3 * PAGE));
	say("grown: third page %s, fourth %s", try_read(at + 2 * PAGE), try_read(at + 3 * PAGE));
	MUST(pwrite(fd, "T", 1, 2 * PAGE));
	say("its first byte %d", at[2 * PAGE]);
	at[PAGE] = 'w';
	at[2 * PAGE + 1] = 'v';
	MUST(ftruncate(fd, PAGE));
	say("cut: second page %s, third %s", try_read(at + PAGE), try_write(at + 2 * PAGE));
	MUST(ftruncate(fd, 3 * PAGE));
	say("grown again: %d %d", try_read(at + PAGE)[0] == 'o' ? at[PAGE] : -1,
	    try_read(at + 2 * PAGE)[0] == 'o' ? at[2 * PAGE + 1] : -1);
	MUST(ftruncate(fd, 50));
	say("cut in the first page: %c %d", at[49], at[50]);
	munmap(at, 4 * PAGE);
}

static void copies(void)
{
	char *at, byte;

	reset(2 * PAGE);
	at = map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	MUST(pwrite(fd, "1", 1, 0));
	say("before the copy the file is seen: %c", at[0]);
	at[1] = 'c';
	MUST(pwrite(fd, "2", 1, 0));
	say("after it the copy: %c%c", at[0], at[1]);
	MUST(pread(fd, &byte, 1, 1));
	say("the file has: %c", byte);
	MUST(madvise(at, PAGE, MADV_DONTNEED));
	say("given back, it is the file again: %c%c", at[0], at[1]);
	at[1] = 'd';
	pid_t pid = MUST(fork());
	if (pid == 0) {
		at[1] = 'e';
		at[PAGE] = 'E';
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	say("after a child's writes: %c %c", at[1], at[PAGE]);
	MUST(mprotect(at, PAGE, PROT_READ));
	say("read-only: %s", try_write(at));
	MUST(mprotect(at, PAGE, PROT_NONE));
	say("nothing: %s", try_read(at));
	MUST(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	say("again: %c", at[1]);
	munmap(at, 2 * PAGE);
}

static void shared(void)
{
	char *at, *more, byte;

	reset(2 * PAGE);
	at = map(2, PROT_READ | PROT_WRITE, MAP_SHARED);
	more = map(2, PROT_READ, MAP_SHARED);
	at[5] = 'X';
	say("a second mapping sees it: %c", more[5]);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		at[6] = 'Y';
		munmap(at, 2 * PAGE);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	MUST(pread(fd, &byte, 1, 6));
	say("a child's write: %c %c", more[6], byte);
	VALUE_OF("write(2) from the mapping into its own file", pwrite(fd, at, PAGE, PAGE));
	say("%c", at[PAGE + 5]);
	VALUE_OF("read(2) into the mapping", pread(fd, at + 100, 50, 5));
	say("%c%c", at[100], more[101]);
	MUST(madvise(at, PAGE, MADV_DONTNEED));
	say("given back: %c", at[5]);
	VALUE_OF("write(2) from beyond the end of the file",
		 (ftruncate(fd, PAGE), write(fd, at + PAGE, 10)));
	VALUE_OF("read(2) to beyond it", pread(fd, at + PAGE, 10, 0));
	VALUE_OF("half of it", pwrite(fd, at + PAGE - 5, 10, 0));
	munmap(at, 2 * PAGE), munmap(more, 2 * PAGE);
}

static void lives_on(void)
{
	int own = MUST(open("gone", O_CREAT | O_RDWR, 0600));
	char *at;

	MUST(write(own, data, PAGE));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
	MUST(unlink("gone"));
	MUST(close(own));
	at[0]++;
	pid_t pid = MUST(fork());
	if (pid == 0) {
		at[0]++;
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	say("closed and unlinked: %c", at[0]);
	munmap(at, PAGE);
	reset(0);
	MUST(ftruncate(fd, 4 * PAGE));
	at = map(4, PROT_READ | PROT_WRITE, MAP_SHARED);
	struct stat status;
	say("a hole: %d", at[3 * PAGE]);
	at[2 * PAGE] = 1;
	MUST(fstat(fd, &status));
	YES_OF("written pages take blocks", status.st_blocks >= 8 && status.st_blocks <= 16);
	VALUE_OF("data begins where it was written, or where it was read",
		 lseek(fd, 0, SEEK_DATA) <= 2 * PAGE);
	munmap(at, 4 * PAGE);
	int zero = MUST(open("/dev/zero", O_RDWR));
	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	YES_OF("/dev/zero maps", at != MAP_FAILED);
	if (at != MAP_FAILED) {
		at[5] = 'z';
		say("%c %d", at[5], at[PAGE]);
		munmap(at, 2 * PAGE);
	}
	close(zero);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, MUST(open("/proc/self/exe", O_RDONLY)), 0);
	say("the program itself: %s", at != MAP_FAILED && !memcmp(at, "\177ELF", 4) ? "ELF" : "no");
}

static void written_through(void)
{
	struct stat before, after;
	char *at;

	reset(PAGE);
	at = map(1, PROT_READ, MAP_SHARED);
	VALUE_OF("a read-only mapping of a descriptor that writes may become writable",
		 mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	MUST(fstat(fd, &before));
	sleep_ms(15);
	at[0] = '!';
	MUST(msync(at, PAGE, MS_SYNC));
	MUST(fstat(fd, &after));
	YES_OF("the file's size is the same", before.st_size == after.st_size);
	munmap(at, PAGE);
}

int main(void)
{
	spec_enter();
	fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
	ends(MAP_SHARED, "shared");
	ends(MAP_PRIVATE, "private");
	copies();
	shared();
	lives_on();
	written_through();
	spec_leave();
	return 0;
}
