/*
 * Tables of signal handlers: a counted resource that clone shares or copies. Most signals of
 * most programs are default: only what has been set is kept, and copied.
 */
#include "mm/heap.h"
#include "proc/signal.h"

struct sighand *sighand_new(void)
{
	struct sighand *sighand = heap_alloc(sizeof *sighand);
	if (!sighand)
		return NULL;
	sighand->refs = 1;
	sighand->set = 0;
	spin_init(&sighand->lock, "sighand", RANK_SIGHAND);
	return sighand;
}

struct sighand *sighand_copy(struct sighand *from)
{
	struct sighand *copy = sighand_new();
	if (!copy)
		return NULL;
	spin_lock(&from->lock);
	copy->set = from->set;
	for (sigset_t left = from->set; left; left &= left - 1) {
		int sig = 1 + __builtin_ctzll(left);
		copy->action[sig] = from->action[sig];
	}
	spin_unlock(&from->lock);
	return copy;
}

struct sighand *sighand_get(struct sighand *sighand)
{
	sighand->refs++;
	return sighand;
}

void sighand_put(struct sighand *sighand)
{
	if (--sighand->refs == 0)
		heap_free(sighand);
}

const struct sigaction *sighand_action(const struct sighand *sighand, int sig)
{
	static const struct sigaction by_default = {.handler = SIG_DFL};
	return sighand->set & sig_bit(sig) ? &sighand->action[sig] : &by_default;
}

void sighand_set(struct sighand *sighand, int sig, const struct sigaction *action)
{
	sighand->action[sig] = *action;
	sighand->set |= sig_bit(sig);
}

void sighand_reset_for_exec(struct sighand *sighand)
{
	spin_lock(&sighand->lock);
	for (sigset_t left = sighand->set; left; left &= left - 1) {
		int sig = 1 + __builtin_ctzll(left);
		if (sighand->action[sig].handler == SIG_IGN)
			sighand->action[sig] = (struct sigaction){.handler = SIG_IGN};
		else
			sighand->set &= ~sig_bit(sig);
	}
	spin_unlock(&sighand->lock);
}
