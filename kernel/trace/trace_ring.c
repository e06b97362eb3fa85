/*
 * Writing events: into the ring of this CPU, and to the host as they happen.
 *
 * Nobody else writes a ring, and interrupts are off meanwhile, so it needs no lock. Readers look
 * without one, too, and find out afterwards whether what they read has been overwritten
 * (trace_read.c). A ring's pointer is cleared by its own CPU, in an interrupt, before the ring is
 * freed (trace_switch.c): so who has found it here may write to it.
 *
 * Lock: stream_lock (RANK_TRACE_STREAM), so that lines to the host come whole and in order.
 */
#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/time.h"
#include "lib/string.h"
#include "proc/task.h"
#include "sync/spinlock.h"
#include "trace/trace_private.h"

u32 trace_mask;
struct trace_ring *trace_rings[MAX_CPUS];

static struct spinlock stream_lock = SPINLOCK_INIT("trace stream", RANK_TRACE_STREAM);

enum { DEBUGCON = 0xe9 };

bool trace_stream_present(void)
{
	return inb(DEBUGCON) == DEBUGCON;
}

/*
 * The time, and an order besides: later than any time that was given before, on whichever CPU. So
 * a child's first event stands behind its fork, though the clocks of two CPUs may differ a little.
 */
static u64 last_ns; /* atomic */

static u64 stamp(void)
{
	u64 now_ns = time_now_ns(), ns;
	u64 before_ns = __atomic_load_n(&last_ns, __ATOMIC_RELAXED);
	do
		ns = MAX(now_ns, before_ns + 1);
	while (!__atomic_compare_exchange_n(&last_ns, &before_ns, ns, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED));
	return ns;
}

u64 trace_now_ns(void)
{
	return __atomic_load_n(&last_ns, __ATOMIC_SEQ_CST);
}

/* The number of a zombie may have been freed already. */
static s32 current_tid(void)
{
	const struct task *task = current;
	if (task->state == TASK_ZOMBIE)
		return task->last_tid;
	return task->pid ? task_tid(task) : 0;
}

static void send(const struct trace_record *record)
{
	char line[TRACE_LINE];
	size_t len = trace_format(line, sizeof line, record);
	for (size_t i = 0; i < len; i++)
		outb(DEBUGCON, line[i]);
}

/* A record's values and text are in it already. */
static void put(struct trace_record *record)
{
	bool streams = trace_mask & TRACE_STREAM;
	irq_off_push();
	if (streams) /* first, so that lines come in the order of their times */
		spin_lock(&stream_lock);
	struct trace_ring *ring = trace_rings[this_cpu()->id];
	if (ring) {
		record->ns = stamp();
		record->tid = current_tid();
		record->cpu = this_cpu()->id;
		ring->record[ring->head % TRACE_RING] = *record;
		__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
		if (streams)
			send(record);
	}
	if (streams)
		spin_unlock(&stream_lock);
	irq_off_pop();
}

void trace_write(enum trace_event event, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	struct trace_record record = {.event = event, .arg = {a, b, c, d, e}};
	put(&record);
}

void trace_write_long(enum trace_event event, const u64 args[TRACE_MAX_ARGS])
{
	struct trace_record record = {.event = event};
	memcpy(record.arg, args, sizeof record.arg);
	put(&record);
}

void trace_write_text(enum trace_event event, const u64 args[TRACE_TEXT_ARGS], const char *text,
		      size_t text_len)
{
	struct trace_record record = {
		.event = event, .text_form = text_len > TRACE_TEXT ? TEXT_CUT : TEXT_WHOLE,
		.text_len = MIN(text_len, (size_t)TRACE_TEXT),
	};
	memcpy(record.before_text, args, sizeof record.before_text);
	memcpy(record.text, text, record.text_len);
	put(&record);
}
