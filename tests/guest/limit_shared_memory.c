/*
 * Shared anonymous memory takes its frames when it is mapped: more than there is
 * gives ENOMEM, all that was taken comes back, and the rest of the system goes on.
 *
 * guest: -m 64 -t 120
 * tine-only: yes
 *
 * Natively it depends on the host's memory and overcommitment. From mmap(2),
 * proc(5) (/proc/meminfo).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE, ROUNDS = 20, SLACK_KIB = 256 };

static const size_t TIB = (size_t)1 << 40;

static long free_kib(void)
{
	char text[1024] = "", *at;
	int fd = MUST(open("/proc/meminfo", O_RDONLY));

	MUST(read(fd, text, sizeof(text) - 1));
	close(fd);
	at = strstr(text, "MemFree:");
	return at ? atol(at + 8) : -1;
}

static int refused(size_t length, int prot, int flags)
{
	errno = 0;
	return mmap(NULL, length, prot, MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0) == MAP_FAILED &&
	       errno == ENOMEM;
}

static void too_much(void)
{
	long before = free_kib();
	int right = 0;

	expect("1 TiB", refused(TIB, RW, 0));
	expect("1 TiB, PROT_NONE", refused(TIB, PROT_NONE, 0));
	expect("1 TiB, MAP_NORESERVE", refused(TIB, RW, MAP_NORESERVE));
	expect("64 TiB", refused(64 * TIB, RW, 0));
	expect("128 TiB", refused(128 * TIB, RW, 0));
	expect("2^63", refused((size_t)1 << 63, RW, 0));
	expect("all but a page", refused(-(size_t)PAGE, RW, 0));
	expect("a little more than there is", refused(((size_t)free_kib() << 10) + MIB(2), RW, 0));
	expect("memory came back", before - free_kib() <= SLACK_KIB);
	for (int i = 0; i < ROUNDS; i++)
		right += refused(TIB, RW, 0) && refused(MIB(100), RW, 0);
	expect("again and again", right == ROUNDS);
	expect("memory came back again", before - free_kib() <= SLACK_KIB);
}

/* What fits is there at once, zeroed, for both sides, and comes back. */
static void what_fits(void)
{
	long before = free_kib(), wrong = 0;
	int status;
	char *p;
	pid_t pid;

	for (int round = 0; round < 3; round++) {
		p = mmap(NULL, MIB(24), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		MUST(p == MAP_FAILED ? -1 : 0);
		expect("memory is taken", before - free_kib() >= 24 << 10);
		pid = MUST(fork());
		if (pid == 0) {
			for (size_t at = 0; at < MIB(24); at += PAGE) {
				wrong += p[at] != 0;
				p[at] = 'c';
			}
			_exit(wrong != 0);
		}
		MUST(waitpid(pid, &status, 0));
		for (size_t at = 0; at < MIB(24); at += PAGE)
			wrong += p[at] != 'c';
		expect("24 MiB, for both", status == 0 && wrong == 0);
		MUST(munmap(p, MIB(24)));
		expect("it came back", before - free_kib() <= SLACK_KIB);
	}
}

/* A process that asked for too much, and is killed or exits, leaves nothing. */
static void in_children(void)
{
	long before = free_kib();
	int status, right = 0;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			char *p = mmap(NULL, MIB(16), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

			if (p == MAP_FAILED || !refused(TIB, RW, 0) || !refused(MIB(60), RW, 0))
				_exit(1);
			memset(p, 'x', MIB(1));
			if (i % 2)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		MUST(waitpid(pid, &status, 0));
		right += i % 2 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0;
	}
	expect("children", right == ROUNDS);
	expect("they left nothing", before - free_kib() <= SLACK_KIB);
}

/* A neighbour that takes and gives back a little memory is not killed for want of it. */
static void neighbour(void)
{
	int status, right = 0;
	pid_t pid = MUST(fork());

	if (pid == 0)
		for (;;) {
			char *p = map_anon(MIB(1), RW);

			memset(p, 'n', MIB(1));
			munmap(p, MIB(1));
		}
	sleep_ms(50);
	for (int i = 0; i < ROUNDS; i++) {
		right += refused(MIB(100), RW, 0) && refused(TIB, RW, 0);
		sleep_ms(5);
	}
	expect("beside a neighbour", right == ROUNDS);
	expect("the neighbour goes on", waitpid(pid, &status, WNOHANG) == 0);
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
}

/* A file with a hole of 1 TiB: mapped or refused, and memory comes back. */
static void huge_hole(int sharing)
{
	long before = free_kib();
	int fd = MUST(open("limit_shared_file", O_RDWR | O_CREAT | O_TRUNC, 0600));
	char *p;

	MUST(ftruncate(fd, TIB));
	for (int i = 0; i < 5; i++) {
		p = mmap(NULL, TIB, RW, sharing, fd, 0);
		expect("works or ENOMEM", p != MAP_FAILED || errno == ENOMEM);
		if (p != MAP_FAILED)
			munmap(p, TIB);
	}
	MUST(close(fd));
	MUST(unlink("limit_shared_file"));
	expect("memory came back from the hole", before - free_kib() <= SLACK_KIB);
}

int main(void)
{
	too_much();
	neighbour();
	huge_hole(MAP_SHARED);
	huge_hole(MAP_PRIVATE);
	what_fits();
	in_children();
	return failures != 0;
}
