/*
 * check.h: what every guest test shares.
 *
 * A test prints one line a case: `text: result`, where the text is the C
 * expression itself or a label, and the result is a value, the name of an
 * errno, "ok" or yes/no. The same program runs on Linux and on Tine and the
 * lines are compared, so a line never shows an address, a pid or a time.
 * Lines go out by one write(2) each, without stdio: nothing is buffered when
 * a test forks, execs or is killed.
 *
 * Entry points: VALUE, OK, YES, MUST, expect; in_child, status_text; try_read,
 * try_write, try_exec; sleep_ms, now_ms, spin_cpu_ms; UNTIL, till_asleep;
 * make_file.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };
#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
#define GIB(n) ((size_t)(n) << 30)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Bad pointers, volatile so that the compiler does not see through them. */
static char *volatile nowhere __attribute__((unused)) = (char *)8;
static char *volatile in_kernel __attribute__((unused)) = (char *)0xffff888000000000;
static char *volatile kernel_text __attribute__((unused)) = (char *)0xffffffff81000000;
static char *volatile non_canonical __attribute__((unused)) = (char *)0x8000000000000000;

/* A value that is -1 is shown as its errno's name. */
#define VALUE(...) VALUE_OF(#__VA_ARGS__, __VA_ARGS__)
#define VALUE_OF(label, ...) (errno = 0, show_value((label), (long)(__VA_ARGS__)))
/* Success is "ok", whatever the value; -1 is the errno's name. */
#define OK(...) OK_OF(#__VA_ARGS__, __VA_ARGS__)
#define OK_OF(label, ...) (errno = 0, show_ok((label), (long)(__VA_ARGS__)))
#define YES(...) YES_OF(#__VA_ARGS__, __VA_ARGS__)
#define YES_OF(label, ...) say("%s: %s", (label), (__VA_ARGS__) ? "yes" : "no")
/* For what is not under test: failing ends the program. */
#define MUST(...) must(#__VA_ARGS__, (long)(__VA_ARGS__))

static inline const char *errno_text(int number)
{
	static const struct { int number; const char *name; } names[] = {
#define N(name) { name, #name }
		N(EPERM), N(ENOENT), N(ESRCH), N(EINTR), N(EIO), N(ENXIO), N(E2BIG), N(ENOEXEC),
		N(EBADF), N(ECHILD), N(EAGAIN), N(ENOMEM), N(EACCES), N(EFAULT), N(EBUSY),
		N(EEXIST), N(EXDEV), N(ENODEV), N(ENOTDIR), N(EISDIR), N(EINVAL), N(ENFILE),
		N(EMFILE), N(ENOTTY), N(ETXTBSY), N(EFBIG), N(ENOSPC), N(ESPIPE), N(EROFS),
		N(EMLINK), N(EPIPE), N(EDOM), N(ERANGE), N(EDEADLK), N(ENAMETOOLONG), N(ENOSYS),
		N(ENOTEMPTY), N(ELOOP), N(EOVERFLOW), N(EOPNOTSUPP), N(ETIMEDOUT), N(ELIBBAD),
		N(ENOTSOCK), N(EMSGSIZE), N(EPROTOTYPE), N(ENOPROTOOPT), N(EPROTONOSUPPORT),
		N(ESOCKTNOSUPPORT), N(EAFNOSUPPORT), N(EADDRINUSE), N(ECONNRESET), N(ENOBUFS),
		N(EISCONN), N(ENOTCONN), N(ETOOMANYREFS), N(ECONNREFUSED), N(EDESTADDRREQ),
#undef N
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].number == number)
			return names[i].name;
	return "errno out of the table";
}

static inline const char *signal_text(int number)
{
	static const struct { int number; const char *name; } names[] = {
#define N(name) { name, #name }
		N(SIGHUP), N(SIGINT), N(SIGQUIT), N(SIGILL), N(SIGTRAP), N(SIGABRT), N(SIGBUS),
		N(SIGFPE), N(SIGKILL), N(SIGUSR1), N(SIGSEGV), N(SIGUSR2), N(SIGPIPE), N(SIGALRM),
		N(SIGTERM), N(SIGSTKFLT), N(SIGCHLD), N(SIGCONT), N(SIGSTOP), N(SIGTSTP),
		N(SIGTTIN), N(SIGTTOU), N(SIGURG), N(SIGXCPU), N(SIGXFSZ), N(SIGVTALRM),
		N(SIGPROF), N(SIGWINCH), N(SIGIO), N(SIGPWR), N(SIGSYS),
#undef N
	};
	static char other[24];

	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(other, sizeof(other), "signal %d", number);
	return other;
}

/* One line, by one write. */
static inline __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	char line[1024];
	va_list args;
	int saved = errno, length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	if (write(1, line, length) != length)
		_exit(98);
	errno = saved;
}

/* For programs that have no other side to be compared with: exit(failures != 0). */
static int failures __attribute__((unused));

static inline void expect(const char *label, int holds)
{
	say("%s: %s", label, holds ? "yes" : "NO");
	failures += !holds;
}

static inline void show_value(const char *label, long value)
{
	if (value == -1)
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: %ld", label, value);
}

static inline void show_ok(const char *label, long value)
{
	say("%s: %s", label, value == -1 ? errno_text(errno) : "ok");
}

static inline long must(const char *label, long value)
{
	if (value == -1) {
		say("cannot go on: %s: %s", label, errno_text(errno));
		_exit(99);
	}
	return value;
}

static inline const char *status_text(int status)
{
	static char text[64];

	if (WIFEXITED(status))
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "killed by %s", signal_text(WTERMSIG(status)));
	else if (WIFSTOPPED(status))
		snprintf(text, sizeof(text), "stopped by %s", signal_text(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		snprintf(text, sizeof(text), "continued");
	else
		snprintf(text, sizeof(text), "status %#x", status);
	return text;
}

/* Runs `body` in a child and prints how it ended. Returns the wait status. */
static inline int in_child(const char *label, void (*body)(void))
{
	int status = -1;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		body();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	say("%s: %s", label, status_text(status));
	return status;
}

/* Sleeps the whole time, whatever signals come. */
static inline void sleep_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		;
}

static inline long clock_ms(clockid_t clock)
{
	struct timespec now;

	MUST(clock_gettime(clock, &now));
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline long now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* The letter of /proc/PID/task/TID/stat. */
static inline char task_state(pid_t pid, pid_t tid)
{
	char path[64], text[256], *at;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return '-';
	text[n] = 0;
	at = strrchr(text, ')');
	return at ? at[2] : '-';
}

/* Waits for a condition that must come, at most 20 s: a loaded host is slow. */
#define UNTIL(...) do { \
	for (long until_end = now_ms() + 20000; !(__VA_ARGS__) && now_ms() < until_end;) \
		sleep_ms(1); \
} while (0)

/* Till the task sleeps in the kernel, so that what comes now meets its call. */
static inline void till_asleep(pid_t pid, pid_t tid)
{
	UNTIL(task_state(pid, tid) == 'S');
}

/* Computes for so much CPU time of the thread, whatever the host gives us of real time. */
static inline void spin_cpu_ms(long ms)
{
	long end = now_ms() + 20000;

	for (long start = clock_ms(CLOCK_THREAD_CPUTIME_ID);
	     clock_ms(CLOCK_THREAD_CPUTIME_ID) - start < ms && now_ms() < end;)
		for (volatile int i = 0; i < 5000; i++)
			;
}

/* A file of the given bytes; the umask is lifted for it, so `mode` is the mode. */
static inline void make_file(const char *name, mode_t mode, const void *data, size_t length)
{
	mode_t mask = umask(0);
	int fd = MUST(open(name, O_WRONLY | O_CREAT | O_TRUNC, mode));

	umask(mask);
	for (size_t done = 0; done < length;)
		done += MUST(write(fd, (const char *)data + done, length - done));
	MUST(close(fd));
}

/* Touching memory that may not be there: 0, or the signal that it gave. */
static sigjmp_buf touch_escape;
static volatile sig_atomic_t touch_code;
static void *volatile touch_addr;

static inline void touch_handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	touch_code = info->si_code;
	touch_addr = info->si_addr;
	siglongjmp(touch_escape, number);
}

enum touch_kind { TOUCH_READ, TOUCH_WRITE, TOUCH_EXEC };

static inline int touch(volatile void *address, enum touch_kind kind)
{
	struct sigaction action = { .sa_sigaction = touch_handler, .sa_flags = SA_SIGINFO }, old[3];
	static const int numbers[3] = { SIGSEGV, SIGBUS, SIGILL };
	int number;

	for (int i = 0; i < 3; i++)
		MUST(sigaction(numbers[i], &action, &old[i]));
	number = sigsetjmp(touch_escape, 1);
	if (number == 0) {
		if (kind == TOUCH_READ)
			(void)*(volatile char *)address;
		else if (kind == TOUCH_WRITE)
			*(volatile char *)address = 'w';
		else
			((void (*)(void))(uintptr_t)address)();
	}
	for (int i = 0; i < 3; i++)
		MUST(sigaction(numbers[i], &old[i], NULL));
	return number;
}

static inline const char *touch_text(volatile void *address, enum touch_kind kind)
{
	int number = touch((void *)address, kind);

	return number == 0 ? "ok" : signal_text(number);
}

#define try_read(address) touch_text((address), TOUCH_READ)
#define try_write(address) touch_text((address), TOUCH_WRITE)
#define try_exec(address) touch_text((address), TOUCH_EXEC)

/* Fresh private anonymous memory. */
static inline char *map_anon(size_t length, int prot)
{
	char *at = mmap(NULL, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

/*
 * Private memory that ends where nothing is mapped, nor will be: it lies far
 * from where the kernel puts mappings of its own choice.
 */
static inline char *map_before_hole(size_t length)
{
	static char *next = (char *)0x2f0000000000;
	char *at = mmap(next, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	next += length + MIB(64);
	return at;
}

#endif
