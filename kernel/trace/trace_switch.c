/*
 * Switching the trace on and off, and what has to be made for it: /proc/sys/kernel/trace and the
 * option trace= of the command line. Both take words:
 *
 *	syscall sched ...	exactly these categories (all: every one); stream: to the host too
 *	+sched  -sched		one more, one less
 *	none			no category, but what is in the rings stays to be read
 *	off			none, and the rings are freed
 *
 * The order of things: rings first, then every CPU takes its own (switch_here, by interrupt), then
 * trace_mask says that there is something to write; back the other way. A CPU that answers has
 * interrupts on, so it is not half way through writing to a ring. That interrupt also gives it the
 * entry for system calls that is right now: untraced calls do not pass a single test.
 *
 * Lock: trace_lock (RANK_TRACE).
 */
#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/smp.h"
#include "fs/procfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/mm.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "trace/trace_private.h"
#include "trace/trace_proc.h"

struct mutex trace_lock;
u32 trace_generation;

static struct trace_ring *rings[MAX_CPUS]; /* trace_lock; trace_rings: what the CPUs have taken */
static bool syscalls_traced;		   /* trace_lock: what switch_here is to set */

#define WORD_OF_(name, word) #word,
static const char *const words[] = {TRACE_CATEGORIES(WORD_OF_) "stream", "all", "none", "off"};
enum { WORD_ALL = TRACE_NCATEGORIES + 1, WORD_NONE, WORD_OFF, NWORDS };
_Static_assert(ARRAY_SIZE(words) == NWORDS, "a word for each bit, and three more");

static bool have_rings(void)
{
	return rings[0];
}

/* On each CPU, interrupts off. */
static void switch_here(void)
{
	u32 here = this_cpu()->id;
	trace_rings[here] = rings[here];
	syscall_set_entry(syscalls_traced);
}

static void free_rings(void)
{
	struct trace_ring *old[MAX_CPUS];
	memcpy(old, rings, sizeof old);
	memset(rings, 0, sizeof rings);
	smp_call_all(switch_here);
	for (u32 i = 0; i < ncpus; i++)
		heap_free(old[i]);
}

static int make_rings(void)
{
	for (u32 i = 0; i < ncpus; i++) {
		rings[i] = heap_alloc(sizeof *rings[i]);
		if (!rings[i]) {
			free_rings();
			return -ENOMEM;
		}
		rings[i]->head = 0;
	}
	trace_generation++;
	return 0;
}

void trace_task(const struct task *task)
{
	trace_text(task, task->name, strnlen(task->name, sizeof task->name), task_tid(task),
		   task_tgid(task), task->process->parent_number, task->mm ? task->mm->number : 0);
}

/* What is there before the first event. */
static void trace_tasks(void)
{
	struct process *process;
	struct task *task;
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link)
		list_for_each(task, &process->tasks, group_link)
			trace_task(task);
	spin_unlock(&proc_lock);
}

static int set_mask(u32 mask, bool off)
{
	u32 before = trace_mask;
	int error = mask & TRACE_ALL && !have_rings() ? make_rings() : 0;
	if (error)
		return error;
	__atomic_store_n(&trace_mask, trace_mask & mask, __ATOMIC_RELAXED);
	syscalls_traced = mask & TRACE_SYSCALL;
	if (have_rings() && off && !(mask & TRACE_ALL))
		free_rings();
	else if (have_rings())
		smp_call_all(switch_here);
	__atomic_store_n(&trace_mask, mask, __ATOMIC_RELAXED);
	if (mask & ~before & TRACE_PROCESS)
		trace_tasks();
	return 0;
}

/* What the words make of the mask that is on now. */
struct request {
	u32 mask;
	bool plain; /* a word without a sign has been there: what was on before has gone */
	bool off;
};

static int take_word(struct request *request, const char *word)
{
	char sign = *word == '+' || *word == '-' ? *word++ : '\0';
	u32 i = 0;
	while (i < NWORDS && strcmp(word, words[i]) != 0)
		i++;
	if (i == NWORDS)
		return -EINVAL;
	u32 bits = i < WORD_ALL ? 1u << i : i == WORD_ALL ? TRACE_ALL : 0;
	if (!sign && !request->plain)
		request->mask = 0;
	request->plain |= !sign;
	request->off = i == WORD_OFF;
	request->mask = sign == '-' ? request->mask & ~bits : request->mask | bits;
	return 0;
}

/* Words between spaces, commas and newlines. */
static int take_words(struct request *request, char *text)
{
	int error = 0;
	while (*text && !error) {
		char *word = text;
		while (*text && !strchr(", \n", *text))
			text++;
		if (*text)
			*text++ = '\0';
		if (*word)
			error = take_word(request, word);
	}
	if (!error && (request->mask & TRACE_STREAM) && !trace_stream_present())
		error = -ENODEV;
	return error;
}

int trace_show_switch(struct text *text, const struct proc_node *node)
{
	u32 mask = trace_mask;
	(void)node;
	if (!(mask & TRACE_ALL))
		text_printf(text, "%s", words[have_rings() ? WORD_NONE : WORD_OFF]);
	for (u32 i = 0; i < WORD_ALL; i++)
		if (mask & 1u << i)
			text_printf(text, text->len ? " %s" : "%s", words[i]);
	text_printf(text, "\n");
	return 0;
}

ssize_t trace_write_switch(const struct proc_node *node, const void __user *buf, size_t n)
{
	char text[128] = "";
	(void)node;
	if (n >= sizeof text)
		return -EINVAL;
	if (copy_from_user(text, buf, n))
		return -EFAULT;
	mutex_lock(&trace_lock);
	struct request request = {.mask = trace_mask};
	int error = take_words(&request, text);
	if (!error)
		error = set_mask(request.mask, request.off);
	mutex_unlock(&trace_lock);
	return error ? error : (ssize_t)n;
}

void trace_init(void)
{
	char text[128], given[128];
	struct request request = {0};
	mutex_init(&trace_lock, "trace", RANK_TRACE);
	if (!boot_option("trace", text, sizeof text))
		return;
	strlcpy(given, text, sizeof given);
	int error = take_words(&request, text);
	if (!error && !(request.mask & TRACE_ALL) && !request.off)
		error = -EINVAL;
	if (!error)
		error = set_mask(request.mask, true);
	if (error)
		kprintf("trace=%s: nothing is traced: %s\n", given,
			error == -EINVAL   ? "it names no category, or one that is not known"
			: error == -ENODEV ? "there is no port 0xe9 to stream to"
					   : "too little memory for the rings");
}
