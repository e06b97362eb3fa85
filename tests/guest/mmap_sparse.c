/*
 * Very large mappings: 100 GiB with pages touched here and there, protections
 * in the middle, forked, unmapped in part; nothing of it costs memory untouched.
 *
 * guest: -m 64 -t 120
 *
 * From mmap(2) (MAP_NORESERVE).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE, TOUCHES = 100 };

static char *place(char *p, int i)
{
	return p + (size_t)i * GIB(1) + (size_t)i * 7 * PAGE;
}

int main(void)
{
	char *p = map_anon(GIB(100), RW), *huge;
	int wrong = 0, status;
	pid_t pid;

	for (int i = 0; i < TOUCHES; i++)
		*place(p, i) = 'a' + i % 26;
	for (int i = 0; i < TOUCHES; i++)
		wrong += *place(p, i) != 'a' + i % 26 || place(p, i)[PAGE] != 0;
	VALUE_OF("wrong", wrong);
	pid = MUST(fork());
	if (pid == 0) {
		for (int i = 0; i < TOUCHES; i++) {
			wrong += *place(p, i) != 'a' + i % 26;
			*place(p, i) = 'C';
			place(p, i)[MIB(3)] = 'D';
		}
		_exit(wrong);
	}
	MUST(waitpid(pid, &status, 0));
	say("child: %s", status_text(status));
	for (int i = 0; i < TOUCHES; i++)
		wrong += *place(p, i) != 'a' + i % 26 || place(p, i)[MIB(3)] != 0;
	VALUE_OF("wrong after the child's writes", wrong);
	MUST(mprotect(p + GIB(20), GIB(30), PROT_READ));
	say("protected in the middle: %s %s %s %s", try_write(p + GIB(20) - 1),
	    try_write(p + GIB(20)), try_write(p + GIB(50) - 1), try_write(p + GIB(50)));
	MUST(munmap(p + GIB(40), GIB(40)));
	say("unmapped in the middle: %s %s %s %s", try_read(p + GIB(40) - 1),
	    try_read(p + GIB(40)), try_read(p + GIB(80) - 1), try_read(p + GIB(80)));
	VALUE_OF("content beside it",
		 *place(p, 39) == 'a' + 39 % 26 && *place(p, 80) == 'a' + 80 % 26);
	MUST(munmap(p, GIB(100)));
	huge = mmap(NULL, 1UL << 45, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	YES_OF("32 TiB", huge != MAP_FAILED);
	if (huge != MAP_FAILED) {
		huge[0] = 1, huge[(1UL << 45) - 1] = 2;
		say("its ends: %d %d", huge[0], huge[(1UL << 45) - 1]);
		MUST(munmap(huge, 1UL << 45));
	}
	return 0;
}
