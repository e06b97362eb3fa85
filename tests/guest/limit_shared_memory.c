/*
 * Shared anonymous memory takes its frames when it is touched: what does not fit
 * kills who touches it, all that was taken comes back, and the rest of the system
 * goes on.
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

static char *map_shared(size_t length)
{
	char *p = mmap(NULL, length, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	MUST(p == MAP_FAILED ? -1 : 0);
	return p;
}

/* Promises cost nothing, however large. */
static void promises(void)
{
	long before = free_kib();

	for (int i = 0; i < ROUNDS; i++) {
		char *p = map_shared(TIB);

		p[TIB / 2] = 'x';
		MUST(munmap(p, TIB));
	}
	expect("1 TiB, again and again", before - free_kib() <= SLACK_KIB);
	expect("2^63", mmap(NULL, (size_t)1 << 63, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED && errno == ENOMEM);
}

/* Zeroed at the first touch, for both sides; all comes back. */
static void what_fits(void)
{
	long before = free_kib(), wrong = 0;
	int status;
	char *p;
	pid_t pid;

	for (int round = 0; round < 3; round++) {
		p = map_shared(MIB(24));
		expect("no memory is taken", before - free_kib() <= SLACK_KIB);
		pid = MUST(fork());
		if (pid == 0) {
			for (size_t at = 0; at < MIB(24); at += PAGE) {
				wrong += p[at] != 0;
				p[at] = 'c';
			}
			_exit(wrong != 0);
		}
		MUST(waitpid(pid, &status, 0));
		expect("it outlives the child", before - free_kib() >= 24 << 10);
		for (size_t at = 0; at < MIB(24); at += PAGE)
			wrong += p[at] != 'c';
		expect("24 MiB, for both", status == 0 && wrong == 0);
		MUST(munmap(p, MIB(24)));
		expect("it came back", before - free_kib() <= SLACK_KIB);
	}
}

/* A process that touches too much is killed, and leaves nothing. */
static void in_children(void)
{
	long before = free_kib();
	int status, right = 0;

	for (int i = 0; i < 5; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			char *p = map_shared(MIB(100));

			memset(p, 'x', MIB(100));
			_exit(0);
		}
		MUST(waitpid(pid, &status, 0));
		right += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	expect("children", right == 5);
	expect("they left nothing", before - free_kib() <= SLACK_KIB);
}

/* Asked for at once, too much is refused, and what had been taken comes back with the mapping. */
static void populated(void)
{
	long before = free_kib();
	int right = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char *p = map_shared(MIB(100));

		right += madvise(p, MIB(100), 23 /* MADV_POPULATE_WRITE */) && errno == ENOMEM;
		MUST(munmap(p, MIB(100)));
	}
	expect("refused, again and again", right == ROUNDS);
	expect("it came back", before - free_kib() <= SLACK_KIB);
}

/* A file with a hole of 1 TiB, mapped: memory comes back. */
static void huge_hole(int sharing)
{
	long before = free_kib();
	int fd = MUST(open("limit_shared_file", O_RDWR | O_CREAT | O_TRUNC, 0600));
	char *p;

	MUST(ftruncate(fd, TIB));
	for (int i = 0; i < 5; i++) {
		p = mmap(NULL, TIB, RW, sharing, fd, 0);
		MUST(p == MAP_FAILED ? -1 : 0);
		p[TIB / 3] = 'x';
		MUST(munmap(p, TIB));
	}
	MUST(close(fd));
	MUST(unlink("limit_shared_file"));
	expect("memory came back from the hole", before - free_kib() <= SLACK_KIB);
}

int main(void)
{
	promises();
	populated();
	huge_hole(MAP_SHARED);
	huge_hole(MAP_PRIVATE);
	what_fits();
	in_children();
	return failures != 0;
}
