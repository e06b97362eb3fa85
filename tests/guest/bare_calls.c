/*
 * Calls that no C library of today makes for the function of their name: stat,
 * lstat, creat, and restart_syscall, which only the kernel asks for; and
 * arch_prctl, which a program calls once, before main.
 *
 * From stat(2), creat(2), restart_syscall(2), arch_prctl(2).
 */
#include "check.h"

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

static __thread volatile int own = 7;
static uint64_t word = 0x123456789abcdef0;

static void attributes(void)
{
	struct stat status, other;

	make_file("a file", 0644, "12345", 5);
	MUST(symlink("a file", "a link"));
	OK(syscall(SYS_stat, "a link", &status));
	say("stat follows: type %o, size %ld", status.st_mode & S_IFMT, (long)status.st_size);
	OK(syscall(SYS_lstat, "a link", &other));
	say("lstat does not: type %o, size %ld", other.st_mode & S_IFMT, (long)other.st_size);
	YES_OF("they are two inodes", status.st_ino != other.st_ino);
	MUST(fstatat(AT_FDCWD, "a link", &other, 0));
	YES_OF("stat says what fstatat says", memcmp(&status, &other, sizeof(status)) == 0);
	OK(syscall(SYS_stat, "nothing", &status));
	OK(syscall(SYS_lstat, "a file/", &status));
	OK(syscall(SYS_stat, "a file", nowhere));
	OK(syscall(SYS_lstat, in_kernel, &status));
	MUST(unlink("a link"));
}

static void creation(void)
{
	struct stat status;
	long fd;

	umask(022);
	fd = MUST(syscall(SYS_creat, "made", 0666));
	VALUE_OF("creat opens to write", write((int)fd, "abc", 3));
	VALUE_OF("and not to read", read((int)fd, &status, 1));
	VALUE_OF("it is not close-on-exec", fcntl((int)fd, F_GETFD));
	MUST(fstat((int)fd, &status));
	say("mode %o, size %ld", status.st_mode & 07777, (long)status.st_size);
	close((int)fd);
	fd = MUST(syscall(SYS_creat, "made", 0400));
	MUST(fstat((int)fd, &status));
	say("once more: mode %o, size %ld", status.st_mode & 07777, (long)status.st_size);
	close((int)fd);
	OK(syscall(SYS_creat, "no/such", 0600));
	OK(syscall(SYS_creat, ".", 0600));
	MUST(unlink("made"));
	MUST(unlink("a file"));
}

static uint64_t gs_word(void)
{
	uint64_t value;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(value));
	return value;
}

/* FS base is what makes __thread variables the thread's own: with that of a copy, another one. */
static void bases(void)
{
	uint64_t fs = 0, gs = 1, pointed;

	VALUE(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
	__asm__ volatile("movq %%fs:0, %0" : "=r"(pointed));
	YES_OF("where FS points, there is a pointer to it", fs == pointed);
	YES_OF("__thread variables are found by it", own == 7);
	VALUE(syscall(SYS_arch_prctl, ARCH_SET_FS, fs));
	VALUE(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
	YES_OF("GS is 0 at first", gs == 0);
	VALUE(syscall(SYS_arch_prctl, ARCH_SET_GS, &word));
	YES_OF("and is what it was set to", gs_word() == word);
	sched_yield();
	sleep_ms(1);
	YES_OF("after a sleep too", gs_word() == word);
	VALUE(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
	YES_OF("ARCH_GET_GS says so", gs == (uintptr_t)&word);
	OK(syscall(SYS_arch_prctl, ARCH_SET_GS, in_kernel));
	OK(syscall(SYS_arch_prctl, ARCH_SET_FS, non_canonical));
	OK(syscall(SYS_arch_prctl, ARCH_GET_GS, nowhere));
	OK(syscall(SYS_arch_prctl, 0x1234, &gs));
	YES_OF("after the errors GS is as it was", gs_word() == word);
}

static void forked(void)
{
	YES_OF("a child has its parent's GS", gs_word() == word);
}

int main(void)
{
	OK_OF("restart_syscall, with nothing to go on with", syscall(SYS_restart_syscall));
	attributes();
	creation();
	bases();
	in_child("forked", forked);
	return 0;
}
