/*
 * getrandom: flags, lengths, bad buffers; a signal or SIGKILL ends a huge call.
 *
 * The huge buffer is one small file, mapped shared many times side by side, so
 * that it costs little memory. From getrandom(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE, COPIES = 255, SOON_MS = 2500 };
enum { NONBLOCK = 1, RANDOM = 2, INSECURE = 4, UNKNOWN = 8 };

static const size_t FILE_SIZE = MIB(8);
static const char FILE_NAME[] = "getrandom_file";

static long get(void *buffer, size_t length, unsigned flags)
{
	return syscall(SYS_getrandom, buffer, length, flags);
}

static void flags(void)
{
	char bytes[16];

	VALUE(get(bytes, sizeof(bytes), 0));
	VALUE(get(bytes, sizeof(bytes), NONBLOCK));
	VALUE(get(bytes, sizeof(bytes), INSECURE));
	VALUE(get(bytes, sizeof(bytes), NONBLOCK | INSECURE));
	VALUE(get(bytes, sizeof(bytes), RANDOM | INSECURE));
	VALUE(get(bytes, sizeof(bytes), UNKNOWN));
	VALUE(get(bytes, sizeof(bytes), -1));
	VALUE(get(bytes, 0, UNKNOWN));
	VALUE(get(NULL, 1, UNKNOWN));
}

static void lengths(void)
{
	static const size_t sizes[] = { 1, 7, 255, 256, 257, 4095, 4096, 4097, 65536, MIB(1) };
	char *bytes = map_anon(MIB(1) + PAGE, RW);
	int wrong = 0, zeros = 0;

	VALUE(get(bytes, 0, 0));
	VALUE(get(NULL, 0, 0));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		memset(bytes, 0, MIB(1) + PAGE);
		wrong += get(bytes, sizes[i], 0) != (long)sizes[i] || bytes[sizes[i]] != 0;
	}
	VALUE_OF("short, or bytes beyond the end", wrong);
	for (size_t at = 0; at < MIB(1); at += 64)
		zeros += !memcmp(bytes + at, (char[64]){ 0 }, 64);
	VALUE_OF("blocks left empty in 1 MiB", zeros);
	YES_OF("two calls differ", get(bytes, 32, 0) == 32 && get(bytes + 32, 32, 0) == 32 &&
	       memcmp(bytes, bytes + 32, 32));
	munmap(bytes, MIB(1) + PAGE);
}

static void bad_buffers(void)
{
	char *end = map_before_hole(PAGE) + PAGE, *fixed = map_anon(PAGE, PROT_READ);
	long n;

	VALUE(get(NULL, 1, 0));
	VALUE(get(nowhere, 16, 0));
	VALUE(get(in_kernel, 16, 0));
	VALUE(get(kernel_text, 16, 0));
	VALUE(get(non_canonical, 16, 0));
	VALUE_OF("read-only", get(fixed, 16, 0));
	VALUE_OF("just before a hole", get(end - 16, 16, 0));
	VALUE_OF("just behind it", get(end, 16, 0));
	n = get(end - 16, 32, 0);
	YES_OF("across the edge: a part, or EFAULT",
	       (n > 0 && n <= 16) || (n == -1 && errno == EFAULT));
}

/* The same file again and again: COPIES * FILE_SIZE bytes. */
static char *huge_buffer(void)
{
	int fd = MUST(open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600));
	char *base = map_anon(COPIES * FILE_SIZE, PROT_NONE);

	MUST(ftruncate(fd, FILE_SIZE));
	for (int i = 0; i < COPIES; i++)
		MUST((long)mmap(base + i * FILE_SIZE, FILE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd,
				0));
	MUST(close(fd));
	MUST(unlink(FILE_NAME));
	return base;
}

static void on_signal(int number)
{
	(void)number;
}

static void huge_calls(void)
{
	char *buffer = huge_buffer(), byte;
	int ready[2], status;
	long before, n;
	pid_t pid;

	MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(write(ready[1], "x", 1));
		for (;;)
			get(buffer, COPIES * FILE_SIZE, 0);
	}
	MUST(read(ready[0], &byte, 1));
	sleep_ms(100);
	MUST(kill(pid, SIGKILL));
	before = now_ms();
	MUST(waitpid(pid, &status, 0));
	YES_OF("SIGKILL ends it soon", now_ms() - before < SOON_MS);
	say("%s", status_text(status));

	signal(SIGUSR1, on_signal);
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(100);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	before = now_ms();
	n = get(buffer, COPIES * FILE_SIZE, 0);
	YES_OF("a handler ends it soon", now_ms() - before < SOON_MS);
	YES_OF("with a part, or EINTR",
	       (n > 0 && n < (long)(COPIES * FILE_SIZE)) || (n == -1 && errno == EINTR));
	MUST(waitpid(pid, &status, 0));
}

int main(void)
{
	flags();
	lengths();
	bad_buffers();
	huge_calls();
	return 0;
}
