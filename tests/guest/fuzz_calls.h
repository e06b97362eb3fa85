/*
 * fuzz_calls.h: the calls that fuzz_proc.c makes, each with arguments of chance:
 * one function a subject, which returns what the call has returned.
 */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include "fuzz.h"

static long do_kill(struct fuzz *f)
{
	siginfo_t info;
	struct timespec time = brief(f);

	switch (roll(f, 5)) {
	case 0:
		return SYS(SYS_tgkill, pid(f), pid(f), signo(f));
	case 1:
		return SYS(SYS_tkill, pid(f), signo(f));
	case 2:
		memset(&info, (int)roll(f, 256), sizeof(info));
		info.si_code = roll(f, 2) ? SI_QUEUE : (int)roll(f, 200) - 100;
		if (roll(f, 2))
			return SYS(SYS_rt_sigqueueinfo, pid(f), signo(f), &info);
		return SYS(SYS_rt_tgsigqueueinfo, pid(f), pid(f), signo(f), &info);
	case 3:
		return SYS(SYS_nanosleep, &time, NULL);
	default:
		return SYS(SYS_kill, pid(f), signo(f));
	}
}

static long do_mask(struct fuzz *f)
{
	unsigned long set = roll(f, 2) ? 0 : bits(f) & bits(f);
	struct timespec time = brief(f);
	stack_t stack = { f->altstack, (int)roll(f, 4), roll(f, 5) ? 8 << 10 : bits(f) };

	switch (roll(f, 6)) {
	case 0:
		return SYS(SYS_rt_sigtimedwait, &set, address(f), &time, 8);
	case 1:
		return SYS(SYS_rt_sigpending, address(f), roll(f, 12));
	case 2:
		return SYS(SYS_sigaltstack, f->altstack ? &stack : NULL, address(f));
	case 3:
		return SYS(SYS_ppoll, address(f), roll(f, 4), &time, &set, 8);
	default:
		return SYS(SYS_rt_sigprocmask, roll(f, 4), &set, roll(f, 2) ? address(f) : NULL, 8);
	}
}

static long do_futex(struct fuzz *f)
{
	static const int known[] = { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE,
				     FUTEX_WAKE_OP, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET };
	int operation = roll(f, 16) ? known[roll(f, COUNT(known))] : (int)roll(f, 1024);
	struct timespec time = brief(f);
	void *third = operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ?
		roll(f, 10) ? (void *)&time : address(f) : (void *)(long)roll(f, 8);

	operation |= roll(f, 2) ? PRIVATE : 0;
	operation |= roll(f, 8) ? 0 : REALTIME;
	if (roll(f, 4) == 0)
		poke(word(f), 1 - (int)roll(f, 2));
	return SYS(SYS_futex, word(f), operation, roll(f, 3), third, word(f),
		   roll(f, 2) ? roll(f, 2) : bits(f));
}

static long do_robust(struct fuzz *f)
{
	/* A list of two entries and its head, somewhere in the arena. */
	unsigned long *head = (unsigned long *)(ARENA + roll(f, ARENA_PAGES) * PAGE);
	unsigned long list[5] = { (unsigned long)(head + 3), roll(f, 2) ? 64 : bits(f), 0,
				  (unsigned long)(head + 4), (unsigned long)head };

	switch (roll(f, 4)) {
	case 0:
		return SYS(SYS_get_robust_list, pid(f), address(f), address(f));
	case 1:
		return SYS(SYS_set_tid_address, f->altstack ? NULL : address(f));
	default:
		if (roll(f, 8) == 0)
			list[roll(f, 5)] = (unsigned long)address(f);
		for (unsigned i = 0; i < sizeof(list); i++)
			poke((char *)head + i, ((char *)list)[i]);
		return SYS(SYS_set_robust_list, roll(f, 8) ? (char *)head : address(f),
			   roll(f, 10) ? 24 : roll(f, 30));
	}
}

static long do_memory(struct fuzz *f)
{
	static const int advice[] = { MADV_DONTNEED, MADV_NORMAL, MADV_FREE, MADV_WILLNEED, 77 };
	char *at = ARENA + roll(f, ARENA_PAGES) * PAGE, *to = ARENA + roll(f, ARENA_PAGES) * PAGE;
	unsigned long length = (roll(f, roll(f, 4) ? 8 : ARENA_PAGES) + 1) * (unsigned long)PAGE;
	unsigned long room = (unsigned long)(ARENA + ARENA_PAGES * PAGE - at);
	int protection = roll(f, 4) ? RW : (int)roll(f, 8);

	if (length > room)
		length = room;
	switch (roll(f, 9)) {
	case 0:
		return SYS(SYS_munmap, at, length);
	case 1:
		return SYS(SYS_mprotect, at, length, protection);
	case 2:
		if (to + length > ARENA + ARENA_PAGES * PAGE)
			to = ARENA;
		return SYS(SYS_mremap, at, length, roll(f, 3) ? length : length / 2 + 1,
			   MREMAP_MAYMOVE | MREMAP_FIXED | (roll(f, 9) ? 0 : 4), to);
	case 3:
		return SYS(SYS_madvise, at, length, advice[roll(f, COUNT(advice))]);
	case 4:
		return SYS(SYS_mmap, at, length, protection, MAP_FIXED |
			   (roll(f, 2) ? MAP_SHARED : MAP_PRIVATE), 3 + roll(f, 4), 0);
	case 5: /* arguments that no call may take, and none of which can reach our memory */
		return SYS(roll(f, 2) ? SYS_munmap : SYS_mprotect, (long)address(f) | 1, bits(f), 7);
	case 6:
		return SYS(SYS_brk, roll(f, 2) ? 0 : SYS(SYS_brk, 0) + roll(f, 8 * PAGE));
	default:
		return SYS(SYS_mmap, at, length, protection, MAP_FIXED | MAP_ANONYMOUS |
			   (roll(f, 2) ? MAP_SHARED : MAP_PRIVATE), -1, 0);
	}
}

static long do_touch(struct fuzz *f)
{
	for (unsigned i = roll(f, 32); i > 0; i--)
		poke(ARENA + roll(f, ARENA_PAGES * PAGE), (int)roll(f, 2));
	return 0;
}

static long do_limit(struct fuzz *f)
{
	struct rlimit limit = { roll(f, 2) ? RLIM_INFINITY : roll(f, 1 << 24), RLIM_INFINITY };
	unsigned which = roll(f, 18);

	switch (roll(f, 3)) {
	case 0:
		return SYS(SYS_prlimit64, pid(f), which, roll(f, 2) ? &limit : NULL, address(f));
	case 1:
		return SYS(SYS_setrlimit, which, &limit);
	default:
		return SYS(SYS_getrlimit, which, address(f));
	}
}

static long do_ids(struct fuzz *f)
{
	static const int known[] = { SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid,
				     SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid };
	int id[3];

	for (int i = 0; i < 3; i++)
		id[i] = roll(f, 3) ? -1 : roll(f, 2) ? 1000 : (int)roll(f, 3);
	switch (roll(f, 6)) {
	case 0:
		return SYS(SYS_setpgid, roll(f, 2) ? 0 : pid(f), roll(f, 2) ? 0 : pid(f));
	case 1:
		return SYS(roll(f, 2) ? SYS_getpgid : SYS_getsid, pid(f));
	case 2:
		return SYS(SYS_setsid);
	case 3:
		return SYS(roll(f, 2) ? SYS_setgroups : SYS_getgroups, (int)bits(f) >> roll(f, 32),
			   address(f));
	default:
		return SYS(known[roll(f, COUNT(known))], id[0], id[1], id[2]);
	}
}

static long do_timer(struct fuzz *f)
{
	struct itimerval timer = { { 0, roll(f, 3) ? 0 : 1000 + roll(f, 5000) },
				   { 0, roll(f, 5000) } };
	struct timespec time = brief(f);

	switch (roll(f, 5)) {
	case 0:
		return SYS(SYS_alarm, roll(f, 2) ? 0 : bits(f));
	case 1:
		return SYS(SYS_clock_nanosleep, roll(f, 8), roll(f, 2), &time, address(f));
	case 2:
		return SYS(SYS_clock_gettime, (roll(f, 2) ? ~pid(f) << 3 | roll(f, 8) : roll(f, 12)),
			   address(f));
	case 3:
		return SYS(SYS_getitimer, roll(f, 4), address(f));
	default:
		return SYS(SYS_setitimer, roll(f, 4), &timer, roll(f, 2) ? address(f) : NULL);
	}
}

static long do_sched(struct fuzz *f)
{
	unsigned long set = roll(f, 3) ? 1ul << roll(f, 4) : bits(f);
	int zero = 0;

	switch (roll(f, 7)) {
	case 0:
		return SYS(SYS_sched_setaffinity, roll(f, 2) ? 0 : pid(f), roll(f, 8) ? 8 : bits(f),
			   &set);
	case 1:
		return SYS(SYS_sched_getaffinity, pid(f), roll(f, 300), address(f));
	case 2:
		return SYS(SYS_setpriority, roll(f, 4), pid(f), (int)roll(f, 44) - 22);
	case 3:
		return SYS(SYS_getpriority, roll(f, 4), pid(f));
	case 4:
		return SYS(SYS_sched_setscheduler, pid(f), roll(f, 2) ? SCHED_OTHER : SCHED_BATCH,
			   roll(f, 4) ? (char *)&zero : address(f));
	case 5:
		return SYS(SYS_sched_rr_get_interval, pid(f), address(f));
	default:
		return SYS(SYS_sched_yield);
	}
}

static long do_prctl(struct fuzz *f)
{
	switch (roll(f, 6)) {
	case 0:
		return SYS(SYS_prctl, 1 /* PDEATHSIG */, signo(f));
	case 1:
		return SYS(SYS_prctl, 15 /* SET_NAME */, roll(f, 2) ? "fuzz" : address(f));
	case 2:
		return SYS(SYS_prctl, 36 /* CHILD_SUBREAPER */, roll(f, 2));
	case 3:
		return SYS(SYS_arch_prctl, roll(f, 2) ? 0x1001 + roll(f, 4) : bits(f), address(f));
	case 4:
		return SYS(SYS_getrusage, (int)roll(f, 4) - 2, address(f));
	default:
		return SYS(SYS_prctl, roll(f, 60), address(f), roll(f, 3), 0, 0);
	}
}

static long do_wait(struct fuzz *f)
{
	int options = (roll(f, 4) ? WNOHANG : 0) | (roll(f, 2) ? 0 : (int)(bits(f) & bits(f)));

	if (roll(f, 2))
		return SYS(SYS_wait4, roll(f, 2) ? -1 : pid(f),
			   roll(f, 2) ? address(f) : NULL,
			   options & ~(roll(f, 4) ? ~0xe000000b : 0), roll(f, 2) ? address(f) : NULL);
	return SYS(SYS_waitid, roll(f, 5), pid(f), roll(f, 4) ? address(f) : NULL,
		   roll(f, 4) ? (options & (int)0xe100000f) | WEXITED : options,
		   roll(f, 2) ? address(f) : NULL);
}

static long do_files(struct fuzz *f)
{
	int a = 3 + (int)roll(f, MAX_FD), b = 3 + (int)roll(f, MAX_FD);

	switch (roll(f, 8)) {
	case 0:
		return SYS(SYS_pipe2, address(f), O_NONBLOCK | (roll(f, 2) ? O_CLOEXEC : 0));
	case 1:
		return SYS(SYS_dup3, a, b, roll(f, 4) ? 0 : O_CLOEXEC);
	case 2:
		return SYS(SYS_dup2, a, b);
	case 3:
		return SYS(SYS_close, a);
	case 4:
		return SYS(SYS_read, a, address(f), roll(f, 8192));
	case 5:
		return SYS(SYS_write, a, address(f), roll(f, 8192));
	case 6:
		return SYS(SYS_fcntl, a, roll(f, 12), roll(f, 2) ? (char *)(long)roll(f, 30) : address(f));
	default:
		return SYS(SYS_openat, AT_FDCWD, roll(f, 2) ? program : address(f), O_RDONLY);
	}
}

static long do_proc(struct fuzz *f)
{
	static const char names[][32] = {
		"/proc", "/proc/self/maps", "/proc/self/stat", "/proc/self/status",
		"/proc/self/task", "/proc/self/fd", "/proc/self/cmdline", "/proc/stat",
		"/proc/meminfo", "/proc/#/maps", "/proc/#/stat", "/proc/#/status", "/proc/#/task",
		"/proc/#/fd", "/proc/#/cmdline", "/proc/#/exe",
	};
	char name[48], *to = name;
	long fd, result = 0;

	for (const char *from = names[roll(f, COUNT(names))]; *from; from++) {
		if (*from != '#') {
			*to++ = *from;
			continue;
		}
		unsigned number = (unsigned)shared->pids[roll(f, PIDS)];
		for (unsigned unit = 1000000000; unit; unit /= 10)
			if (number >= unit || unit == 1)
				*to++ = (char)('0' + number / unit % 10);
	}
	*to = '\0';
	fd = SYS(SYS_openat, AT_FDCWD, name, O_RDONLY);
	for (unsigned i = 1 + roll(f, 3); fd >= 0 && i > 0; i--)
		result = SYS(roll(f, 3) ? SYS_read : SYS_getdents64, fd, address(f), roll(f, 4096));
	if (fd >= 0)
		SYS(SYS_close, fd);
	return fd < 0 ? fd : result;
}

#endif
