/*
 * fork while there is memory, though most of it lies in the kernel's own empty slabs: 60,000 files
 * come and go, then pages are touched until MemFree is near the reserve.
 *
 * guest: -m 64 -t 60
 * tine-only: yes
 *
 * From fork(2), proc(5).
 */
#include "check.h"

enum { FILES = 60000, ENOUGH_KIB = 8192 };

static long free_kib(void)
{
	char text[1024] = "", *at;
	int fd = MUST(open("/proc/meminfo", O_RDONLY));

	MUST(read(fd, text, sizeof(text) - 1));
	close(fd);
	at = strstr(text, "MemFree:");
	return at ? atol(at + 8) : -1;
}

static const char *name(int i)
{
	static char text[32];

	snprintf(text, sizeof(text), "slabs.%d", i);
	return text;
}

int main(void)
{
	char *p = map_anon(256 << 20, PROT_READ | PROT_WRITE);
	int i, status, failed = 0;
	pid_t pid;

	for (i = 0; i < FILES; i++)
		close(MUST(open(name(i), O_CREAT | O_WRONLY, 0600)));
	for (i = 0; i < FILES; i++)
		MUST(unlink(name(i)));
	for (; !failed && free_kib() > ENOUGH_KIB; p += 256 * 1024) {
		for (i = 0; i < 256 * 1024; i += PAGE)
			p[i] = 1;
		pid = fork();
		if (pid == 0)
			_exit(0);
		failed = pid < 0;
		if (!failed)
			MUST(waitpid(pid, &status, 0));
	}
	expect("fork works as long as there is free memory", !failed);
	return failures != 0;
}
