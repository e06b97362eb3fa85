/*
 * mlock, mlock2, munlock, mlockall, munlockall, mincore: ranges, limits, what is resident,
 * VmLck, fork. Pages: mlock(2), mincore(2), getrlimit(2) RLIMIT_MEMLOCK.
 *
 * native: no
 */
#include "spec.h"

enum { ONFAULT = 1 };

static char *map;

/* Resident pages of the map, one letter each. */
static void resident(const char *label, char *at, int pages)
{
	unsigned char vec[64];
	char text[65] = "";

	if (mincore(at, (size_t)pages * PAGE, vec) == -1) {
		say("%s: %s", label, errno_text(errno));
		return;
	}
	for (int i = 0; i < pages; i++)
		text[i] = vec[i] & 1 ? 'r' : '-';
	say("%s: %s", label, text);
}

/* VmLck of /proc/self/status, in KiB. */
static long locked(void)
{
	static char text[4096];
	int fd = MUST(open("/proc/self/status", O_RDONLY));
	long n = MUST(read(fd, text, sizeof(text) - 1));
	char *at;

	text[n] = 0;
	close(fd);
	at = strstr(text, "VmLck:");
	return at ? strtol(at + 6, NULL, 10) : -1;
}

static void residence(void)
{
	unsigned char vec[4];

	resident("untouched", map, 8);
	map[0] = map[3 * PAGE] = 1;
	resident("two touched", map, 8);
	VALUE(madvise(map, PAGE, MADV_DONTNEED));
	resident("one given back", map, 8);
	VALUE(mincore(map + 1, PAGE, vec));
	VALUE(mincore(map, 0, vec));
	VALUE(mincore(map, 1, vec));
	VALUE(mincore(map, PAGE + 1, vec));
	VALUE(mincore(map, -1, vec));
	VALUE(mincore(map, PAGE, (void *)nowhere));
	VALUE(mincore((void *)0x2e0000000000, PAGE, vec));
	VALUE(mincore((void *)in_kernel, PAGE, vec));
	munmap(map + 6 * PAGE, PAGE);
	resident("a hole in it", map, 8);
	resident("up to the hole", map, 6);
	MUST(mmap(map + 6 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     MAP_FAILED ? -1 : 0);
	resident("PROT_NONE in it", map, 8);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		resident("a child's view", map, 8);
		map[4 * PAGE] = 1;
		resident("a child's own", map, 8);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	resident("not ours", map, 8);
}

static void locking(void)
{
	VALUE(mlock(map, 3 * PAGE));
	resident("locked is resident", map, 8);
	say("VmLck %ld", locked());
	VALUE(mlock(map + 2 * PAGE, 2 * PAGE));
	say("locks do not nest: %ld", locked());
	VALUE(munlock(map + 1, 1));
	say("rounded to pages: %ld", locked());
	VALUE(munlock(map, 8 * PAGE));
	say("%ld", locked());
	VALUE(munlock(map, 8 * PAGE));
	VALUE(mlock(map + PAGE - 1, 2));
	say("a range over two pages: %ld", locked());
	MUST(munlock(map, 8 * PAGE));
	VALUE(mlock(map, 0));
	VALUE(mlock((void *)-PAGE, 2 * PAGE));
	VALUE(mlock((void *)0x2e0000000000, PAGE));
	VALUE(munlock((void *)0x2e0000000000, PAGE));
	VALUE(mlock(map + 4 * PAGE, 3 * PAGE));
	VALUE_OF("PROT_NONE: locked, but the pages could not come", locked());
	MUST(munlock(map, 8 * PAGE));
	VALUE(syscall(SYS_mlock2, map, PAGE, 2));
	VALUE(syscall(SYS_mlock2, map, PAGE, -1));
	VALUE(syscall(SYS_mlock2, map + 4 * PAGE, 2 * PAGE, ONFAULT));
	say("on fault: %ld", locked());
	resident("on fault", map, 8);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		say("a child inherits no locks: %ld", locked());
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	munmap(map + 4 * PAGE, PAGE);
	say("unmapped: %ld", locked());
	MUST(munlock(map, 4 * PAGE));
	MUST(munlock(map + 5 * PAGE, PAGE));
	say("%ld", locked());
}

static void all(void)
{
	VALUE(mlockall(0));
	VALUE(mlockall(8));
	VALUE(mlockall(4));
	VALUE(mlockall(-1));
	VALUE(munlockall());
	VALUE(mlockall(MCL_FUTURE));
	char *next = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	resident("MCL_FUTURE", next, 4);
	say("%ld", locked());
	pid_t pid = MUST(fork());
	if (pid == 0) {
		char *own = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		resident("not for children", own, 4);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	VALUE(munlockall());
	say("%ld", locked());
	munmap(next, 4 * PAGE);
	next = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	resident("munlockall ends MCL_FUTURE, too", next, 4);
	VALUE(mlockall(MCL_CURRENT));
	resident("MCL_CURRENT", next, 4);
	YES_OF("all of it is counted", locked() > 16);
	VALUE(munlockall());
	say("%ld", locked());
	munmap(next, 4 * PAGE);
}

static void limits(void)
{
	struct rlimit limit = { 2 * PAGE, 2 * PAGE };
	char *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (other(9, 9)) {
		MUST(setrlimit(RLIMIT_MEMLOCK, &limit));
		VALUE(mlock(at, 2 * PAGE));
		VALUE(mlock(at, 2 * PAGE));
		VALUE(mlock(at + 2 * PAGE, 1));
		VALUE(mlock(at, 3 * PAGE));
		VALUE(munlock(at, PAGE));
		VALUE(mlock(at + 2 * PAGE, 1));
		VALUE(mlockall(MCL_CURRENT));
		VALUE(munlock(at, 4 * PAGE));
		limit.rlim_cur = 0;
		MUST(setrlimit(RLIMIT_MEMLOCK, &limit));
		VALUE(mlock(at, 1));
		VALUE(mlock(at, 0));
		VALUE(munlock(at, 1));
		VALUE(mlockall(MCL_FUTURE));
		VALUE(munlockall());
		YES_OF("MAP_LOCKED", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0)
		       == MAP_FAILED && (errno == EPERM || errno == EAGAIN));
		_exit(0);
	}
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(setrlimit(RLIMIT_MEMLOCK, &limit));
		VALUE_OF("root above the limit", mlock(at, 4 * PAGE));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	munmap(at, 4 * PAGE);
}

int main(void)
{
	map = map_before_hole(8 * PAGE);
	residence();
	locking();
	all();
	limits();
	return 0;
}
