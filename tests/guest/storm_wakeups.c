/*
 * Storm: wakeups lost. Bare futexes between threads (private) and processes
 * (shared), condition variables and semaphores with many on both sides, and
 * rings of pipes and of poll: all hand over numbers, none of which may be lost.
 *
 * args: 10
 *
 * From futex(2), pthread_cond_wait(3), sem_wait(3), pipe(7), poll(2).
 */
#include "storm.h"
#include <semaphore.h>

enum { PAIRS = 4, TURNS = 1500, WORKERS = 4, ITEMS = 800, SLOTS = 3, RING = 6, LAPS = 250 };

struct table {
	atomic_int turn[PAIRS];
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	long slot[SLOTS], used, sum;
	sem_t items, room;
	atomic_long sem_sum;
};

static struct table *table;
static int private_flag;
static int ring[RING][2];

/* Even members wait for even turns. The word holds the turn. */
static void hand_over(int number)
{
	atomic_int *turn = &table->turn[number / 2];
	unsigned seed = number + 1;

	for (int i = number % 2; i < 2 * rounds(TURNS); i += 2) {
		int now;

		while ((now = atomic_load(turn)) != i) {
			spin(dice(&seed, 60));
			futex(turn, FUTEX_WAIT | private_flag, now, NULL);
		}
		spin(dice(&seed, 60));
		CHECK_SAW(atomic_fetch_add(turn, 1) == i, i);
		futex(turn, FUTEX_WAKE | private_flag, 1, NULL);
	}
}

static void *hand_over_thread(void *number)
{
	hand_over((int)(long)number);
	return NULL;
}

static void produce(long items)
{
	for (long i = 1; i <= items; i++) {
		pthread_mutex_lock(&table->lock);
		while (table->used == SLOTS)
			pthread_cond_wait(&table->emptied, &table->lock);
		table->slot[table->used++] = i;
		pthread_cond_signal(&table->filled);
		pthread_mutex_unlock(&table->lock);
	}
}

static void consume(long items)
{
	for (long i = 1; i <= items; i++) {
		pthread_mutex_lock(&table->lock);
		while (table->used == 0)
			pthread_cond_wait(&table->filled, &table->lock);
		table->sum += table->slot[--table->used];
		pthread_cond_signal(&table->emptied);
		pthread_mutex_unlock(&table->lock);
	}
}

static void bounded_buffer(int number)
{
	if (number % 2)
		produce(rounds(ITEMS));
	else
		consume(rounds(ITEMS));
}

static void *bounded_buffer_thread(void *number)
{
	bounded_buffer((int)(long)number);
	return NULL;
}

static void semaphores(int number)
{
	for (long i = 0; i < rounds(ITEMS); i++) {
		CHECK(sem_wait(number % 2 ? &table->room : &table->items) == 0);
		atomic_fetch_add(&table->sem_sum, number % 2 ? 1 : -1);
		CHECK(sem_post(number % 2 ? &table->items : &table->room) == 0);
	}
}

/* Reads from its own pipe, writes to the next; two tokens are under way. */
static void pass_tokens(int number)
{
	struct pollfd ready = { .fd = ring[number][0], .events = POLLIN };
	long token;

	for (long lap = 0; lap < 2 * rounds(LAPS); lap++) {
		if (number % 2)
			CHECK(poll(&ready, 1, -1) == 1 && ready.revents == POLLIN);
		CHECK(read(ring[number][0], &token, sizeof(token)) == sizeof(token));
		CHECK_SAW(token == lap / 2 * RING + number, token);
		token++;
		CHECK(write(ring[(number + 1) % RING][1], &token, sizeof(token)) == sizeof(token));
	}
}

static void rings(void)
{
	long token = 0;

	for (int i = 0; i < RING; i++)
		MUST(pipe(ring[i]));
	MUST(write(ring[0][1], &token, sizeof(token)));
	MUST(write(ring[0][1], &token, sizeof(token)));
	run_processes(RING, pass_tokens);
	for (int i = 0; i < 2; i++) {
		MUST(read(ring[0][0], &token, sizeof(token)));
		CHECK_SAW(token == rounds(LAPS) * RING, token);
	}
	for (int i = 0; i < RING; i++)
		close(ring[i][0]), close(ring[i][1]);
	say("rings of pipes");
}

static void set_up(void)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;

	table = share(sizeof(*table));
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&table->lock, &mutex);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&table->filled, &cond);
	pthread_cond_init(&table->emptied, &cond);
	MUST(sem_init(&table->items, 1, 0));
	MUST(sem_init(&table->room, 1, SLOTS));
}

int main(int argc, char **argv)
{
	long each, total;

	storm_start(argc, argv);
	set_up();
	each = rounds(ITEMS);
	total = WORKERS * each * (each + 1) / 2;
	run_processes(2 * PAIRS, hand_over);
	say("shared futexes");
	memset(table->turn, 0, sizeof(table->turn));
	private_flag = FUTEX_PRIVATE_FLAG;
	run_threads(2 * PAIRS, hand_over_thread);
	say("private futexes");
	run_threads(2 * WORKERS, bounded_buffer_thread);
	CHECK_SAW(table->sum == total, table->sum);
	say("condition variables of threads");
	table->sum = 0;
	run_processes(2 * WORKERS, bounded_buffer);
	CHECK_SAW(table->sum == total && table->used == 0, table->sum);
	say("condition variables of processes");
	run_processes(2 * WORKERS, semaphores);
	CHECK_SAW(table->sem_sum == 0, table->sem_sum);
	say("semaphores");
	rings();
	return storm_end();
}
