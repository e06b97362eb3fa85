/*
 * Fuzzer of the process model: threads and processes on all CPUs make random
 * system calls with bounded arguments: clone with random flags, exec, exit,
 * signals and forged frames, futexes at good and bad addresses, robust lists,
 * changes of the address space, limits, ids, groups, timers, waits, pipes, /proc.
 * The supervisor lets one realm after the other run for a while, kills all, and
 * reaps: nothing may be left. What is under test comes after: the kernel lives,
 * its audit is ok, all memory is back.
 *
 * args: 4 1
 * native: no
 * guest: -m 256
 *
 * fuzz_proc [REALMS [SEED [MS [VERBOSE]]]]; it kills all processes there are, so
 * it runs in guests only. No libc in the realms: any thread may have no TLS.
 */
#include "clone.h"
#include "fuzz_calls.h"
#include <ucontext.h>

enum { SLOTS = 48, SLOT_SIZE = 32 << 10, CHILDREN = 8, CALLS = 600, SOMEBODY = 1000 };

static char slots[SLOTS][SLOT_SIZE] __attribute__((aligned(64)));
static atomic_int slot_busy[SLOTS];
static char **no_environment = (char *[]){ NULL };

/* ---- Calls --------------------------------------------------------------------------------- */

static void play(struct fuzz *f);
static void die(struct fuzz *f) __attribute__((noreturn));

static void die(struct fuzz *f)
{
	for (;;)
		SYS(roll(f, 2) ? SYS_exit : SYS_exit_group, roll(f, 256));
}

static void remember(void)
{
	long self = SYS(SYS_gettid);

	shared->pids[self % PIDS] = (int)self;
}

static void run_child(struct fuzz *f)
{
	remember();
	play(f);
	die(f);
}

/* The start of a child on a slot's stack: its struct fuzz lies at the slot's lower end. */
static int slot_body(void *slot)
{
	run_child(slot);
	return 0;
}

static int slot_take(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (atomic_exchange(&slot_busy[i], 1) == 0)
			return i;
	return -1;
}

/* With CLONE_VM on a stack of its own; CLEARTID gives that back. */
static long clone_on_slot(struct fuzz *f, unsigned long flags)
{
	int i = slot_take();
	struct fuzz *child;
	long result;

	if (i < 0)
		return -EAGAIN;
	child = (struct fuzz *)slots[i];
	*child = (struct fuzz){ f->seed * 2654435761u + 1, f->budget / 2, slots[i] + 64 };
	result = raw_clone_on(slots[i] + SLOT_SIZE, flags | CLONE_CHILD_CLEARTID, slot_body, child,
			      roll(f, 4) ? &private_words[0] : (int *)address(f),
			      (int *)&slot_busy[i], address(f));
	if (result < 0)
		slot_busy[i] = 0;
	return result;
}

static long do_clone(struct fuzz *f)
{
	static const unsigned long usual[] = {
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		CLONE_VM | CLONE_VFORK | SIGCHLD, CLONE_VM | CLONE_SIGHAND | SIGCHLD,
		CLONE_VM | SIGUSR1, CLONE_VM | CLONE_PARENT,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_VFORK,
	};
	static const unsigned long known[] = {
		CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_PARENT, CLONE_THREAD,
		CLONE_VFORK, CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_SETTID, CLONE_SYSVSEM,
		CLONE_UNTRACED, CLONE_DETACHED, CLONE_IO, CLONE_PIDFD, CLONE_NEWPID, CLONE_PTRACE,
	};
	unsigned long flags = 0;
	struct fuzz child;
	long result;

	f->budget -= f->budget / 2; /* half for the child */
	if (roll(f, 2)) {
		flags = usual[roll(f, COUNT(usual))];
	} else {
		for (unsigned i = roll(f, 6); i > 0; i--)
			flags |= known[roll(f, roll(f, 8) ? 11 : COUNT(known))];
		flags |= roll(f, 4) ? SIGCHLD : roll(f, 256);
	}
	if (flags & CLONE_VM)
		return clone_on_slot(f, flags);
	child = *f;
	child.seed = f->seed * 2654435761u + 1;
	if (roll(f, 4) == 0)
		result = SYS(SYS_fork);
	else
		result = SYS(SYS_clone, flags, 0, address(f), address(f), address(f));
	if (result == 0)
		run_child(&child);
	return result;
}

static long do_exec(struct fuzz *f)
{
	char text[2][12], *arguments[] = { program, "child", text[0], text[1], NULL };
	unsigned numbers[2] = { f->seed, (unsigned)f->budget };

	if (roll(f, 4) == 0)
		return SYS(SYS_execve, roll(f, 2) ? program : address(f),
			   roll(f, 2) ? (char *)arguments : address(f), address(f));
	for (int i = 0; i < 2; i++) {
		char *at = text[i] + sizeof(text[i]) - 1;

		*at = '\0';
		do
			*--at = (char)('0' + numbers[i] % 10);
		while ((numbers[i] /= 10) != 0);
		arguments[2 + i] = at;
	}
	return SYS(SYS_execve, program, arguments, no_environment);
}

/* Forges what sigreturn will read: all but the instruction and the stack pointer. */
static void forge(struct fuzz *f, ucontext_t *context)
{
	switch (roll(f, 12)) {
	case 0:
		context->uc_mcontext.fpregs = (void *)address(f);
		break;
	case 1:
		if (context->uc_mcontext.fpregs)
			((char *)context->uc_mcontext.fpregs)[roll(f, 640)] ^= (char)bits(f);
		break;
	case 2:
		context->uc_mcontext.gregs[REG_EFL] = (long)bits(f) & ~0x100;
		break;
	case 3:
		context->uc_mcontext.gregs[REG_CSGSFS] = (long)bits(f);
		break;
	case 4:
		context->uc_mcontext.gregs[REG_RIP] = (long)address(f);
		break;
	case 5:
		context->uc_stack.ss_sp = address(f);
		context->uc_stack.ss_size = bits(f);
		break;
	case 6:
		memset(&context->uc_sigmask, (int)bits(f), 8);
		break;
	}
}

__asm__(".globl restorer\n"
	"restorer: mov $15, %eax\n\t"
	"syscall\n");
void restorer(void);

static void handler(int number, siginfo_t *info, void *opaque)
{
	ucontext_t *context = opaque;
	unsigned long at = (unsigned long)context->uc_mcontext.gregs[REG_RIP];
	struct fuzz f = { (unsigned)__builtin_ia32_rdtsc() | 1, 2, NULL };

	(void)info;
	if (number == SIGSEGV || number == SIGBUS) {
		if (at < (unsigned long)poke_begin || at >= (unsigned long)poke_end)
			die(&f);
		context->uc_mcontext.gregs[REG_RIP] = (long)poke_end;
		return;
	}
	if (roll(&f, 3) == 0)
		play(&f);
	if (roll(&f, 3) == 0)
		forge(&f, context);
}

/* The kernel's struct sigaction. */
struct action {
	void *handler;
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static long do_sigaction(struct fuzz *f)
{
	static const unsigned long known[] = { SA_NOCLDSTOP, SA_NOCLDWAIT, SA_ONSTACK, SA_RESTART,
					       SA_NODEFER, SA_RESETHAND };
	struct action action = { handler, SA_SIGINFO | 0x04000000, restorer, bits(f) };
	int number = signo(f);

	for (unsigned i = roll(f, 3); i > 0; i--)
		action.flags |= known[roll(f, COUNT(known))];
	if (roll(f, 3) == 0)
		action.handler = roll(f, 2) ? (void *)SIG_DFL : (void *)SIG_IGN;
	return SYS(SYS_rt_sigaction, number, roll(f, 8) ? (char *)&action : address(f),
		   roll(f, 2) ? address(f) : NULL, roll(f, 20) ? 8 : roll(f, 20));
}

static long do_end(struct fuzz *f)
{
	if (roll(f, 3) == 0)
		die(f);
	return 0;
}

static const struct { const char *name; long (*call)(struct fuzz *); unsigned share; } calls[] = {
	{ "clone", do_clone, 6 }, { "exec", do_exec, 2 }, { "end", do_end, 1 },
	{ "kill", do_kill, 10 }, { "sigaction", do_sigaction, 8 }, { "mask", do_mask, 6 },
	{ "futex", do_futex, 12 }, { "robust", do_robust, 4 }, { "memory", do_memory, 12 },
	{ "touch", do_touch, 6 }, { "limit", do_limit, 2 }, { "ids", do_ids, 3 },
	{ "timer", do_timer, 5 }, { "sched", do_sched, 6 }, { "prctl", do_prctl, 3 },
	{ "wait", do_wait, 7 }, { "files", do_files, 8 }, { "proc", do_proc, 2 },
};

static void play(struct fuzz *f)
{
	unsigned all = 0, at, kind;

	for (kind = 0; kind < COUNT(calls); kind++)
		all += calls[kind].share;
	while (f->budget-- > 0 && !shared->stop) {
		at = roll(f, all);
		for (kind = 0; at >= calls[kind].share; kind++)
			at -= calls[kind].share;
		if (calls[kind].call(f) < 0)
			shared->bad[kind]++;
		else
			shared->good[kind]++;
	}
}

/* ---- Realms -------------------------------------------------------------------------------- */

static void catch(int number)
{
	struct action action = { handler, SA_SIGINFO | SA_NODEFER | 0x04000000, restorer, 0 };

	SYS(SYS_rt_sigaction, number, &action, NULL, 8);
}

/* Not to return. */
static void enter(struct fuzz *f)
{
	SYS(SYS_mmap, ARENA, ARENA_PAGES * PAGE, RW,
	    MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	for (int number = 1; number < 65; number++)
		catch(number);
	run_child(f);
	die(f);
}

/* The first process of a realm stays what it is and makes others, most without privileges. */
static void realm(unsigned seed)
{
	struct fuzz f = { seed * 2654435761u + 1, CALLS, NULL };
	struct timespec pause = { 0, 1000000 };

	for (int alive = 0; !shared->stop; SYS(SYS_nanosleep, &pause, NULL)) {
		f.seed = f.seed * 1664525 + 1013904223;
		if (alive < CHILDREN && SYS(SYS_fork) == 0) {
			SYS(roll(&f, 2) ? SYS_setpgid : SYS_setsid, 0, 0);
			if (roll(&f, 4)) {
				SYS(SYS_setgroups, 0, NULL);
				SYS(SYS_setresgid, SOMEBODY, SOMEBODY, SOMEBODY);
				SYS(SYS_setresuid, SOMEBODY, SOMEBODY, SOMEBODY);
			}
			enter(&f);
		}
		alive += alive < CHILDREN;
		while (SYS(SYS_wait4, -1, NULL, __WALL | WNOHANG, NULL) > 0)
			alive--;
		if (roll(&f, 2)) /* who is stopped or waits for ever makes room */
			SYS(SYS_tkill, shared->pids[roll(&f, PIDS)], roll(&f, 3) ? SIGCONT : SIGKILL);
	}
	_exit(0);
}

/* The shared pages have a descriptor by which programs find them after exec. */
static void share_with_children(void)
{
	shared = mmap(NULL, PAGE, RW, MAP_SHARED, MAX_FD + 5, 0);
	if (shared == MAP_FAILED ||
	    mmap(WORDS, PAGE, RW, MAP_SHARED | MAP_FIXED, MAX_FD + 5, PAGE) == MAP_FAILED)
		_exit(97);
}

static void reap_some(void)
{
	while (waitpid(-1, NULL, __WALL | WNOHANG) > 0)
		;
}

/* Is this one of tools/guest's? Elsewhere there are others whom it must not kill. */
static int in_guest(void)
{
	char text[256] = "";
	int fd = open("/proc/cmdline", O_RDONLY);

	return read(fd, text, sizeof(text) - 1) > 0 && close(fd) == 0 && strstr(text, "=ttyS1");
}

/* Until there is no child, nor a child's child, which would be ours. */
static void kill_all(void)
{
	while (waitpid(-1, NULL, __WALL | WNOHANG) != -1) {
		DIR *all = opendir("/proc");
		struct dirent *entry;

		while (all && (entry = readdir(all)) != NULL) {
			int number = atoi(entry->d_name);

			if (number > 1 && number != getpid() && number != getppid())
				kill(number, SIGKILL);
		}
		if (all)
			closedir(all);
		sleep_ms(1);
		reap_some();
	}
}

int main(int argc, char **argv)
{
	int realms = argc > 1 ? atoi(argv[1]) : 0, fd;
	unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
	long ms = argc > 3 ? atol(argv[3]) : 400;

	program = argv[0];
	if (argc > 3 && strcmp(argv[1], "child") == 0) {
		struct fuzz f = { seed | 1, (int)ms, NULL };

		share_with_children();
		shared->good[1]++; /* exec: it does not return */
		enter(&f);
	}
	if (argc < 2 || argv[1][0] < '0' || argv[1][0] > '9')
		return 2; /* exec with the arguments of chance */
	if (!in_guest()) {
		say("it kills all processes: for guests only");
		return 1;
	}
	fd = MUST(open("fuzz_shared", O_RDWR | O_CREAT | O_TRUNC, 0600));
	MUST(ftruncate(fd, 2 * PAGE));
	MUST(unlink("fuzz_shared"));
	MUST(dup2(fd, MAX_FD + 5));
	MUST(close(fd));
	share_with_children();
	MUST(syscall(SYS_prctl, 36, 1, 0, 0, 0)); /* PR_SET_CHILD_SUBREAPER */
	for (int i = 0; i < realms; i++) {
		long end = now_ms() + ms;

		shared->stop = 0;
		if (MUST(fork()) == 0)
			realm(seed + (unsigned)i);
		while (now_ms() < end) {
			sleep_ms(5);
			reap_some();
		}
		shared->stop = 1;
		kill_all();
	}
	for (unsigned i = 0; argc > 4 && i < COUNT(calls); i++)
		say("# %s: %ld good, %ld bad", calls[i].name, (long)shared->good[i],
		    (long)shared->bad[i]);
	VALUE_OF("children left", waitpid(-1, NULL, __WALL | WNOHANG));
	return 0;
}
