/*
 * mlock, mlock2, munlock, mlockall, munlockall: what is locked is resident at
 * once, VmLck counts it, RLIMIT_MEMLOCK limits it, a child inherits none of it.
 *
 * native: no
 *
 * It starts as root. From mlock(2), proc(5), madvise(2), msync(2).
 */
#include "check.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
enum { RW = PROT_READ | PROT_WRITE };

static int lock2(void *at, size_t length, int flags)
{
	return syscall(SYS_mlock2, at, length, flags);
}

/* In pages. */
static long locked(void)
{
	char text[4096] = "", *at;
	int fd = MUST(open("/proc/self/status", O_RDONLY));

	MUST(read(fd, text, sizeof(text) - 1));
	close(fd);
	at = strstr(text, "VmLck:");
	return at ? atol(at + 6) / 4 : -1;
}

static const char *resident(char *p, int n)
{
	static char text[33];
	unsigned char vec[32];

	if (mincore(p, (size_t)n * PAGE, vec))
		return errno_text(errno);
	for (int i = 0; i < n; i++)
		text[i] = vec[i] & 1 ? '1' : '0';
	text[n] = 0;
	return text;
}

static void ranges(void)
{
	char *p = map_anon(8 * PAGE, RW);

	OK_OF("lock bytes of two pages", mlock(p + 2 * PAGE - 1, 2));
	say("resident %s, VmLck %ld", resident(p, 8), locked());
	OK_OF("overlapping", mlock(p + 2 * PAGE, 2 * PAGE));
	say("resident %s, VmLck %ld", resident(p, 8), locked());
	OK_OF("on fault", lock2(p + 6 * PAGE, 2 * PAGE, MLOCK_ONFAULT));
	say("resident %s, VmLck %ld", resident(p, 8), locked());
	VALUE_OF("MADV_DONTNEED", madvise(p, 8 * PAGE, MADV_DONTNEED));
	VALUE_OF("MADV_DONTNEED elsewhere", madvise(p + 4 * PAGE, PAGE, MADV_DONTNEED));
	VALUE_OF("MS_INVALIDATE", msync(p, 8 * PAGE, MS_INVALIDATE));
	VALUE_OF("MS_SYNC", msync(p, 8 * PAGE, MS_SYNC));
	OK_OF("protect", mprotect(p + PAGE, PAGE, PROT_READ));
	OK(mprotect(p + PAGE, PAGE, RW));
	p[6 * PAGE] = p[PAGE] = 'x';
	say("VmLck %ld", locked());
	OK_OF("unlock one", munlock(p + 2 * PAGE, PAGE));
	say("VmLck %ld", locked());
	OK_OF("unmap one", munmap(p + 3 * PAGE, PAGE));
	say("VmLck %ld", locked());
	VALUE_OF("unlock over the hole", munlock(p, 8 * PAGE));
	VALUE_OF("lock over the hole", mlock(p + 2 * PAGE, 3 * PAGE));
	OK_OF("all", munlockall());
	say("VmLck %ld", locked());
	munmap(p, 8 * PAGE);
}

static void errors(void)
{
	char *p = map_anon(2 * PAGE, PROT_NONE);

	VALUE_OF("nothing there", mlock(nowhere + PAGE, 1));
	VALUE_OF("length 0", mlock(p, 0));
	VALUE_OF("wraps", mlock(p, -(size_t)PAGE));
	VALUE_OF("PROT_NONE", mlock(p, PAGE));
	VALUE_OF("unknown flag", lock2(p, PAGE, 2));
	VALUE(mlockall(0));
	VALUE(mlockall(8));
	VALUE(mlockall(MCL_ONFAULT));
	VALUE(mlockall(MCL_ONFAULT | MCL_CURRENT | MCL_FUTURE));
	VALUE(munlockall());
	munmap(p, 2 * PAGE);
}

/* A child has no locks, until it makes its own. */
static void child(void)
{
	char *p = map_anon(4 * PAGE, RW);

	MUST(mlock(p, 4 * PAGE));
	if (fork() == 0) {
		say("child: VmLck %ld, DONTNEED %d", locked(), madvise(p, PAGE, MADV_DONTNEED));
		OK_OF("child locks one", mlock(p + PAGE, PAGE));
		say("child: VmLck %ld", locked());
		_exit(0);
	}
	MUST(wait(NULL));
	say("parent: VmLck %ld", locked());
	munmap(p, 4 * PAGE);
}

static void all(void)
{
	char *p = map_anon(4 * PAGE, RW), *q, *heap = (char *)syscall(SYS_brk, 0);

	OK(mlockall(MCL_CURRENT | MCL_FUTURE));
	say("now: %s", resident(p, 4));
	q = map_anon(4 * PAGE, RW);
	say("later: %s", resident(q, 4));
	MUST(syscall(SYS_brk, heap + 4 * PAGE));
	say("heap: %s", resident((char *)(((uintptr_t)heap + PAGE - 1) & -PAGE), 3));
	munmap(q, 4 * PAGE);
	OK(mlockall(MCL_FUTURE | MCL_ONFAULT));
	q = map_anon(4 * PAGE, RW);
	say("on fault: %s", resident(q, 4));
	munmap(q, 4 * PAGE);
	OK(munlockall());
	q = map_anon(4 * PAGE, RW);
	say("no more: %s, VmLck %ld", resident(q, 4), locked());
	munmap(q, 4 * PAGE);
	munmap(p, 4 * PAGE);
}

static int map_flag(int flag)
{
	char *p = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | flag, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	say("  resident %s, VmLck %ld", resident(p, 8), locked());
	return munmap(p, 8 * PAGE);
}

static void limits(void)
{
	struct rlimit limit = {6 * PAGE, 6 * PAGE}, none = {0, 0};
	char *p = map_anon(16 * PAGE, RW);

	OK_OF("MAP_POPULATE", map_flag(MAP_POPULATE));
	OK_OF("MAP_LOCKED", map_flag(MAP_LOCKED));
	MUST(setrlimit(RLIMIT_MEMLOCK, &limit));
	OK_OF("root", mlock(p, 16 * PAGE));
	MUST(munlock(p, 16 * PAGE));
	MUST(setresuid(1000, 1000, 1000));
	OK_OF("six pages", mlock(p, 6 * PAGE));
	OK_OF("again", mlock(p, 6 * PAGE));
	VALUE_OF("a seventh", mlock(p + 8 * PAGE, PAGE));
	VALUE_OF("seven at once", mlock(p, 7 * PAGE));
	OK_OF("one less", munlock(p, PAGE));
	OK_OF("one more", mlock(p + 8 * PAGE, PAGE));
	VALUE_OF("MAP_LOCKED", map_flag(MAP_LOCKED));
	VALUE_OF("all", mlockall(MCL_CURRENT));
	OK_OF("future", mlockall(MCL_FUTURE));
	VALUE_OF("mmap", map_flag(0));
	MUST(munlockall());
	MUST(setrlimit(RLIMIT_MEMLOCK, &none));
	VALUE_OF("limit 0", mlock(p, PAGE));
	VALUE_OF("limit 0, all", mlockall(MCL_FUTURE));
	VALUE_OF("limit 0, MAP_LOCKED", map_flag(MAP_LOCKED));
	OK_OF("unlocking is free", munlockall());
}

int main(void)
{
	ranges();
	errors();
	child();
	all();
	in_child("limits", limits);
	return 0;
}
