/*
 * The timers of two CPUs on the host, against a plain table: none goes off
 * early, late, twice or after it was stopped, those that are due do so in the
 * order of their deadlines, and the clock is asked for the soonest.
 *
 * kernel/proc/timer.c is included, so that locks and interrupts are the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SYNC_SPINLOCK_H /* below is all of it that timer.c uses */
#include "arch/cpu.h"
#include "sync/rank.h"

struct spinlock {
	int held;
};

static void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
	assert_string_equal(name, "timers");
	assert_int_equal(rank, RANK_TIMER);
	lock->held = 0;
}

static void spin_lock(struct spinlock *lock)
{
	assert_false(lock->held);
	lock->held = 1;
}

static void spin_unlock(struct spinlock *lock)
{
	assert_true(lock->held);
	lock->held = 0;
}

#include "../../kernel/proc/timer.c"

enum { NCPUS = 2, NTIMERS = 200, STEPS = 200000 };

struct cpu cpus[MAX_CPUS];
static u32 cpu_now;
static u64 now_ns, armed_ns[NCPUS], last_ns[NCPUS];

/* What each timer must do: the CPU whose it is, and when; 0: nothing. */
static struct timer timer[NTIMERS];
static u64 wanted_ns[NTIMERS];
static u32 wanted_cpu[NTIMERS];
static u64 again_in_ns[NTIMERS]; /* its handler starts it anew; 0: no */
static u32 nfired;

struct cpu *this_cpu(void)
{
	return &cpus[cpu_now];
}

u64 time_now_ns(void)
{
	return now_ns;
}

void time_arm_ns(u64 deadline_ns)
{
	armed_ns[cpu_now] = deadline_ns;
}

void panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

static void fired(struct timer *t)
{
	long i = t - timer;

	assert_false(t->queued);
	assert_int_equal(wanted_cpu[i], cpu_now);
	assert_int_not_equal(wanted_ns[i], 0);
	assert_true(wanted_ns[i] <= now_ns);
	assert_true(wanted_ns[i] >= last_ns[cpu_now]);
	last_ns[cpu_now] = wanted_ns[i];
	wanted_ns[i] = 0;
	nfired++;
	if (!again_in_ns[i])
		return;
	wanted_ns[i] = now_ns + again_in_ns[i];
	again_in_ns[i] = 0;
	timer_start(t, wanted_ns[i]);
}

/* The timer interrupt of one CPU: afterwards nothing is overdue, and the clock is set right. */
static void interrupt(u32 cpu)
{
	u64 soonest_ns = UINT64_MAX;

	cpu_now = cpu;
	last_ns[cpu] = 0;
	timer_run_due();
	for (int i = 0; i < NTIMERS; i++) {
		if (!wanted_ns[i] || wanted_cpu[i] != cpu)
			continue;
		assert_true(wanted_ns[i] > now_ns);
		soonest_ns = MIN(soonest_ns, wanted_ns[i]);
	}
	assert_true(armed_ns[cpu] > now_ns);
	assert_int_equal(armed_ns[cpu], MIN(soonest_ns, timers[cpu].next_tick_ns));
}

static void random_histories(void **state)
{
	(void)state;
	srandom(7);
	for (cpu_now = 0; cpu_now < NCPUS; cpu_now++) {
		cpus[cpu_now].id = cpu_now;
		timer_init();
	}
	for (int i = 0; i < NTIMERS; i++)
		timer[i].fn = fired;
	for (int step = 0; step < STEPS; step++) {
		int i = random() % NTIMERS;

		cpu_now = random() % NCPUS;
		switch (random() % 4) {
		case 0: /* some have the same deadline */
		case 1:
			if (wanted_ns[i])
				break;
			wanted_ns[i] = now_ns + 1 + random() % 50 * 100000;
			wanted_cpu[i] = cpu_now;
			again_in_ns[i] = random() % 3 ? 0 : 1 + random() % 3000000;
			timer_start(&timer[i], wanted_ns[i]);
			assert_true(armed_ns[cpu_now] <= wanted_ns[i]);
			break;
		case 2: /* by any CPU, whether it runs or not */
			assert_true(timer_stop(&timer[i]));
			assert_false(timer[i].queued);
			wanted_ns[i] = 0;
			break;
		default:
			now_ns += random() % 400000;
			interrupt(0);
			interrupt(1);
		}
	}
	assert_true(nfired > STEPS / 20);
}

/* Who stops a timer whose handler runs on another CPU is told so. */
static struct timer slow;
static bool stopped_meanwhile;

static void runs_slowly(struct timer *t)
{
	u32 mine = cpu_now;

	assert_true(timer_stop(t)); /* by itself: there is nobody to wait for */
	cpu_now = 1;
	stopped_meanwhile = timer_stop(t);
	cpu_now = mine;
}

static void a_running_handler_is_told(void **state)
{
	(void)state;
	cpu_now = 0;
	timer_init();
	slow.fn = runs_slowly;
	timer_start(&slow, now_ns + 5);
	now_ns += 10;
	timer_run_due();
	assert_false(stopped_meanwhile);
	cpu_now = 1;
	assert_true(timer_stop(&slow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_histories),
		cmocka_unit_test(a_running_handler_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
