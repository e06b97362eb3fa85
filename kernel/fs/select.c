/*
 * select and pselect6: bit sets in, bit sets out, over the items of fs/poll.c:
 * one for each descriptor that any set has, in ascending order.
 *
 * There may be more than FD_SETSIZE: as on Linux the sets are looked at as far
 * as the descriptor table reaches. The third set is for exceptional conditions:
 * POLLPRI, which no file has yet. Source: select(2).
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "fs/files.h"
#include "fs/poll_items.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { SETS = 3, WORD_BITS = 64, USEC_PER_SEC = 1000000 };

enum { /* POLLNVAL: an O_PATH descriptor */
	SELECT_IN = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR | POLLNVAL,
	SELECT_OUT = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLNVAL,
	SELECT_EXCEPT = POLLPRI | POLLNVAL,
};
static const u32 set_events[SETS] = {SELECT_IN, SELECT_OUT, SELECT_EXCEPT};

struct sets {
	void __user *user[SETS];
	u64 *word[SETS];
	u32 nwords; /* of each */
};

struct timeval {
	s64 sec, part;
};

int poll_deadline(const void __user *timeout, u64 parts_per_second, u64 *deadline_ns)
{
	struct timeval t;
	*deadline_ns = TIME_FOREVER;
	if (!timeout)
		return 0;
	if (copy_from_user(&t, timeout, sizeof t))
		return -EFAULT;
	if (parts_per_second == USEC_PER_SEC) { /* select carries over what is too much */
		t.sec += (u64)(t.part / USEC_PER_SEC);
		t.part %= USEC_PER_SEC;
	}
	if (t.sec < 0 || t.part < 0 || (u64)t.part >= parts_per_second)
		return -EINVAL;
	if (t.sec > INT32_MAX) /* 68 years are for ever */
		return 0;
	u64 ns = t.sec * NSEC_PER_SEC + t.part * (NSEC_PER_SEC / parts_per_second);
	*deadline_ns = ns ? time_now_ns() + ns : 0;
	return 0;
}

/* As Linux, which lets a fault here pass: the events have been reported. */
void poll_put_rest(void __user *timeout, u64 ns_per_part, u64 deadline_ns)
{
	u64 now = time_now_ns();
	u64 rest = deadline_ns > now ? deadline_ns - now : 0;
	struct timeval t = {rest / NSEC_PER_SEC, rest % NSEC_PER_SEC / ns_per_part};
	if (timeout && deadline_ns != TIME_FOREVER && copy_to_user(timeout, &t, sizeof t))
		return;
}

/* Copies the sets in; bits from nfds on do not count. */
static int sets_get(struct sets *sets, u32 nfds)
{
	for (int set = 0; set < SETS; set++) {
		u64 *word = sets->word[set];
		if (sets->user[set] && copy_from_user(word, sets->user[set], sets->nwords * 8))
			return -EFAULT;
		if (nfds % WORD_BITS)
			word[nfds / WORD_BITS] &= (1ull << (nfds % WORD_BITS)) - 1;
	}
	return 0;
}

static int sets_put(const struct sets *sets)
{
	for (int set = 0; set < SETS; set++) {
		if (sets->user[set] &&
		    copy_to_user(sets->user[set], sets->word[set], sets->nwords * 8))
			return -EFAULT;
	}
	return 0;
}

/* The first descriptor >= fd that a set has; -1: none. */
static int next_fd(const struct sets *sets, u32 fd)
{
	u64 from = ~0ull << (fd % WORD_BITS);
	for (u32 i = fd / WORD_BITS; i < sets->nwords; i++, from = ~0ull) {
		u64 any = (sets->word[0][i] | sets->word[1][i] | sets->word[2][i]) & from;
		if (any)
			return i * WORD_BITS + __builtin_ctzll(any);
	}
	return -1;
}

static bool set_has(const struct sets *sets, int set, u32 fd)
{
	return sets->word[set][fd / WORD_BITS] >> (fd % WORD_BITS) & 1;
}

/* Fills the items; -EBADF if a set has a descriptor that is not open. */
static int items_get(const struct sets *sets, struct poll_item *item)
{
	for (int fd = next_fd(sets, 0); fd >= 0; fd = next_fd(sets, fd + 1), item++) {
		for (int set = 0; set < SETS; set++)
			item->wanted |= set_has(sets, set, fd) ? set_events[set] : 0;
		item->file = fd_get(fd);
		if (!item->file)
			return -EBADF;
	}
	return 0;
}

/* Clears the bits that are not ready; how many are left in all sets. */
static int sets_filter(struct sets *sets, const struct poll_item *item)
{
	int left = 0;
	for (int fd = next_fd(sets, 0); fd >= 0; fd = next_fd(sets, fd + 1), item++) {
		for (int set = 0; set < SETS; set++) {
			if (!set_has(sets, set, fd))
				continue;
			if (item->ready & set_events[set])
				left++;
			else
				sets->word[set][fd / WORD_BITS] &= ~(1ull << (fd % WORD_BITS));
		}
	}
	return left;
}

static int select_items(struct sets *sets, u64 deadline_ns)
{
	size_t n = 0;
	for (int fd = next_fd(sets, 0); fd >= 0; fd = next_fd(sets, fd + 1))
		n++;
	struct poll_item few[POLL_FEW], *item = poll_items_new(few, n);
	if (!item)
		return -ENOMEM;
	int result = items_get(sets, item);
	if (!result)
		result = poll_items(item, n, deadline_ns);
	if (result >= 0) {
		result = sets_filter(sets, item);
		result = sets_put(sets) ? -EFAULT : result;
	}
	poll_items_free(item, n);
	return result;
}

static int do_select(int nfds, void __user *in, void __user *out, void __user *except,
		     u64 deadline_ns)
{
	if (nfds < 0)
		return -EINVAL;
	nfds = MIN((u32)nfds, files_size(current->files));
	u32 nwords = ROUND_UP((u32)nfds, WORD_BITS) / WORD_BITS;
	u64 *words = heap_zalloc(SETS * MAX(nwords, 1u) * sizeof *words);
	if (!words)
		return -ENOMEM;
	struct sets sets = {
		{in, out, except}, {words, words + nwords, words + 2 * nwords}, nwords,
	};
	int result = sets_get(&sets, nfds);
	if (!result)
		result = select_items(&sets, deadline_ns);
	heap_free(words);
	return result;
}

s64 sys_select(int nfds, void __user *in, void __user *out, void __user *except,
	       void __user *timeout)
{
	u64 deadline_ns;
	int result = poll_deadline(timeout, USEC_PER_SEC, &deadline_ns);
	if (result)
		return result;
	result = do_select(nfds, in, out, except, deadline_ns);
	poll_put_rest(timeout, 1000, deadline_ns);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}

s64 sys_pselect6(int nfds, void __user *in, void __user *out, void __user *except,
		 void __user *timeout, void __user *mask)
{
	struct {
		void __user *mask;
		size_t size;
	} arg = {NULL, 0};
	u64 deadline_ns;
	if (mask && copy_from_user(&arg, mask, sizeof arg))
		return -EFAULT;
	int result = poll_deadline(timeout, NSEC_PER_SEC, &deadline_ns);
	if (!result)
		result = poll_mask_begin(arg.mask, arg.size);
	if (result)
		return result;
	result = do_select(nfds, in, out, except, deadline_ns);
	poll_mask_end(result);
	poll_put_rest(timeout, 1, deadline_ns);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}
