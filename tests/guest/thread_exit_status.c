/*
 * Threads that leave by exit(2), not exit_group: Linux since 5.19, and Tine, report the
 * last thread's status (31), Linux before that the first thread's (32).
 */
#include "check.h"
#include <pthread.h>

static void *later(void *status)
{
	sleep_ms(50);
	syscall(SYS_exit, status);
	return NULL;
}

static void body(void)
{
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, later, (void *)31));
	syscall(SYS_exit, 32);
}

int main(void)
{
	in_child("status", body);
	return 0;
}
