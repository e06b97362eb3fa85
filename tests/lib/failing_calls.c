/*
 * System calls with arguments of every kind, none of which can succeed and change anything:
 * descriptors that are not open, files that are not there, signals for a thread that cannot be.
 * tests/tracetool.t compares what tools/trace writes of them on Tine with what strace writes of
 * them on Linux, line by line. strace runs this on the host, as root perhaps: so nothing may be
 * added here that forks, or that kills, mounts or sets anything if it does not fail.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_FD = 99 };
#define NO_FILE "/no-such-folder/x"
#define EACH_BIT(n, call)                       \
	for (long bit = 1, i = 0; i < (n); bit <<= 1, i++) \
		syscall call
#define EACH(from, to, call)                    \
	for (long i = (from); i < (to); i++)    \
		syscall call

int main(void)
{
	EACH_BIT(23, (SYS_openat, -100, NO_FILE, bit, 0644));
	syscall(SYS_open, NO_FILE, 02102, 0600);
	syscall(SYS_open, NO_FILE, 0x410002, 0);
	EACH_BIT(21, (SYS_mmap, 0, 0, 3, bit | 2, NO_FD, 0x1000 * i));
	EACH(0, 8, (SYS_mprotect, 1, 4096, i));
	EACH(0, 8, (SYS_access, NO_FILE, i));
	EACH(0, 6, (SYS_lseek, NO_FD, -i, i));
	EACH(0, 12, (SYS_fcntl, NO_FD, i, i));
	syscall(SYS_fcntl, NO_FD, 4, 04002);
	syscall(SYS_fcntl, NO_FD, 2, 1);
	EACH(1030, 1035, (SYS_fcntl, NO_FD, i, i));
	syscall(SYS_ioctl, NO_FD, 0x5401, 1);
	EACH(0x5405, 0x5408, (SYS_ioctl, NO_FD, i, i));
	EACH(0x540c, 0x5419, (SYS_ioctl, NO_FD, i, i));
	EACH(0, 70, (SYS_tgkill, -1, -1, i));
	EACH(0, 12, (SYS_madvise, 1, 1, i));
	EACH(0, 5, (SYS_rt_sigprocmask, i, 1, 0, 9));
	EACH(0, 13, (SYS_getrlimit, i, 1));
	EACH(0, 2, (SYS_wait4, -7, 0, 1 + 4 * i, 0));
	EACH(0, 4, (SYS_waitid, i, -1, 0, 1 << i, 0));
	EACH(0, 3, (SYS_getrusage, i - 1, 1));
	EACH(0, 8, (SYS_clock_gettime, i, 1));
	EACH_BIT(12, (SYS_newfstatat, NO_FD, "x", 0, bit));
	EACH_BIT(12, (SYS_statx, NO_FD, "x", bit, bit, 0));
	EACH(0, 10, (SYS_mknodat, NO_FD, "x", i << 12 | 0644, 0x105));
	EACH(0, 2, (SYS_renameat2, NO_FD, "a", 98, "b", i));
	EACH(0, 4, (SYS_linkat, NO_FD, "a", 98, "b", i << 10));
	EACH(0, 3, (SYS_unlinkat, NO_FD, "a", i << 9));
	EACH(0, 3, (SYS_shutdown, NO_FD, i));
	EACH(0, 4, (SYS_getpriority, i, 9999999));
	EACH(0, 4, (SYS_sched_setscheduler, -1, i, 0));
	EACH(0, 7, (SYS_fadvise64, NO_FD, -i, i, i));
	EACH_BIT(7, (SYS_fallocate, NO_FD, bit, 1, 1));
	EACH_BIT(7, (SYS_mremap, 1, 1, 1, bit & ~2, 5));
	EACH_BIT(7, (SYS_msync, 1, 1, bit));
	EACH(1, 3, (SYS_flock, NO_FD, i));
	syscall(SYS_flock, NO_FD, 8 | 4);
	EACH_BIT(17, (SYS_sendto, NO_FD, "abc", 3, bit & ~16, 0, 0));
	EACH_BIT(17, (SYS_recvfrom, NO_FD, 0, 0, bit & ~16, 0, 0));
	EACH(0, 11, (SYS_setsockopt, NO_FD, 1, i, 0, 0));
	EACH(0, 2, (SYS_dup3, NO_FD, 98, 02000000 * i));
	EACH(0, 3, (SYS_timer_create, 99, 0, 0));
	syscall(SYS_futex, 1, 129, 5, 0, 0, 0);
	syscall(SYS_futex, 1, 3, 5, 6, 0, 0);
	syscall(SYS_futex, 1, 9, 5, 0, 0, -1);
	syscall(SYS_clock_nanosleep, 1, 1, 0, 0);
	syscall(SYS_nanosleep, 0, 0);
	syscall(SYS_pipe2, 1, 02004000);
	syscall(SYS_select, -1, 0, 0, 0, 0);
	syscall(SYS_pwrite64, NO_FD, "a\1b\n\377\"\\7", 8, -1L);
	syscall(SYS_write, NO_FD, "0123456789012345678901234567890123456789", 40);
	syscall(SYS_write, NO_FD, "01234567890123456789012345678901", 32);
	syscall(SYS_chmod, NO_FILE, 07755);
	syscall(SYS_chown, NO_FILE, -1, 5);
	syscall(SYS_mkdir, NO_FILE, 0);
	syscall(SYS_umask, 022);
	syscall(SYS_faccessat2, NO_FD, "a", 4, 0x200);
	syscall(SYS_utimensat, NO_FD, "x", 0, 0x100);
	syscall(SYS_sync_file_range, NO_FD, 1, 2, 7);
	syscall(SYS_eventfd2, 1, 0xfff);
	syscall(SYS_sendfile, NO_FD, 98, 0, 5);
	syscall(SYS_getgroups, -1, 0);
	syscall(SYS_mlock2, 1, 1, 3);
	syscall(SYS_symlink, NO_FILE, NO_FILE);
	syscall(SYS_mincore, 1, 1, 1);
	syscall(SYS_preadv2, NO_FD, 0, 1, 5, 0, 3);
	syscall(SYS_socket, 1, 02004000 + 99, 0);
	syscall(SYS_getdents64, NO_FD, 0, 100);
	syscall(SYS_readlink, NO_FILE, 0, 10);
	syscall(SYS_execve, NO_FILE, 0, 0);
	syscall(9999, 1, 2, 3, 4, 5, 6);
	return 3;
}
