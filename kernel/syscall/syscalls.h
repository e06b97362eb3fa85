/*
 * The handlers of all system calls, with the argument types of their man pages
 * (section 2), so that a breakpoint shows each argument by name. A handler
 * returns its result or -errno. The numbers stand in syscall/table.c.
 *
 * A pointer marked __user may be any address at all: mm/uaccess.h.
 */
#ifndef SYSCALL_SYSCALLS_H
#define SYSCALL_SYSCALLS_H

#include "lib/types.h"

/* kernel/fs/rw.c */
s64 sys_read(int fd, void __user *buf, size_t n);
s64 sys_write(int fd, const void __user *buf, size_t n);
s64 sys_pread64(int fd, void __user *buf, size_t n, off_t offset);
s64 sys_pwrite64(int fd, const void __user *buf, size_t n, off_t offset);
s64 sys_readv(int fd, const void __user *iov, u64 iovcnt);
s64 sys_writev(int fd, const void __user *iov, u64 iovcnt);
s64 sys_preadv(int fd, const void __user *iov, u64 iovcnt, off_t offset);
s64 sys_pwritev(int fd, const void __user *iov, u64 iovcnt, off_t offset);
s64 sys_preadv2(int fd, const void __user *iov, u64 iovcnt, off_t offset, u64 high, u32 flags);
s64 sys_pwritev2(int fd, const void __user *iov, u64 iovcnt, off_t offset, u64 high, u32 flags);
s64 sys_syncfs(int fd);
s64 sys_sync_file_range(int fd, off_t offset, off_t n, u32 flags);
s64 sys_readahead(int fd, off_t offset, size_t count);
s64 sys_lseek(int fd, off_t offset, int whence);
s64 sys_sendfile(int out_fd, int in_fd, off_t __user *offset, size_t n);
s64 sys_fsync(int fd);
s64 sys_fdatasync(int fd);
s64 sys_sync(void);
s64 sys_fadvise64(int fd, off_t offset, off_t len, int advice);
s64 sys_utime(const char __user *path, const void __user *times);
s64 sys_utimes(const char __user *path, const void __user *times);
s64 sys_futimesat(int dirfd, const char __user *path, const void __user *times);
s64 sys_fallocate(int fd, int mode, off_t offset, off_t len);
s64 sys_truncate(const char __user *path, off_t length);
s64 sys_ftruncate(int fd, off_t length);

/* kernel/fs/open.c */
s64 sys_open(const char __user *path, int flags, u32 mode);
s64 sys_creat(const char __user *path, u32 mode);
s64 sys_openat(int dirfd, const char __user *path, int flags, u32 mode);
s64 sys_close(int fd);
s64 sys_close_range(u32 first, u32 last, u32 flags);
s64 sys_ioctl(int fd, u64 request, u64 arg);
s64 sys_dup(int fd);
s64 sys_dup2(int old_fd, int new_fd);
s64 sys_dup3(int old_fd, int new_fd, int flags);
s64 sys_fcntl(int fd, int command, u64 arg);
s64 sys_flock(int fd, int operation);
s64 sys_pipe(int __user *fds);
s64 sys_pipe2(int __user *fds, int flags);
s64 sys_poll(void __user *fds, u32 nfds, int timeout_ms);
s64 sys_ppoll(void __user *fds, u32 nfds, const void __user *timeout, const void __user *mask,
	    size_t mask_size);
s64 sys_select(int nfds, void __user *in, void __user *out, void __user *except,
	    void __user *timeout);
s64 sys_pselect6(int nfds, void __user *in, void __user *out, void __user *except,
	    void __user *timeout, void __user *mask);

/* kernel/fs/eventfd.c, memfd.c */
s64 sys_eventfd(u32 count);
s64 sys_eventfd2(u32 count, int flags);
s64 sys_memfd_create(const char __user *user_name, u32 flags);

/* kernel/fs/socket*.c */
s64 sys_socket(int domain, int type, int protocol);
s64 sys_socketpair(int domain, int type, int protocol, int __user *fds);
s64 sys_bind(int fd, const void __user *addr, int len);
s64 sys_listen(int fd, int backlog);
s64 sys_connect(int fd, const void __user *addr, int len);
s64 sys_accept(int fd, void __user *addr, int __user *len);
s64 sys_accept4(int fd, void __user *addr, int __user *len, int flags);
s64 sys_sendto(int fd, const void __user *buf, size_t n, u32 flags, const void __user *addr,
	    int len);
s64 sys_recvfrom(int fd, void __user *buf, size_t n, u32 flags, void __user *addr, int __user *len);
s64 sys_sendmsg(int fd, const void __user *user_msg, u32 flags);
s64 sys_recvmsg(int fd, void __user *user_msg, u32 flags);
s64 sys_shutdown(int fd, int how);
s64 sys_getsockname(int fd, void __user *addr, int __user *len);
s64 sys_getpeername(int fd, void __user *addr, int __user *len);
s64 sys_setsockopt(int fd, int level, int option, const void __user *value, int len);
s64 sys_getsockopt(int fd, int level, int option, void __user *value, int __user *len);

/* kernel/fs/stat.c */
s64 sys_stat(const char __user *path, void __user *statbuf);
s64 sys_fstat(int fd, void __user *statbuf);
s64 sys_lstat(const char __user *path, void __user *statbuf);
s64 sys_newfstatat(int dirfd, const char __user *path, void __user *statbuf, int flags);
s64 sys_statx(int dirfd, const char __user *path, int flags, u32 mask, void __user *statxbuf);
s64 sys_statfs(const char __user *path, void __user *statfsbuf);
s64 sys_fstatfs(int fd, void __user *statfsbuf);
s64 sys_access(const char __user *path, int mode);
s64 sys_faccessat(int dirfd, const char __user *path, int mode);
s64 sys_faccessat2(int dirfd, const char __user *path, int mode, int flags);
s64 sys_readlink(const char __user *path, char __user *buf, size_t size);
s64 sys_readlinkat(int dirfd, const char __user *path, char __user *buf, size_t size);
s64 sys_getdents64(int fd, void __user *buf, size_t size);

/* kernel/fs/xattr.c; of the arguments only what names the file is looked at */
s64 sys_getxattr(const char __user *path);
s64 sys_lgetxattr(const char __user *path);
s64 sys_fgetxattr(int fd);
s64 sys_listxattr(const char __user *path);
s64 sys_llistxattr(const char __user *path);
s64 sys_flistxattr(int fd);

/* kernel/fs/names.c */
s64 sys_getcwd(char __user *buf, size_t size);
s64 sys_chdir(const char __user *path);
s64 sys_chroot(const char __user *path);
s64 sys_fchdir(int fd);
s64 sys_umask(u32 mask);
s64 sys_rename(const char __user *from, const char __user *to);
s64 sys_renameat(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to);
s64 sys_renameat2(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to,
	    u32 flags);
s64 sys_mkdir(const char __user *path, u32 mode);
s64 sys_mkdirat(int dirfd, const char __user *path, u32 mode);
s64 sys_rmdir(const char __user *path);
s64 sys_unlink(const char __user *path);
s64 sys_unlinkat(int dirfd, const char __user *path, int flags);
s64 sys_link(const char __user *from, const char __user *to);
s64 sys_linkat(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to,
	    int flags);
s64 sys_symlink(const char __user *target, const char __user *path);
s64 sys_symlinkat(const char __user *target, int dirfd, const char __user *path);
s64 sys_mknod(const char __user *path, u32 mode, u64 dev);
s64 sys_mknodat(int dirfd, const char __user *path, u32 mode, u64 dev);
s64 sys_chmod(const char __user *path, u32 mode);
s64 sys_fchmod(int fd, u32 mode);
s64 sys_fchmodat(int dirfd, const char __user *path, u32 mode);
s64 sys_chown(const char __user *path, u32 uid, u32 gid);
s64 sys_fchown(int fd, u32 uid, u32 gid);
s64 sys_lchown(const char __user *path, u32 uid, u32 gid);
s64 sys_fchownat(int dirfd, const char __user *path, u32 uid, u32 gid, int flags);
s64 sys_utimensat(int dirfd, const char __user *path, const void __user *times, int flags);
s64 sys_umount2(const char __user *target, int flags);
s64 sys_mount(const char __user *source, const char __user *target, const char __user *type,
	    u64 flags, const void __user *data);

/* kernel/mm/map.c */
s64 sys_mmap(va_t addr, size_t len, int prot, int flags, int fd, off_t offset);
s64 sys_mprotect(va_t addr, size_t len, int prot);
s64 sys_munmap(va_t addr, size_t len);
s64 sys_brk(va_t new_brk);

/* kernel/mm/mremap.c */
s64 sys_mremap(va_t addr, size_t old_len, size_t new_len, int flags, va_t new_addr);

/* kernel/mm/madvise.c */
s64 sys_madvise(va_t addr, size_t len, int advice);
s64 sys_mincore(va_t addr, size_t len, u8 __user *vec);
s64 sys_msync(va_t addr, size_t len, int flags);

/* kernel/mm/mlock.c */
s64 sys_mlock(va_t addr, size_t len);
s64 sys_mlock2(va_t addr, size_t len, int flags);
s64 sys_munlock(va_t addr, size_t len);
s64 sys_mlockall(int flags);
s64 sys_munlockall(void);

/* kernel/proc/clone_calls.c */
s64 sys_clone(u64 flags, va_t stack, u32 __user *parent_tid, u32 __user *child_tid, va_t tls);
s64 sys_fork(void);
s64 sys_vfork(void);
s64 sys_clone3(const void __user *args, size_t size);

/* kernel/proc/exec.c */
s64 sys_execve(const char __user *path, const va_t __user *argv, const va_t __user *envp);

/* kernel/proc/exit.c */
s64 sys_exit(int status);
s64 sys_exit_group(int status);

/* kernel/proc/wait.c */
s64 sys_wait4(pid_t pid, int __user *status, int options, void __user *rusage);
s64 sys_waitid(int idtype, pid_t id, void __user *info, int options, void __user *rusage);

/* kernel/syscall/sig_calls.c */
s64 sys_rt_sigaction(int sig, const void __user *act, void __user *old, size_t mask_size);
s64 sys_rt_sigprocmask(int how, const void __user *set, void __user *old, size_t mask_size);
s64 sys_rt_sigreturn(void);
s64 sys_rt_sigpending(void __user *set, size_t mask_size);
s64 sys_rt_sigsuspend(const void __user *mask, size_t mask_size);
s64 sys_rt_sigtimedwait(const void __user *set, void __user *info, const void __user *timeout,
			size_t mask_size);
s64 sys_sigaltstack(const void __user *stack, void __user *old);
s64 sys_pause(void);
s64 sys_restart_syscall(void);

/* kernel/syscall/kill_calls.c */
s64 sys_kill(pid_t pid, int sig);
s64 sys_tkill(pid_t tid, int sig);
s64 sys_tgkill(pid_t tgid, pid_t tid, int sig);
s64 sys_rt_sigqueueinfo(pid_t pid, int sig, const void __user *info);
s64 sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, const void __user *info);

/* kernel/syscall/ids.c */
s64 sys_getpid(void);
s64 sys_gettid(void);
s64 sys_getppid(void);
s64 sys_setpgid(pid_t pid, pid_t pgid);
s64 sys_getpgid(pid_t pid);
s64 sys_getpgrp(void);
s64 sys_setsid(void);
s64 sys_getsid(pid_t pid);
s64 sys_set_tid_address(u32 __user *tid);
s64 sys_arch_prctl(int code, va_t addr);

/* kernel/syscall/creds_calls.c */
s64 sys_getuid(void);
s64 sys_getgid(void);
s64 sys_geteuid(void);
s64 sys_getegid(void);
s64 sys_setuid(u32 uid);
s64 sys_setgid(u32 gid);
s64 sys_getgroups(int size, u32 __user *list);
s64 sys_setgroups(int size, const u32 __user *list);
s64 sys_setresuid(u32 ruid, u32 euid, u32 suid);
s64 sys_getresuid(u32 __user *ruid, u32 __user *euid, u32 __user *suid);
s64 sys_setresgid(u32 rgid, u32 egid, u32 sgid);
s64 sys_getresgid(u32 __user *rgid, u32 __user *egid, u32 __user *sgid);
s64 sys_setreuid(u32 ruid, u32 euid);
s64 sys_setregid(u32 rgid, u32 egid);
s64 sys_setfsuid(u32 uid);
s64 sys_setfsgid(u32 gid);

/* kernel/syscall/prctl.c */
s64 sys_prctl(int option, u64 arg2, u64 arg3, u64 arg4, u64 arg5);
s64 sys_personality(u32 persona);

/* kernel/syscall/caps.c */
s64 sys_capget(void __user *header, void __user *data);
s64 sys_capset(void __user *header, const void __user *data);

/* kernel/syscall/limits.c */
s64 sys_getrlimit(u32 which, void __user *limit);
s64 sys_setrlimit(u32 which, const void __user *limit);
s64 sys_prlimit64(pid_t pid, u32 which, const void __user *new_limit, void __user *old_limit);

/* kernel/syscall/usage.c */
s64 sys_getrusage(int who, void __user *usage);
s64 sys_times(void __user *tms);

/* kernel/syscall/sched_calls.c */
s64 sys_getpriority(int which, int who);
s64 sys_setpriority(int which, int who, int nice);
s64 sys_sched_yield(void);
s64 sys_sched_setaffinity(pid_t pid, size_t size, const void __user *mask);
s64 sys_sched_getaffinity(pid_t pid, size_t size, void __user *mask);
s64 sys_getcpu(u32 __user *cpu, u32 __user *node, void __user *unused);
s64 sys_sched_setscheduler(pid_t tid, int policy, const int __user *param);
s64 sys_sched_getscheduler(pid_t tid);
s64 sys_sched_setparam(pid_t tid, const int __user *param);
s64 sys_sched_getparam(pid_t tid, int __user *param);
s64 sys_sched_getattr(pid_t tid, void __user *attr, u32 size, u32 flags);
s64 sys_sched_setattr(pid_t tid, void __user *attr, u32 flags);
s64 sys_sched_get_priority_max(int policy);
s64 sys_sched_get_priority_min(int policy);
s64 sys_sched_rr_get_interval(pid_t tid, void __user *interval);

/* kernel/syscall/info.c */
s64 sys_uname(void __user *buf);
s64 sys_sysinfo(void __user *buf);
s64 sys_getrandom(void __user *buf, size_t n, u32 flags);
s64 sys_reboot(u32 magic1, u32 magic2, u32 command, void __user *arg);
s64 sys_sethostname(const char __user *name, size_t len);
s64 sys_setdomainname(const char __user *name, size_t len);
s64 sys_syslog(int action, char __user *buf, int len);

/* kernel/proc/futex.c */
s64 sys_futex(u32 __user *addr, int op, u32 value, u64 timeout_or_value2, u32 __user *addr2,
	    u32 value3);

/* kernel/proc/robust.c */
s64 sys_set_robust_list(void __user *head, size_t len);
s64 sys_get_robust_list(pid_t tid, u64 __user *head_out, size_t __user *len_out);

/* kernel/syscall/time_calls.c */
s64 sys_nanosleep(const void __user *request, void __user *remain);
s64 sys_clock_nanosleep(int clock, int flags, const void __user *request, void __user *remain);
s64 sys_clock_gettime(int clock, void __user *time);
s64 sys_clock_getres(int clock, void __user *resolution);
s64 sys_clock_settime(int clock, const void __user *time);
s64 sys_gettimeofday(void __user *time, void __user *zone);
s64 sys_settimeofday(const void __user *time, const void __user *zone);
s64 sys_time(s64 __user *time);

/* kernel/proc/posix_timer.c */
s64 sys_timer_create(int clock, const void __user *event, s32 __user *id);
s64 sys_timer_settime(s32 id, int flags, const void __user *new_value, void __user *old_value);
s64 sys_timer_gettime(s32 id, void __user *value);
s64 sys_timer_getoverrun(s32 id);
s64 sys_timer_delete(s32 id);

/* kernel/proc/itimer.c */
s64 sys_alarm(u32 seconds);
s64 sys_getitimer(int which, void __user *value);
s64 sys_setitimer(int which, const void __user *value, void __user *old_value);

#endif
