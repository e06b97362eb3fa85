/*
 * Futexes under storm: threads wait with short limits, wake, requeue to and fro
 * and change words on both sides at once, while their process forks (so that
 * every page turns copy-on-write again and again) and others sleep on the shared
 * words. Nobody is lost, nothing is counted twice. Meant for several CPUs.
 * From futex(2).
 */
#include "futex.h"

enum { WORKERS = 6, ROUNDS = 1500, PAIRS = 4, HANDED = 400, ADD_ONE = 1 << 28 | 1 << 12 };

static uint32_t *words; /* private memory: two pages of words */
static uint32_t *shared;
static volatile int stop;

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

static void *worker(void *argument)
{
	static const struct timespec limit = { 0, 300000 };
	unsigned seed = (uintptr_t)argument;
	long bad = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int in_shared = next(&seed) & 1, flag = in_shared ? 0 : PRIVATE;
		uint32_t *base = in_shared ? shared : words;
		uint32_t *a = base + next(&seed) % PAIRS * 256, *b = base + next(&seed) % PAIRS * 256;
		long r = 0;

		switch (next(&seed) % 6) {
		case 0: case 1:
			r = futex(a, FUTEX_WAIT | flag, 0, &limit, NULL, 0);
			bad += r == -1 && errno != ETIMEDOUT;
			continue;
		case 2:
			r = futex(a, FUTEX_WAKE | flag, 1, NULL, NULL, 0);
			break;
		case 3:
			r = futex(a, FUTEX_REQUEUE | flag, 0, val2(INT_MAX), b, 0);
			break;
		case 4:
			r = futex(a, FUTEX_CMP_REQUEUE | flag, 1, val2(1), b, 0);
			break;
		default: /* the sum is counted; the word beside a or b is not slept on */
			r = futex(a, FUTEX_WAKE_OP | flag, 1, val2(1), b + 1, ADD_ONE);
			if (r >= 0)
				__sync_add_and_fetch(&words[1000 + in_shared], 1);
			break;
		}
		bad += r < 0 || r > 2 * WORKERS;
	}
	return (void *)bad;
}

static void *forker(void *unused)
{
	while (!stop) {
		pid_t pid = fork();

		if (pid == 0) {
			words[1] += 1000;
			futex(words, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return unused;
}

static uint32_t sum(const uint32_t *base)
{
	uint32_t total = 0;

	for (int i = 0; i < PAIRS; i++)
		total += base[i * 256 + 1];
	return total;
}

static void mixture(void)
{
	pthread_t thread[WORKERS], forks;
	long bad = 0;
	void *result;

	MUST(-pthread_create(&forks, NULL, forker, NULL));
	for (long i = 0; i < WORKERS; i++)
		MUST(-pthread_create(&thread[i], NULL, worker, (void *)(i + 1)));
	for (int i = 0; i < WORKERS; i++) {
		MUST(-pthread_join(thread[i], &result));
		bad += (long)result;
	}
	stop = 1;
	MUST(-pthread_join(forks, NULL));
	VALUE_OF("bad results", bad);
	YES_OF("private words: all that was added is there", sum(words) == words[1000]);
	YES_OF("shared words: all that was added is there", sum(shared) == words[1001]);
}

/* A token goes to and fro by plain waits: a lost wakeup would stop it. */
static void *hand_over(void *argument)
{
	uint32_t *token = words + 512, mine = (uintptr_t)argument;

	for (int i = 0; i < HANDED; i++) {
		uint32_t seen;

		while ((seen = *(volatile uint32_t *)token) % 3 != mine)
			futex(token, FUTEX_WAIT | PRIVATE, seen, NULL, NULL, 0);
		__sync_add_and_fetch(token, 1);
		futex(token, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0);
	}
	return NULL;
}

static void token(void)
{
	pthread_t thread[3], forks;

	stop = 0;
	words[512] = 0;
	MUST(-pthread_create(&forks, NULL, forker, NULL));
	for (long i = 0; i < 3; i++)
		MUST(-pthread_create(&thread[i], NULL, hand_over, (void *)i));
	for (int i = 0; i < 3; i++)
		MUST(-pthread_join(thread[i], NULL));
	stop = 1;
	MUST(-pthread_join(forks, NULL));
	VALUE_OF("a token handed over", words[512]);
}

/* Two requeue the same sleepers against each other; then each must be woken once. */
static void *tug(void *argument)
{
	uint32_t *from = words + ((uintptr_t)argument ? 256 : 0), *to = words + 256 - (from - words);

	for (int i = 0; i < ROUNDS; i++)
		futex(from, FUTEX_REQUEUE | PRIVATE, 0, val2(INT_MAX), to, 0);
	return NULL;
}

static void requeues(void)
{
	struct sleeper s[6];
	pthread_t thread[2];
	long woken = 0;

	for (int i = 0; i < 6; i++)
		start(&s[i], words + i % 2 * 256, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	for (long i = 0; i < 2; i++)
		MUST(-pthread_create(&thread[i], NULL, tug, (void *)i));
	for (int i = 0; i < 2; i++)
		MUST(-pthread_join(thread[i], NULL));
	woken += futex(words, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0);
	woken += futex(words + 256, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0);
	VALUE_OF("woken after a tug", woken);
	VALUE_OF("returned", settle(s, 6, 6));
	finish(s, 6, words, words + 256);
}

int main(void)
{
	words = (uint32_t *)map_anon(2 * PAGE, RW);
	shared = shared_memory(2 * PAGE);
	mixture();
	token();
	requeues();
	return 0;
}
