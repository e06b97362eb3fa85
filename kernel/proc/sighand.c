/*
 * Tables of signal handlers: a counted resource that clone shares or copies.
 */
#include "lib/string.h"
#include "mm/heap.h"
#include "proc/signal.h"

struct sighand *sighand_new(void)
{
	struct sighand *sighand = heap_zalloc(sizeof *sighand);
	if (!sighand)
		return NULL;
	sighand->refs = 1;
	spin_init(&sighand->lock, "sighand", RANK_SIGHAND);
	return sighand;
}

struct sighand *sighand_copy(struct sighand *from)
{
	struct sighand *copy = sighand_new();
	if (!copy)
		return NULL;
	spin_lock(&from->lock);
	memcpy(copy->action, from->action, sizeof copy->action);
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

void sighand_reset_for_exec(struct sighand *sighand)
{
	spin_lock(&sighand->lock);
	for (int sig = 1; sig <= NSIG; sig++) {
		struct sigaction *action = &sighand->action[sig];
		u64 handler = action->handler == SIG_IGN ? SIG_IGN : SIG_DFL;
		*action = (struct sigaction){.handler = handler};
	}
	spin_unlock(&sighand->lock);
}
