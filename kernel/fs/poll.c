/*
 * poll, ppoll, select, pselect6: wait for the first of several files.
 *
 * All four become a list of items (file, wanted events), which poll_items
 * watches: one pass joins every file's queues, then the task sleeps and looks
 * again after each wakeup. Files are held from first to last, so nothing is
 * opened or closed between join and sleep (sync/wait.h). fs/select.c has the
 * forms with bit sets.
 */
#include "fs/poll_items.h"

#include "arch/cpu.h"
#include "arch/time.h"
#include "fs/open.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { POLL_MAX = 1 << 20 }; /* as many as there can be descriptors */

struct pollfd {
	int fd;
	u16 events, revents;
};

static struct waiter *next_waiter(struct poll_table *table)
{
	if (table->count < POLL_INLINE)
		return &table->inline_waiter[table->count];
	u32 in_chunk = (table->count - POLL_INLINE) % POLL_CHUNK;
	if (in_chunk == 0) {
		struct poll_chunk *chunk = heap_alloc(sizeof *chunk);
		if (!chunk)
			return NULL;
		chunk->next = table->chunks;
		table->chunks = chunk;
	}
	return &table->chunks->waiter[in_chunk];
}

void poll_wait(struct poll_table *table, struct waitq *queue)
{
	struct waiter *w = next_waiter(table);
	if (!w) {
		table->err = -ENOMEM;
		return;
	}
	waitq_join_also(queue, w);
	table->count++;
}

static void table_begin(struct poll_table *table)
{
	table->count = 0;
	table->chunks = NULL;
	table->err = 0;
	waitq_init(&table->none);
	waitq_join(&table->none, &table->first);
}

static void table_end(struct poll_table *table)
{
	for (u32 i = 0; i < MIN(table->count, (u32)POLL_INLINE); i++)
		waitq_leave(&table->inline_waiter[i]);
	u32 in_chunk = 0; /* of the latest one; the others are full */
	if (table->count > POLL_INLINE)
		in_chunk = (table->count - POLL_INLINE - 1) % POLL_CHUNK + 1;
	for (struct poll_chunk *chunk = table->chunks; chunk;) {
		struct poll_chunk *next = chunk->next;
		for (u32 i = 0; i < in_chunk; i++)
			waitq_leave(&chunk->waiter[i]);
		heap_free(chunk);
		chunk = next;
		in_chunk = POLL_CHUNK;
	}
	waitq_leave(&table->first);
}

static u32 file_poll(struct file *file, struct poll_table *table)
{
	if (file->flags & O_PATH)
		return POLLNVAL;
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, table);
}

/* One look at every item; how many are ready. */
static int look(struct poll_item *item, size_t n, struct poll_table *table)
{
	int ready = 0;
	for (size_t i = 0; i < n; i++) {
		if (item[i].file) {
			u32 events = file_poll(item[i].file, ready ? NULL : table);
			item[i].ready = events & (item[i].wanted | POLLERR | POLLHUP | POLLNVAL);
		}
		ready += item[i].ready != 0;
	}
	return ready;
}

int poll_items(struct poll_item *item, size_t n, u64 deadline_ns)
{
	struct poll_table table;
	if (deadline_ns == 0) {
		int now = look(item, n, NULL);
		return !now && signal_pending(current) ? -EINTR : now;
	}
	table_begin(&table);
	int ready = look(item, n, &table);
	int err = table.err;
	while (!ready && !err) {
		err = waitq_sleep_until(&table.first, deadline_ns);
		ready = look(item, n, NULL);
	}
	table_end(&table);
	if (ready || err == -ETIMEDOUT)
		return ready;
	return err;
}

struct poll_item *poll_items_new(struct poll_item few[POLL_FEW], size_t n)
{
	if (n > POLL_FEW)
		return heap_zalloc(n * sizeof *few);
	memset(few, 0, n * sizeof *few);
	return few;
}

void poll_items_free(struct poll_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (item[i].file)
			file_put(item[i].file);
	}
	if (n > POLL_FEW)
		heap_free(item);
}

static int fds_get(const struct pollfd __user *fds, struct poll_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pollfd p;
		if (copy_from_user(&p, &fds[i], sizeof p))
			return -EFAULT;
		item[i].wanted = p.events;
		item[i].file = p.fd >= 0 ? fd_get(p.fd) : NULL;
		if (p.fd >= 0 && !item[i].file)
			item[i].ready = POLLNVAL;
	}
	return 0;
}

static int fds_put(struct pollfd __user *fds, const struct poll_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u16 revents = item[i].ready;
		if (copy_to_user(&fds[i].revents, &revents, sizeof revents))
			return -EFAULT;
	}
	return 0;
}

static int poll_fds(struct pollfd __user *fds, u64 nfds, u64 deadline_ns)
{
	if (nfds > MIN(task_rlimit(current, RLIMIT_NOFILE), (u64)POLL_MAX))
		return -EINVAL;
	struct poll_item few[POLL_FEW], *item = poll_items_new(few, nfds);
	if (!item)
		return -ENOMEM;
	int result = fds_get(fds, item, nfds);
	if (!result)
		result = poll_items(item, nfds, deadline_ns);
	if (result >= 0 && fds_put(fds, item, nfds))
		result = -EFAULT;
	poll_items_free(item, nfds);
	return result;
}

static s64 poll_restart(struct restart_block *block)
{
	int result = poll_fds((struct pollfd *)block->args[0], block->args[1], block->deadline_ns);
	return result == -EINTR ? -ERESTART_RESTARTBLOCK : result;
}

s64 sys_poll(void __user *fds, u32 nfds, int timeout_ms)
{
	u64 deadline_ns = TIME_FOREVER;
	if (timeout_ms >= 0)
		deadline_ns = timeout_ms ? time_now_ns() + timeout_ms * NSEC_PER_MSEC : 0;
	int result = poll_fds(fds, nfds, deadline_ns);
	if (result != -EINTR)
		return result;
	current->restart = (struct restart_block){
		.fn = poll_restart,
		.deadline_ns = deadline_ns,
		.args = {(u64)fds, nfds},
	};
	return -ERESTART_RESTARTBLOCK;
}

int poll_mask_begin(const void __user *mask, size_t mask_size)
{
	sigset_t blocked;
	if (!mask)
		return 0;
	if (mask_size != sizeof blocked)
		return -EINVAL;
	if (copy_from_user(&blocked, mask, sizeof blocked))
		return -EFAULT;
	signal_mask_begin(blocked);
	return 0;
}

/* Without a signal the old mask comes back at once; with one, once its handler is set up. */
void poll_mask_end(int result)
{
	if (result != -EINTR)
		signal_mask_end();
}

s64 sys_ppoll(void __user *fds, u32 nfds, const void __user *timeout, const void __user *mask,
	      size_t mask_size)
{
	u64 deadline_ns;
	int result = poll_deadline(timeout, NSEC_PER_SEC, &deadline_ns);
	if (!result)
		result = poll_mask_begin(mask, mask_size);
	if (result)
		return result;
	result = poll_fds(fds, nfds, deadline_ns);
	poll_mask_end(result);
	poll_put_rest((void __user *)timeout, 1, deadline_ns);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}
