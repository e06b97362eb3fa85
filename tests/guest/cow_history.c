/*
 * Random histories of write, drop, unmap, map, protect, fork and exit over up
 * to six processes that share a tree copy-on-write, each compared with a plain
 * array of its own after every step.
 *
 * guest: -m 128 -t 120
 *
 * A controller sends one command at a time through a pipe per process and keeps
 * the arrays; the seed is fixed, so the histories are the same everywhere. The
 * sixteen pages lie two to a table at each of the four levels of the tree.
 * From fork(2), mmap(2), mprotect(2).
 */
#include "check.h"

enum { SLOTS = 6, CELLS = 16, HISTORIES = 30, STEPS = 120, UNMAPPED = 0xff, LOCKED = 0x80 };
enum op { WRITE, KERNEL_WRITE, DROP, UNMAP, MAP, LOCK, UNLOCK, FORK, LEAVE, READ, OPS };

struct command {
	unsigned char op, cell, value, slot;
};

static char *const BASE = (char *)0x310000000000;
static int to_worker[SLOTS][2], to_controller[SLOTS][2], scratch[2];
static unsigned char shadow[SLOTS][CELLS], locked[SLOTS][CELLS];
static int used[SLOTS];
static uint64_t seed;

static unsigned random_below(unsigned limit)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % limit;
}

static char *cell_page(int cell)
{
	return BASE + (cell & 8 ? GIB(512) : 0) + (cell & 4 ? GIB(1) : 0) +
	       (cell & 2 ? MIB(2) : 0) + (cell & 1 ? PAGE : 0);
}

static void read_cells(int slot)
{
	unsigned char cells[CELLS];

	for (int i = 0; i < CELLS; i++)
		cells[i] = touch(cell_page(i), TOUCH_READ) ? UNMAPPED : *cell_page(i);
	MUST(write(to_controller[slot][1], cells, sizeof(cells)));
}

/* Obeys until it is told to leave. A forked child goes on as another slot. */
static void worker(int slot)
{
	struct command command;
	unsigned char done;

	for (;;) {
		char *page;

		if (MUST(read(to_worker[slot][0], &command, sizeof(command))) == 0)
			_exit(0);
		page = cell_page(command.cell);
		done = 0;
		switch ((enum op)command.op) {
		case WRITE:
			done = touch(page, TOUCH_WRITE) != 0;
			if (!done)
				*(volatile unsigned char *)page = command.value;
			break;
		case KERNEL_WRITE:
			MUST(write(scratch[1], &command.value, 1));
			done = read(scratch[0], page, 1) != 1;
			if (done)
				MUST(read(scratch[0], &command.value, 1));
			break;
		case DROP:
			madvise(page, PAGE, MADV_DONTNEED);
			break;
		case UNMAP:
			MUST(munmap(page, PAGE));
			break;
		case MAP:
			MUST(mmap(page, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ?
			     -1 : 0);
			break;
		case LOCK:
			mprotect(page, PAGE, PROT_READ);
			break;
		case UNLOCK:
			mprotect(page, PAGE, PROT_READ | PROT_WRITE);
			break;
		case FORK:
			if (MUST(fork()) == 0)
				slot = command.slot;
			else
				continue;	/* the child answers */
			break;
		case LEAVE:
			MUST(write(to_controller[slot][1], &done, 1));
			_exit(0);
		default:
			read_cells(slot);
			continue;
		}
		MUST(write(to_controller[slot][1], &done, 1));
	}
}

static int verify(int slot)
{
	struct command command = { .op = READ };
	unsigned char cells[CELLS];

	MUST(write(to_worker[slot][1], &command, sizeof(command)));
	MUST(read(to_controller[slot][0], cells, sizeof(cells)));
	return memcmp(cells, shadow[slot], CELLS) != 0;
}

/* Sends it, and returns the worker's answer: 1 if a write was refused. */
static int send(int slot, int answers, struct command command)
{
	unsigned char done = 0;

	MUST(write(to_worker[slot][1], &command, sizeof(command)));
	MUST(read(to_controller[answers][0], &done, 1));
	return done;
}

static int pick_used(void)
{
	int slot;

	do
		slot = random_below(SLOTS);
	while (!used[slot]);
	return slot;
}

static int count_used(void)
{
	int count = 0;

	for (int i = 0; i < SLOTS; i++)
		count += used[i];
	return count;
}

/* One random step; the shadow follows. Returns how much went wrong. */
static int step(void)
{
	static const unsigned char weights[] = { 30, 8, 5, 5, 6, 5, 6, 12, 8 };
	int slot = pick_used(), pick = random_below(85), op = 0, refused, expected, other = 0;
	int cell = random_below(CELLS), value = 1 + random_below(0x7e);
	struct command command;
	unsigned char *mine = &shadow[slot][cell], *lock = &locked[slot][cell];

	while (pick >= weights[op])
		pick -= weights[op++];
	if ((op == FORK && count_used() == SLOTS) || (op == LEAVE && count_used() == 1))
		op = WRITE;
	while (op == FORK && used[other])
		other++;
	command = (struct command){ op, cell, value, other };
	refused = send(slot, op == FORK ? other : slot, command);
	expected = (op == WRITE || op == KERNEL_WRITE) && (*mine == UNMAPPED || *lock);
	if ((op == WRITE || op == KERNEL_WRITE) && !expected)
		*mine = value;
	if (op == DROP && *mine != UNMAPPED)
		*mine = 0;
	if (op == UNMAP)
		*mine = UNMAPPED, *lock = 0;
	if (op == MAP)
		*mine = 0, *lock = 0;
	if ((op == LOCK || op == UNLOCK) && *mine != UNMAPPED)
		*lock = op == LOCK;
	if (op == FORK) {
		memcpy(shadow[other], shadow[slot], CELLS);
		memcpy(locked[other], locked[slot], CELLS);
		used[other] = 1;
	}
	if (op == LEAVE)
		used[slot] = 0;
	return refused != expected;
}

static int history(int number)
{
	int wrong = 0;

	seed = number * 7919 + 1;
	memset(shadow, 0, sizeof(shadow));
	memset(locked, 0, sizeof(locked));
	memset(used, 0, sizeof(used));
	used[0] = 1;
	if (MUST(fork()) == 0)
		worker(0);
	for (int i = 0; i < STEPS; i++) {
		wrong += step();
		for (int slot = 0; slot < SLOTS; slot++)
			wrong += used[slot] && verify(slot);
	}
	for (int slot = 0; slot < SLOTS; slot++)
		if (used[slot])
			send(slot, slot, (struct command){ .op = LEAVE });
	return wrong;
}

int main(void)
{
	signal(SIGCHLD, SIG_IGN);
	MUST(mmap(BASE, GIB(512) + GIB(1) + MIB(2) + 2 * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED ?
	     -1 : 0);
	MUST(pipe(scratch));
	for (int i = 0; i < SLOTS; i++) {
		MUST(pipe(to_worker[i]));
		MUST(pipe(to_controller[i]));
	}
	for (int i = 0; i < HISTORIES; i++)
		say("history %d: wrong %d", i, history(i));
	return 0;
}
