/*
 * mprotect with PROT_GROWSDOWN, by which ld.so makes the stack executable for a
 * library that wants it so: down to where the stack begins, and as it grows.
 *
 * From mprotect(2).
 */
#include "check.h"

enum { DEEP = 1 << 20, ALL = PROT_READ | PROT_WRITE | PROT_EXEC };

/* Runs a `ret` that lies a MiB below, where the stack has not been yet. */
static void run_deep(void)
{
	volatile char room[DEEP];
	volatile char *code = room;

	*code = (char)0xc3;
	((void (*)(void))(uintptr_t)code)();
}

static void run_in_child(const char *label)
{
	pid_t pid = MUST(fork());
	int status;

	if (pid == 0) {
		run_deep();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	say("%s: %s", label, status_text(status));
}

int main(void)
{
	char *page = (char *)((uintptr_t)__builtin_frame_address(0) & -(uintptr_t)PAGE);
	char *other = map_anon(PAGE, PROT_READ);

	VALUE_OF("not a stack", mprotect(other, PAGE, ALL | PROT_GROWSDOWN));
	VALUE_OF("both ways", mprotect(page, PAGE, ALL | PROT_GROWSDOWN | PROT_GROWSUP));
	run_in_child("code on the stack before");
	VALUE_OF("the stack", mprotect(page, PAGE, ALL | PROT_GROWSDOWN));
	run_in_child("code on the stack after");
	return 0;
}
