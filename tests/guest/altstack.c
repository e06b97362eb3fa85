/*
 * sigaltstack: handlers on the alternate stack, nested there, who inherits it,
 * what happens when it is full, and the errors.
 *
 * A signal that finds no room on the alternate stack for its frame kills by
 * SIGSEGV, and what lies below the stack is not written to. From sigaltstack(2),
 * sigaction(2).
 */
#include "check.h"
#include <pthread.h>

enum { RW = PROT_READ | PROT_WRITE, STACK_BYTES = 32 << 10, BELOW = 64 << 10, DEEPEST = 400 };
enum { FAR_TOO_DEEP = 1 << 20 };

static volatile sig_atomic_t on_it[4], flags_seen[4], calls;
static char *stack, *shared_below;
static sigjmp_buf escape;

static int is_on_stack(const void *at)
{
	return (const char *)at >= stack && (const char *)at < stack + STACK_BYTES;
}

static int use(char *at, size_t size, int flags)
{
	stack_t new = { .ss_sp = at, .ss_size = size, .ss_flags = flags };

	return syscall(SYS_sigaltstack, &new, NULL); /* musl looks at size and flags itself */
}

static const char *state(void)
{
	static char text[80];
	stack_t now;

	memset(&now, 0x55, sizeof(now));
	MUST(sigaltstack(NULL, &now));
	snprintf(text, sizeof(text), "%s%s, %s stack, size %zu",
		 now.ss_flags & SS_DISABLE ? "disabled" : "enabled",
		 now.ss_flags & SS_ONSTACK ? ", on it" : "",
		 !now.ss_sp ? "no" : now.ss_sp == stack ? "our" : "another", now.ss_size);
	return text;
}

static void note(int number)
{
	char here;
	stack_t now;

	sigaltstack(NULL, &now);
	on_it[calls] = is_on_stack(&here);
	flags_seen[calls++] = now.ss_flags;
	if (number == SIGUSR1)
		raise(SIGUSR2); /* nested: stays on the same stack */
}

static void show_calls(const char *label)
{
	for (int i = 0; i < calls; i++)
		say("%s, handler %d: on the alternate stack %d, flags %d", label, i + 1,
		    (int)on_it[i], (int)flags_seen[i]);
	calls = 0;
}

static void install(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	MUST(sigaction(number, &action, NULL));
}

static void handlers(void)
{
	say("at first: %s", state());
	install(SIGUSR1, note, SA_ONSTACK);
	install(SIGUSR2, note, SA_ONSTACK);
	raise(SIGUSR1);
	show_calls("none set");
	VALUE_OF("set", use(stack, STACK_BYTES, 0));
	say("set: %s", state());
	raise(SIGUSR1);
	show_calls("set");
	install(SIGUSR1, note, 0);
	raise(SIGUSR1);
	show_calls("the first without SA_ONSTACK");
	install(SIGUSR1, note, SA_ONSTACK);
	install(SIGUSR2, note, 0);
	raise(SIGUSR1);
	show_calls("the second without SA_ONSTACK");
	VALUE_OF("disable", use(NULL, 0, SS_DISABLE));
	say("disabled: %s", state());
	raise(SIGUSR1);
	show_calls("disabled");
}

static volatile long try_errno[4];

static void try_change(int number)
{
	(void)number;
	try_errno[0] = use(stack, STACK_BYTES, 0) ? errno : 0;
	try_errno[1] = use(NULL, 0, SS_DISABLE) ? errno : 0;
	try_errno[2] = use(stack, 100, 0) ? errno : 0;
	try_errno[3] = sigaltstack(NULL, &(stack_t){ 0 }) ? errno : 0;
}

static void errors(void)
{
	stack_t good = { .ss_sp = stack, .ss_size = STACK_BYTES }, old;
	static const char *const label[] = { "on it: set", "on it: disable", "on it: too small",
					     "on it: ask" };

	VALUE(use(stack, 0, 0));
	VALUE(use(stack, 100, 0));
	VALUE(use(stack, 1000, 0));
	VALUE(use(stack, STACK_BYTES, 4));
	VALUE(use(stack, STACK_BYTES, SS_DISABLE | SS_ONSTACK));
	VALUE(use(stack, STACK_BYTES, 0x40000000));
	VALUE(use(NULL, 100, SS_DISABLE));
	say("after the errors: %s", state());
	VALUE(use(stack, STACK_BYTES, SS_ONSTACK));
	say("SS_ONSTACK in a set: %s", state());
	VALUE(syscall(SYS_sigaltstack, nowhere, NULL));
	VALUE(syscall(SYS_sigaltstack, in_kernel, NULL));
	VALUE(syscall(SYS_sigaltstack, NULL, nowhere));
	VALUE(syscall(SYS_sigaltstack, NULL, NULL));
	VALUE(use(NULL, 0, SS_DISABLE));
	VALUE(syscall(SYS_sigaltstack, &good, &old));
	YES_OF("old value: disabled", old.ss_flags == SS_DISABLE);
	VALUE(syscall(SYS_sigaltstack, &good, &good));
	YES_OF("one structure for both", good.ss_sp == stack && good.ss_size == STACK_BYTES);
	install(SIGUSR1, try_change, SA_ONSTACK);
	raise(SIGUSR1);
	for (int i = 0; i < 4; i++)
		say("%s: %s", label[i], try_errno[i] ? errno_text(try_errno[i]) : "ok");
	say("afterwards: %s", state());
}

static void child_state(void)
{
	say("fork: %s", state());
}

static void *thread_state(void *unused)
{
	say("new thread: %s", state());
	return unused;
}

static void exec_state(void)
{
	char *argv[] = { "altstack", "state", NULL };

	execv("/proc/self/exe", argv);
}

static void inherited(void)
{
	pthread_t thread;

	in_child("in a child", child_state);
	MUST(-pthread_create(&thread, NULL, thread_state, NULL));
	MUST(-pthread_join(thread, NULL));
	in_child("exec", exec_state);
}

/* The ordinary stack is at its end: only the alternate one can take the handler. */
static void on_fault(int number)
{
	char here = 0;

	siglongjmp(escape, number * 10 + is_on_stack(&here));
}

static int deeper(volatile char *above, long depth)
{
	volatile char here[1024];

	here[0] = above[0];
	return depth ? deeper(here, depth - 1) + here[0] : 0;
}

static void stack_overflow(void)
{
	volatile char first = 1;
	int result;

	MUST(use(stack, STACK_BYTES, 0));
	install(SIGSEGV, on_fault, SA_ONSTACK);
	for (int round = 0; round < 3; round++) {
		result = sigsetjmp(escape, 1);
		if (result == 0)
			deeper(&first, FAR_TOO_DEEP);
		say("the stack overflows: %s, on the alternate stack %d",
		    signal_text(result / 10), result % 10);
	}
}

static void overflow_unhandled(void)
{
	volatile char first = 1;

	MUST(use(stack, STACK_BYTES, 0));
	install(SIGSEGV, on_fault, 0);
	deeper(&first, FAR_TOO_DEEP);
}

/* Signals nested till the alternate stack is full; DEEPEST is far beyond. */
static void nest(int number)
{
	if (++calls >= DEEPEST)
		_exit(3);
	raise(number);
}

static void fill_it(void)
{
	MUST(use(stack, STACK_BYTES, 0));
	install(SIGUSR1, nest, SA_ONSTACK | SA_NODEFER);
	raise(SIGUSR1);
}

static void fill_it_with_handler(void)
{
	install(SIGSEGV, on_fault, SA_ONSTACK);
	fill_it();
}

static void fill_it_without_flag(void)
{
	MUST(use(stack, STACK_BYTES, 0));
	install(SIGUSR1, note, SA_ONSTACK);
	install(SIGUSR2, nest, SA_NODEFER);
	raise(SIGUSR1);
}

/* Handlers' own calls may go a little below the stack, signal frames may not. */
static void below_is_whole(void)
{
	int changed = 0;

	for (int i = 0; i < BELOW - 2 * PAGE; i++)
		changed += shared_below[i] != 'b';
	VALUE_OF("bytes changed far below the alternate stack", changed);
	memset(shared_below, 'b', BELOW);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "state")) {
		say("exec: %s", state());
		return 0;
	}
	shared_below = mmap(NULL, BELOW + STACK_BYTES, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(shared_below == MAP_FAILED ? -1 : 0);
	stack = shared_below + BELOW;
	memset(shared_below, 'b', BELOW);
	handlers();
	errors();
	inherited();
	in_child("overflow of the stack", stack_overflow);
	in_child("and a handler without SA_ONSTACK", overflow_unhandled);
	in_child("the alternate stack is full", fill_it);
	below_is_whole();
	in_child("the same, SIGSEGV has a handler", fill_it_with_handler);
	below_is_whole();
	in_child("the same, nested handlers without SA_ONSTACK", fill_it_without_flag);
	below_is_whole();
	return 0;
}
