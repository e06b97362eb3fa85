/*
 * Robust lists by hand: what becomes of the words on a list when its task exits,
 * is killed or execs; waiters of a dead owner; the lock that is just being taken
 * (list_op_pending); lists that are broken, endless or somewhere bad; and the two
 * calls' errors. From set_robust_list(2), get_robust_list(2), and the kernel's
 * Documentation/locking/robust-futex-ABI.rst.
 */
#include "futex.h"

enum { LOCKS = 12, LONG = 3000, LIMIT = 2048 };
#define DIED 0x40000000u
#define WAITERS 0x80000000u

struct lock {
	struct lock *next;
	uint32_t before, pad;
	uint32_t word;
};

struct head {
	struct lock *first;
	long offset;
	struct lock *pending;
};

struct area {
	struct head head;
	uint32_t go, tid;
	struct lock lock[LONG];
};

static struct area *area;

static long set_list(void *head, size_t size)
{
	return syscall(SYS_set_robust_list, head, size);
}

static uint32_t own_tid(void)
{
	return syscall(SYS_gettid);
}

/* A list of the first n locks, all held by the caller. */
static void hold(int n)
{
	area->tid = own_tid();
	area->head.offset = offsetof(struct lock, word);
	area->head.pending = NULL;
	area->head.first = &area->lock[0];
	for (int i = 0; i < n; i++) {
		area->lock[i].next = &area->lock[i + 1];
		area->lock[i].word = own_tid();
	}
	area->lock[n - 1].next = (struct lock *)&area->head;
	MUST(set_list(&area->head, sizeof(area->head)));
}

/* A letter each: D died, d died and had waiters, - as before, H still held. */
static void say_words(const char *label, int n)
{
	char line[LOCKS + 1];

	for (int i = 0; i < n; i++) {
		uint32_t word = area->lock[i].word;

		line[i] = word == DIED ? 'D' : word == (DIED | WAITERS) ? 'd' : word == 0 ? '-'
			  : (word & 0x3fffffff) == area->tid ? 'H' : '?';
	}
	line[n] = '\0';
	say("%s: %s", label, line);
}

/* A child makes its list and ends. */
static void dies(const char *label, void (*body)(void), int n)
{
	int status;
	pid_t pid;

	memset(area, 0, sizeof(*area));
	pid = MUST(fork());
	if (pid == 0) {
		body();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	if (status && status != SIGKILL)
		say("%s: %s", label, status_text(status));
	say_words(label, n);
}

static void simple(void) { hold(4); }

static void mixed(void)
{
	hold(7);
	area->lock[0].word |= WAITERS;
	area->lock[1].word = 0;
	area->lock[2].word = 1;
	area->lock[3].word |= DIED;
	area->lock[4].word = WAITERS;
	area->lock[5].word |= DIED | WAITERS;
}

static void killed(void)
{
	hold(4);
	kill(getpid(), SIGKILL);
}

static void forgotten(void)
{
	hold(4);
	MUST(set_list(NULL, sizeof(struct head)));
}

static void below(void)
{
	hold(3);
	area->head.offset = -(long)sizeof(struct lock) + (long)offsetof(struct lock, word);
	area->head.first = &area->lock[1];
	area->lock[3].next = (struct lock *)&area->head;
	area->lock[2].next = &area->lock[3];
}

static void pending_only(void)
{
	hold(4);
	area->head.first = (struct lock *)&area->head;
	area->head.pending = &area->lock[2];
}

static void pending_too(void)
{
	hold(4);
	area->head.pending = &area->lock[1];
}

static void pending_free(void)
{
	hold(2);
	area->head.pending = &area->lock[3];
}

static void circle(void)
{
	hold(4);
	area->lock[3].next = &area->lock[0];
}

static void itself(void)
{
	hold(4);
	area->lock[1].next = &area->lock[1];
}

static void bad_next(void)
{
	hold(4);
	area->lock[1].next = (struct lock *)nowhere;
}

static void kernel_next(void)
{
	hold(4);
	area->lock[1].next = (struct lock *)in_kernel;
}

static void bad_first(void)
{
	hold(4);
	area->head.first = (struct lock *)nowhere;
	area->head.pending = &area->lock[1];
}

static void bad_pending(void)
{
	hold(4);
	area->head.pending = (struct lock *)nowhere;
}

static void odd_offset(void)
{
	hold(4);
	area->head.offset += 2;
}

static void far_offset(void)
{
	hold(4);
	area->head.offset = LONG_MAX;
}

static void pi_lock(void)
{
	hold(4);
	area->lock[0].next = (struct lock *)((uintptr_t)&area->lock[1] | 1);
	area->lock[1].word |= WAITERS;
}

static void fixed(void)
{
	hold(4);
	struct lock *page = (struct lock *)map_anon(PAGE, RW);
	page->word = own_tid();
	page->next = &area->lock[2];
	MUST(mprotect(page, PAGE, PROT_READ));
	area->lock[1].next = page;
}

static void no_head(void)
{
	hold(4);
	MUST(set_list(nowhere, sizeof(struct head)));
}

static void half_head(void)
{
	hold(4);
	char *end = map_before_hole(PAGE) + PAGE;
	struct head *head = (struct head *)(end - 16);
	head->first = &area->lock[0];
	head->offset = offsetof(struct lock, word);
	MUST(set_list(head, sizeof(*head)));
}

static char self[PATH_MAX];

static void execs(void)
{
	hold(4);
	execl(self, "robust_list", "exec'd", (char *)NULL);
}

static void *exec_thread(void *unused)
{
	execs();
	return unused;
}

/* The thread takes the first one's number before its list is looked at. */
static void execs_in_thread(void)
{
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, exec_thread, NULL));
	for (;;)
		pause();
}

static void *thread_body(void *unused)
{
	hold(4);
	return unused;
}

static void in_thread(void)
{
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, thread_body, NULL));
	MUST(-pthread_join(thread, NULL));
	say_words("a thread has ended, its process not", 4);
}

/* Only as many as the limit: a list may be endless. */
static void long_list(void)
{
	int died = 0;

	memset(area, 0, sizeof(*area));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		hold(LONG);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	for (int i = 0; i < LONG; i++)
		died += area->lock[i].word == DIED;
	VALUE_OF("of a list of 3000, died", died);
}

/* Someone sleeps on the lock of an owner that dies: is it woken? */
static void waiter(const char *label, uint32_t flags, int pending)
{
	struct sleeper s[2];

	memset(area, 0, sizeof(*area));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		hold(1);
		if (pending) {
			area->head.first = (struct lock *)&area->head;
			area->head.pending = &area->lock[0];
		}
		area->lock[0].word = pending == 2 ? flags : own_tid() | flags;
		area->go = 1;
		while (*(volatile uint32_t *)&area->go != 2)
			sleep_ms(5);
		_exit(0);
	}
	while (*(volatile uint32_t *)&area->go != 1)
		sleep_ms(5);
	for (int i = 0; i < 2; i++)
		start(&s[i], &area->lock[0].word, FUTEX_WAIT, area->lock[0].word, 0, NULL);
	area->go = 2;
	MUST(waitpid(pid, NULL, 0));
	VALUE_OF(label, settle(s, 2, flags == WAITERS || pending == 2));
	say_words("the lock", 1);
	finish(s, 2, &area->lock[0].word, NULL);
}

static void calls(void)
{
	struct head head, *got = NULL;
	size_t size = 0;
	int status;

	VALUE(set_list(&head, 0));
	VALUE(set_list(&head, sizeof(head) - 1));
	VALUE(set_list(&head, sizeof(head) + 1));
	VALUE(set_list(nowhere, 0));
	VALUE(set_list(in_kernel, sizeof(head)));
	VALUE(set_list(&head, sizeof(head)));
	VALUE(syscall(SYS_get_robust_list, 0, &got, &size));
	YES_OF("the head that was set", got == &head);
	VALUE_OF("size", size);
	VALUE(set_list(NULL, sizeof(head)));
	VALUE_OF("by number", syscall(SYS_get_robust_list, own_tid(), &got, &size));
	YES_OF("none", got == NULL);
	VALUE(syscall(SYS_get_robust_list, 0x3fffffff, &got, &size));
	VALUE(syscall(SYS_get_robust_list, -1, &got, &size));
	VALUE(syscall(SYS_get_robust_list, 0, nowhere, &size));
	VALUE(syscall(SYS_get_robust_list, 0, &got, nowhere));
	VALUE(syscall(SYS_get_robust_list, -1, nowhere, nowhere));
	MUST(set_list(&head, sizeof(head)));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		if (syscall(SYS_get_robust_list, 0, &got, &size) || got)
			_exit(2);
		if (syscall(SYS_get_robust_list, getppid(), &got, &size) || got != &head)
			_exit(3);
		if (geteuid() == 0 && (setgid(1000) || setuid(1000)))
			_exit(4);
		_exit(syscall(SYS_get_robust_list, 1, &got, &size) == -1 && errno == EPERM ? 1 : 5);
	}
	MUST(waitpid(pid, &status, 0));
	say("a child has none, sees its parent's, not init's (1): %s", status_text(status));
	MUST(set_list(NULL, sizeof(head)));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	area = shared_memory(sizeof(*area));
	calls();
	dies("four locks", simple, 5);
	dies("waiters, free, another's, dead, free with waiters, dead with waiters", mixed, 7);
	dies("killed", killed, 4);
	dies("the list was taken back", forgotten, 4);
	dies("words before the pointers", below, 4);
	dies("pending only", pending_only, 4);
	dies("pending and on the list", pending_too, 4);
	dies("pending, and free", pending_free, 4);
	dies("a circle without the head", circle, 4);
	dies("one that leads to itself", itself, 4);
	dies("a bad pointer", bad_next, 4);
	dies("a pointer to the kernel", kernel_next, 4);
	dies("the first is bad", bad_first, 4);
	dies("the pending is bad", bad_pending, 4);
	dies("words at odd addresses", odd_offset, 4);
	dies("words far away", far_offset, 4);
	dies("one with priority inheritance", pi_lock, 4);
	dies("one in memory that is only readable", fixed, 4);
	dies("no head", no_head, 4);
	dies("a head that is not all there", half_head, 4);
	dies("exec", execs, 4);
	dies("exec in a thread", execs_in_thread, 4);
	memset(area, 0, sizeof(*area));
	in_thread();
	long_list();
	waiter("one of two is woken", WAITERS, 0);
	waiter("none, as the word says none waits", 0, 0);
	waiter("pending: one of two is woken", WAITERS, 1);
	waiter("pending and let go of: one of two is woken", 0, 2);
	waiter("the same, and others wait", WAITERS, 2);
	return 0;
}
