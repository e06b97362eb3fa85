/*
 * fsync, fdatasync, syncfs, sync_file_range and readahead: which descriptors
 * they serve, and the errors of the others.
 * Pages: fsync(2), sync(2), sync_file_range(2), readahead(2).
 */
#include "check.h"

static long range(int fd, long offset, long n, unsigned flags)
{
	return syscall(SYS_sync_file_range, fd, offset, n, flags);
}

int main(void)
{
	int file = MUST(open("sync.tmp", O_RDWR | O_CREAT, 0600)), dir = MUST(open(".", O_RDONLY));
	int path = MUST(open("sync.tmp", O_PATH)), writes = MUST(open("sync.tmp", O_WRONLY)), fds[2];
	int all[] = { file, dir, path, writes, 0, 0, 99 };
	static const char *const names[] = { "file", "directory", "O_PATH", "write-only", "pipe",
					     "pipe's write end", "none" };

	MUST(pipe(fds));
	all[4] = fds[0], all[5] = fds[1];
	for (size_t i = 0; i < COUNT(all); i++) {
		say("%s:", names[i]);
		VALUE_OF("  fsync", fsync(all[i]));
		VALUE_OF("  fdatasync", fdatasync(all[i]));
		VALUE_OF("  syncfs", syscall(SYS_syncfs, all[i]));
		VALUE_OF("  sync_file_range", range(all[i], 0, 0, 0));
		VALUE_OF("  with bad flags", range(all[i], 0, 0, 8));
		VALUE_OF("  readahead", readahead(all[i], 0, 100));
	}
	VALUE(range(file, 0, 100, 7));
	VALUE(range(file, -1, 100, 0));
	VALUE(range(file, 5, -1, 0));
	VALUE(range(file, LONG_MAX, 1, 0));
	VALUE(range(file, LONG_MAX, 0, 0));
	VALUE(readahead(file, -1, 100));
	sync();
	MUST(unlink("sync.tmp"));
	return 0;
}
