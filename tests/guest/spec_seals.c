/*
 * Seals of memfd: which operation each refuses, when a seal itself is refused, by whom they
 * are seen. Pages: fcntl(2) "File Sealing", memfd_create(2).
 *
 * native: no
 */
#include "spec.h"

enum { SEAL = 1, SHRINK = 2, GROW = 4, WRITE = 8, FUTURE_WRITE = 16, ADD = 1033, GET = 1034 };

static int fd;

static void fresh(void)
{
	if (fd > 2)
		close(fd);
	fd = MUST(syscall(SYS_memfd_create, "sealed", 2));
	MUST(write(fd, "0123456789", 10));
	MUST(ftruncate(fd, 2 * PAGE));
}

static const char *maps(int prot, int flags)
{
	char *at = mmap(NULL, PAGE, prot, flags, fd, 0);
	static char text[40];

	if (at == MAP_FAILED)
		return errno_text(errno);
	snprintf(text, sizeof(text), "ok, later writable: %s",
		 mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0 ? "ok" : errno_text(errno));
	munmap(at, PAGE);
	return text;
}

/* Everything that a seal may refuse. */
static void try_all(int seals)
{
	fresh();
	say("seals %d", seals);
	VALUE(fcntl(fd, ADD, seals));
	VALUE(fcntl(fd, GET));
	VALUE(pwrite(fd, "x", 1, 0));
	VALUE(pwrite(fd, "", 0, 0));
	VALUE(pwrite(fd, "xy", 2, 2 * PAGE - 1));
	VALUE(pwrite(fd, "x", 1, 3 * PAGE));
	VALUE(ftruncate(fd, PAGE));
	VALUE(ftruncate(fd, 4 * PAGE));
	VALUE(ftruncate(fd, 4 * PAGE));
	VALUE(syscall(SYS_fallocate, fd, 0, 0L, 6L * PAGE));
	VALUE(syscall(SYS_fallocate, fd, 3, 0L, (long)PAGE));
	say("shared, to write: %s", maps(PROT_READ | PROT_WRITE, MAP_SHARED));
	say("shared, to read: %s", maps(PROT_READ, MAP_SHARED));
	say("private: %s", maps(PROT_READ | PROT_WRITE, MAP_PRIVATE));
	VALUE(fcntl(fd, ADD, SHRINK));
	VALUE(fcntl(fd, GET));
}

static void sealing(void)
{
	char path[40], *map;
	int again;

	fresh();
	VALUE(fcntl(fd, GET));
	VALUE(fcntl(fd, ADD, 0));
	VALUE(fcntl(fd, ADD, 32));
	VALUE(fcntl(fd, ADD, -1));
	VALUE(fcntl(fd, GET));
	VALUE(fcntl(1, GET));
	VALUE(fcntl(1, ADD, SEAL));
	VALUE(fcntl(-1, GET));
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	VALUE_OF("WRITE while it is mapped to write", fcntl(fd, ADD, WRITE));
	VALUE_OF("FUTURE_WRITE while it is", fcntl(fd, ADD, FUTURE_WRITE));
	map[0] = 'm';
	VALUE(map[0]);
	munmap(map, PAGE);
	VALUE(fcntl(fd, ADD, WRITE));
	VALUE(fcntl(fd, GET));
	fresh();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = MUST(open(path, O_RDONLY));
	VALUE_OF("by a read-only descriptor", fcntl(again, ADD, GROW));
	VALUE(fcntl(fd, ADD, GROW));
	VALUE_OF("seen by the other", fcntl(again, GET));
	close(again);
	again = MUST(open(path, O_RDWR));
	VALUE_OF("and obeyed", ftruncate(again, 3 * PAGE));
	close(again);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		VALUE_OF("a child's seal", fcntl(fd, ADD, SHRINK | SEAL));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	VALUE(fcntl(fd, GET));
	VALUE(fcntl(fd, ADD, WRITE));
	close(fd);
	fd = open("f", O_CREAT | O_RDWR, 0600);
	VALUE_OF("a file of the folder", fcntl(fd, GET) >= 0 || errno == EINVAL);
}

int main(void)
{
	static const int sets[] = { 0, SHRINK, GROW, WRITE, FUTURE_WRITE, SEAL, SHRINK | GROW, SHRINK | GROW | WRITE | SEAL };

	spec_enter();
	for (size_t i = 0; i < COUNT(sets); i++)
		try_all(sets[i]);
	sealing();
	spec_leave();
	return 0;
}
