/*
 * eventfd: counts, semaphores, limits, poll, blocking, fork. memfd_create: names, flags,
 * what the file is; seals where there are none.
 * Pages: eventfd(2), memfd_create(2), fcntl(2) "File Sealing".
 *
 * native: no
 */
#include "spec.h"

enum { EFD_SEMAPHORE = 1 };

static long make(unsigned start, int flags)
{
	return syscall(SYS_eventfd2, start, flags);
}

static const char *ready(int fd)
{
	struct pollfd entry = { fd, POLLIN | POLLOUT, 0 };

	poll(&entry, 1, 0);
	return entry.revents == (POLLIN | POLLOUT) ? "both" : entry.revents == POLLIN ? "in" :
	       entry.revents == POLLOUT ? "out" : entry.revents == 0 ? "nothing" : "else";
}

static long add(int fd, uint64_t value)
{
	return write(fd, &value, 8);
}

static void take(const char *label, int fd)
{
	uint64_t value = 0;
	long n = read(fd, &value, 8);

	if (n == -1)
		say("%s: %s; ready: %s", label, errno_text(errno), ready(fd));
	else
		say("%s: %ld bytes, %llu; ready: %s", label, n, (unsigned long long)value, ready(fd));
}

static void counting(void)
{
	int fd = MUST(make(3, O_NONBLOCK));
	char small[7], large[16] = { 1 };
	struct stat status;

	say("%o %d", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	say("ready: %s", ready(fd));
	take("at first", fd);
	take("then", fd);
	VALUE(add(fd, 5));
	VALUE(add(fd, 0));
	VALUE(add(fd, 7));
	VALUE(read(fd, small, 7));
	VALUE(write(fd, small, 7));
	VALUE(write(fd, small, 0));
	VALUE(read(fd, small, 0));
	VALUE(write(fd, large, 16));
	VALUE(read(fd, large, 16));
	VALUE((int)large[0]);
	VALUE(add(fd, UINT64_MAX));
	VALUE(add(fd, UINT64_MAX - 1));
	say("full; ready: %s", ready(fd));
	VALUE(add(fd, 1));
	VALUE(add(fd, 0));
	VALUE(add(fd, UINT64_MAX));
	take("the largest", fd);
	VALUE(read(fd, nowhere, 8));
	VALUE(write(fd, nowhere, 8));
	VALUE(add(fd, 1));
	VALUE(read(fd, nowhere, 8));
	VALUE(pread(fd, large, 8, 0));
	VALUE(ftruncate(fd, 0));
	VALUE(fsync(fd));
	VALUE(fchdir(fd));
	MUST(fstat(fd, &status));
	say("mode %o size %ld", status.st_mode & 0777, (long)status.st_size);
	close(fd);
	fd = MUST(make(2, EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC));
	VALUE(fcntl(fd, F_GETFD));
	take("semaphore", fd);
	take("semaphore", fd);
	take("semaphore", fd);
	close(fd);
	VALUE(make(0, 2));
	VALUE(make(0, -1));
	VALUE(make(0, O_APPEND));
	fd = MUST(make(~0U, O_NONBLOCK));
	take("a start of 32 bits", fd);
	close(fd);
	fd = MUST(syscall(SYS_eventfd, 9));
	take("the old call", fd);
	close(fd);
}

static void waiting(void)
{
	int fd = MUST(make(0, 0)), status;
	pid_t pid = MUST(fork());
	uint64_t value;

	if (pid == 0) {
		MUST(read(fd, &value, 8));
		_exit(value);
	}
	till_asleep(pid, pid);
	VALUE(add(fd, 42));
	MUST(waitpid(pid, &status, 0));
	say("a child that waited: %s", status_text(status));
	MUST(add(fd, UINT64_MAX - 1));
	pid = MUST(fork());
	if (pid == 0)
		_exit(add(fd, 1) == 8 ? 3 : 4);
	till_asleep(pid, pid);
	take("makes room", fd);
	MUST(waitpid(pid, &status, 0));
	say("a writer that waited: %s", status_text(status));
	take("its one", fd);
	close(fd);
}

static void memory_files(void)
{
	static char name[300];
	char path[64], text[300] = "";
	struct stat status;
	int fd = MUST(syscall(SYS_memfd_create, "a name/with slash", 0)), again;

	MUST(fstat(fd, &status));
	say("mode %o links %ld size %ld; %o %d", status.st_mode, (long)status.st_nlink,
	    (long)status.st_size, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	VALUE(readlink(path, text, sizeof(text)));
	say("%s", text);
	VALUE(write(fd, "hello", 5));
	VALUE(pread(fd, text, 10, 1));
	VALUE(ftruncate(fd, 3 * PAGE));
	char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	YES(map != MAP_FAILED);
	map[PAGE] = 'm';
	VALUE(pread(fd, text, 1, PAGE));
	say("%c%c", map[0], text[0]);
	again = MUST(open(path, O_RDONLY));
	VALUE_OF("reopened: an offset of its own", read(again, text, 5));
	VALUE(write(again, "x", 1));
	close(again);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		map[0] = 'J';
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	VALUE(map[0] == 'J');
	close(fd);
	VALUE_OF("a mapping keeps it", map[PAGE] == 'm');
	munmap(map, 3 * PAGE);
	memset(name, 'n', 249);
	OPENS(syscall(SYS_memfd_create, name, MFD_CLOEXEC));
	name[249] = 'n';
	OPENS(syscall(SYS_memfd_create, name, 0));
	OPENS(syscall(SYS_memfd_create, "", 0));
	OPENS(syscall(SYS_memfd_create, nowhere, 0));
	OPENS(syscall(SYS_memfd_create, "x", 0x100));
	OPENS(syscall(SYS_memfd_create, nowhere, 0x100));
	fd = MUST(syscall(SYS_memfd_create, "x", MFD_CLOEXEC));
	VALUE(fcntl(fd, F_GETFD));
	VALUE_OF("F_GET_SEALS without sealing allowed", fcntl(fd, 1034));
	VALUE_OF("F_ADD_SEALS without sealing allowed", fcntl(fd, 1033, 2));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	VALUE(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	VALUE(fchmod(fd, 0600));
	VALUE(lseek(fd, 5000, SEEK_SET));
	VALUE(write(fd, "x", 1));
	MUST(fstat(fd, &status));
	say("mode %o size %ld", status.st_mode, (long)status.st_size);
	close(fd);
}

int main(void)
{
	spec_enter();
	counting();
	waiting();
	memory_files();
	spec_leave();
	return 0;
}
