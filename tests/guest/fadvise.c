/*
 * posix_fadvise: what it accepts; it has no effect that could be seen.
 *
 * From posix_fadvise(2).
 */
#include "check.h"

static void advise(const char *label, int fd)
{
	VALUE_OF(label, syscall(SYS_fadvise64, fd, 0L, 0L, POSIX_FADV_SEQUENTIAL));
}

int main(void)
{
	int pipe_fds[2], fd;

	make_file("advice.tmp", 0644, "abc", 3);
	fd = MUST(open("advice.tmp", O_RDWR));
	MUST(pipe(pipe_fds));
	for (int advice = -1; advice <= 6; advice++)
		VALUE_OF("advice", syscall(SYS_fadvise64, fd, 0L, 0L, advice));
	VALUE_OF("beyond the end", syscall(SYS_fadvise64, fd, 1L << 40, 1L << 40, 0));
	VALUE_OF("negative length", syscall(SYS_fadvise64, fd, 0L, -1L, 0));
	advise("pipe", pipe_fds[0]);
	VALUE_OF("pipe, bad advice", syscall(SYS_fadvise64, pipe_fds[0], 0L, 0L, 99));
	advise("folder", MUST(open("/tmp", O_RDONLY)));
	advise("device", MUST(open("/dev/null", O_RDWR)));
	advise("write-only", MUST(open("advice.tmp", O_WRONLY)));
	advise("O_PATH", MUST(open("advice.tmp", O_PATH)));
	advise("no descriptor", -1);
	MUST(unlink("advice.tmp"));
	return 0;
}
