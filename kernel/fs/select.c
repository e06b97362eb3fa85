/*
 * select and pselect6: bit sets in, bit sets out, over the items of fs/poll.c.
 * The third set is for exceptional conditions: POLLPRI, which no file has yet.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "fs/files.h"
#include "fs/poll_items.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { SETS = 3, WORD_BITS = 64, SELECT_MAX = 1024, SET_WORDS = SELECT_MAX / WORD_BITS };

enum {
	SELECT_IN = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	SELECT_OUT = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	SELECT_EXCEPT = POLLPRI,
};
static const u32 set_events[SETS] = {SELECT_IN, SELECT_OUT, SELECT_EXCEPT};

struct sets {
	void __user *user[SETS];
	u64 word[SETS][SET_WORDS];
	size_t nbytes; /* that the user has, of each */
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

static bool set_has(const struct sets *sets, int set, int fd)
{
	return sets->word[set][fd / WORD_BITS] >> (fd % WORD_BITS) & 1;
}

static int sets_get(struct sets *sets)
{
	for (int set = 0; set < SETS; set++) {
		for (int i = 0; i < SET_WORDS; i++)
			sets->word[set][i] = 0;
		if (sets->user[set] &&
		    copy_from_user(sets->word[set], sets->user[set], sets->nbytes))
			return -EFAULT;
	}
	return 0;
}

/* The items, one for each descriptor below nfds; -EBADF if a set has one that is not open. */
static int items_get(const struct sets *sets, struct poll_item *item, int nfds)
{
	for (int fd = 0; fd < nfds; fd++) {
		for (int set = 0; set < SETS; set++)
			item[fd].wanted |= set_has(sets, set, fd) ? set_events[set] : 0;
		if (!item[fd].wanted)
			continue;
		item[fd].file = fd_get(fd);
		if (!item[fd].file)
			return -EBADF;
	}
	return 0;
}

/* Clears the bits that are not ready; how many are left in all sets. */
static int sets_filter(struct sets *sets, const struct poll_item *item, int nfds)
{
	int left = 0;
	for (int set = 0; set < SETS; set++) {
		for (int fd = 0; fd < nfds; fd++) {
			if (!set_has(sets, set, fd))
				continue;
			if (item[fd].ready & set_events[set])
				left++;
			else
				sets->word[set][fd / WORD_BITS] &= ~(1ull << (fd % WORD_BITS));
		}
	}
	return left;
}

static int sets_put(const struct sets *sets)
{
	for (int set = 0; set < SETS; set++) {
		if (sets->user[set] &&
		    copy_to_user(sets->user[set], sets->word[set], sets->nbytes))
			return -EFAULT;
	}
	return 0;
}

static int select_items(struct sets *sets, struct poll_item *item, int nfds, u64 deadline_ns)
{
	int result = items_get(sets, item, nfds);
	if (!result)
		result = poll_items(item, nfds, deadline_ns);
	if (result < 0)
		return result;
	result = sets_filter(sets, item, nfds);
	return sets_put(sets) ? -EFAULT : result;
}

static int do_select(int nfds, void __user *in, void __user *out, void __user *except,
		     u64 deadline_ns)
{
	if (nfds < 0)
		return -EINVAL;
	nfds = MIN(nfds, (int)SELECT_MAX);
	struct sets sets = {.user = {in, out, except},
			    .nbytes = ROUND_UP((size_t)nfds, WORD_BITS) / 8};
	int result = sets_get(&sets);
	if (result)
		return result;
	struct poll_item *item = poll_items_new(nfds);
	if (!item)
		return -ENOMEM;
	result = select_items(&sets, item, nfds, deadline_ns);
	poll_items_free(item, nfds);
	return result;
}

s64 sys_select(int nfds, void __user *in, void __user *out, void __user *except,
	       void __user *timeout)
{
	u64 deadline_ns;
	int result = poll_deadline(timeout, 1000000, &deadline_ns);
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
