/*
 * Running out of memory in a fault: the process that touches too much dies by a
 * signal, the others do not, and its memory comes back.
 *
 * guest: -m 64 -t 120
 * tine-only: yes
 *
 * Linux would kill as well, after minutes of trying, and perhaps another
 * process. From mmap(2) (MAP_NORESERVE), read(2), write(2).
 */
#include "check.h"

static char *huge;

static void touch_all(void)
{
	for (size_t at = 0; at < GIB(1); at += PAGE)
		huge[at] = 1;
}

/* One page in each 2 MiB: the tables are what runs out. */
static void touch_sparse(void)
{
	char *p = map_anon(GIB(512), PROT_READ | PROT_WRITE);

	for (size_t at = 0; at < GIB(512); at += MIB(2))
		p[at] = 1;
}

static void touch_shared(void)
{
	char *p = mmap(NULL, GIB(1), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(errno == ENOMEM ? 50 : 51);
	for (size_t at = 0; at < GIB(1); at += PAGE)
		p[at] = 1;
}

/* The kernel writes: a short count or an error is as good as a kill. */
static void kernel_fills(void)
{
	int fd = MUST(open("/dev/zero", O_RDONLY));
	size_t at = 0;

	while (at < GIB(1)) {
		long n = read(fd, huge + at, MIB(1));

		if (n <= 0)
			_exit(n == -1 && (errno == EFAULT || errno == ENOMEM) ? 50 : 51);
		at += n;
	}
}

/* Copies on write after a fork, with half of the memory filled before. */
static void copies(void)
{
	for (size_t at = 0; at < MIB(24); at += PAGE)
		huge[at] = 1;
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			break;
	for (size_t at = 0; at < MIB(24); at += PAGE)
		huge[at] = 2;
	sleep_ms(200);
	kill(getpid(), SIGKILL);
}

static void fill_file(void)
{
	static char block[65536];
	int fd = MUST(open("limit.tmp", O_WRONLY | O_CREAT, 0644));
	long n;

	memset(block, 'f', sizeof(block));
	while ((n = write(fd, block, sizeof(block))) > 0)
		;
	if (n == 0 || (errno != ENOSPC && errno != ENOMEM))
		_exit(51);
	_exit(50);
}

static void run(const char *label, void (*body)(void))
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		body();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	if (WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 50))
		say("%s: ended for want of memory", label);
	else
		expect(label, 0);
}

int main(void)
{
	volatile char *kept = map_anon(16 * PAGE, PROT_READ | PROT_WRITE);
	int wrong = 0;

	for (int i = 0; i < 16; i++)
		kept[i * PAGE] = i + 1;
	huge = map_anon(GIB(1), PROT_READ | PROT_WRITE);
	for (int round = 0; round < 3; round++) {
		run("every page", touch_all);
		run("sparse pages", touch_sparse);
		run("shared pages", touch_shared);
		run("by the kernel", kernel_fills);
		run("copies on write", copies);
		run("a file", fill_file);
		while (unlink("limit.tmp") && errno == ENOMEM)
			sleep_ms(50); /* the grandchildren may have it all still */
		sleep_ms(300);
	}
	for (int i = 0; i < 16; i++)
		wrong += kept[i * PAGE] != i + 1;
	expect("our own memory is as it was", wrong == 0);
	return failures != 0;
}
