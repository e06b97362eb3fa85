/*
 * memfd_create: a file without a name in the tree, its names in /proc, and what
 * each seal forbids: write, truncate, fallocate, mmap; seals that cannot be set.
 *
 * From memfd_create(2), fcntl(2).
 */
#include "check.h"

#ifndef F_ADD_SEALS
enum { F_ADD_SEALS = 1033, F_GET_SEALS };
enum { F_SEAL_SEAL = 1, F_SEAL_SHRINK = 2, F_SEAL_GROW = 4, F_SEAL_WRITE = 8 };
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
enum { CLOEXEC = 1, ALLOW_SEALING = 2 };

static char buffer[3 * PAGE];

static int memfd(const char *name, unsigned flags)
{
	return syscall(SYS_memfd_create, name, flags);
}

/* A file of two pages and a half. */
static int sealable(void)
{
	int fd = MUST(memfd("sealed", ALLOW_SEALING));

	MUST(ftruncate(fd, 2 * PAGE + 2000));
	return fd;
}

static void names(void)
{
	char name[300], link[300], line[400];
	int fd, found = 0;
	FILE *maps;
	void *at;

	fd = MUST(memfd("of mine", CLOEXEC));
	VALUE(fcntl(fd, F_GETFD));
	YES(fcntl(fd, F_GETFL) == (O_RDWR | 0100000));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	memset(link, 0, sizeof(link));
	MUST(readlink(name, link, sizeof(link) - 1));
	say("%s", link);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), maps))
		found += strstr(line, "/memfd:of mine (deleted)") != NULL;
	fclose(maps);
	VALUE(found);
	MUST(munmap(at, PAGE));
	VALUE(write(fd, "text", 4));
	int again = MUST(open(name, O_RDONLY));
	VALUE(read(again, buffer, 10));
	VALUE(write(again, "x", 1));
	MUST(close(again));
	struct stat st;
	MUST(fstat(fd, &st));
	say("mode %o, %ld bytes, %ld links", st.st_mode, (long)st.st_size, (long)st.st_nlink);
	VALUE(fcntl(fd, F_GET_SEALS));
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	MUST(close(fd));
	OK(close(memfd("", 0)));
	VALUE(memfd("x", 0x80));
	VALUE(memfd(nowhere, 0));
	memset(name, 'n', 250);
	name[249] = 0;
	OK(close(memfd(name, 0)));
	name[249] = 'n';
	name[250] = 0;
	VALUE(memfd(name, 0));
}

static void sizes(void)
{
	int fd = sealable();

	VALUE(fcntl(fd, F_GET_SEALS));
	VALUE(fcntl(fd, F_ADD_SEALS, 0x100));
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	VALUE(ftruncate(fd, PAGE));
	VALUE(ftruncate(fd, 2 * PAGE + 2000));
	VALUE(ftruncate(fd, 2 * PAGE + 3000));
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	VALUE(fcntl(fd, F_GET_SEALS));
	VALUE(ftruncate(fd, 4 * PAGE));
	VALUE(pwrite(fd, buffer, 10, 2 * PAGE + 2990));
	VALUE(pwrite(fd, buffer, 11, 2 * PAGE + 2990));
	VALUE(pwrite(fd, buffer, sizeof(buffer), PAGE));
	VALUE(pwrite(fd, buffer, 1, 5 * PAGE));
	VALUE(posix_fallocate(fd, 0, 5 * PAGE) == EPERM);
	VALUE(posix_fallocate(fd, 0, PAGE));
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	VALUE(fcntl(fd, F_GET_SEALS));
	MUST(close(fd));
}

static void *map(int fd, int prot, int flags)
{
	void *at = mmap(NULL, PAGE, prot, flags, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void writing(void)
{
	int fd = sealable(), end[2];
	char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), *private;
	char name[64];

	strcpy(shared, "content");
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	VALUE(fcntl(fd, F_GET_SEALS));
	MUST(munmap(shared, PAGE));
	private = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	private[1] = '0';
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	VALUE(write(fd, "x", 1));
	VALUE(pwrite(fd, "x", 1, 5 * PAGE));
	YES(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED) == NULL && errno == EPERM);
	private[2] = '1';
	YES(!strcmp(private, "c01tent"));
	VALUE(pread(fd, buffer, 8, 0));
	YES(!strcmp(buffer, "content"));
	VALUE(ftruncate(fd, 3));
	MUST(munmap(private, PAGE));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	end[0] = MUST(open(name, O_RDONLY));
	VALUE(fcntl(end[0], F_ADD_SEALS, F_SEAL_GROW));
	VALUE(fcntl(end[0], F_GET_SEALS));
	shared = map(end[0], PROT_READ, MAP_SHARED);
	YES(shared != NULL);
	VALUE(mprotect(shared, PAGE, PROT_READ | PROT_WRITE));
	MUST(munmap(shared, PAGE));
	MUST(close(end[0]));
	MUST(close(fd));

	fd = sealable();
	shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	VALUE(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	shared[0] = 'm';
	VALUE(write(fd, "x", 1));
	YES(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED) == NULL && errno == EPERM);
	MUST(munmap(shared, PAGE));
	shared = map(fd, PROT_READ, MAP_SHARED);
	VALUE(shared ? shared[0] : -1);
	VALUE(mprotect(shared, PAGE, PROT_READ | PROT_WRITE));
	MUST(munmap(shared, PAGE));
	MUST(close(fd));
	MUST(pipe(end));
	VALUE(fcntl(end[1], F_ADD_SEALS, F_SEAL_WRITE));
	VALUE(fcntl(end[1], F_GET_SEALS));
	VALUE(fcntl(99, F_GET_SEALS));
}

/* Who could not cut it writes to it no more: it may be run, if it is a program. */
static void cut_by_open(void)
{
	char name[64], *argv[] = { name, NULL };
	int fd = sealable(), reader;

	MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	VALUE(open(name, O_RDONLY | O_TRUNC));
	reader = MUST(open(name, O_RDONLY));
	MUST(close(fd));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", reader);
	VALUE(execv(name, argv));
	MUST(close(reader));
}

int main(void)
{
	names();
	sizes();
	writing();
	cut_by_open();
	return 0;
}
