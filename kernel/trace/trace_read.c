/*
 * Reading the rings: /proc/trace, and the last events for a panic and for who asks at the console.
 *
 * A cursor goes through all rings at once, the oldest record first. It takes no lock against the
 * writers: it copies a record and then looks whether its slot has been used again meanwhile. What
 * was overwritten before it came by is counted, and told by a line `lost N`.
 *
 * An open /proc/trace shows what was there when it was opened: whoever reads it is traced, too,
 * and would never come to an end otherwise. Lines come whole, however small the reads.
 *
 * Locks: trace_lock while rings are read, so that they are not freed.
 */
#include "arch/smp.h"
#include "fs/file.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "sync/spinlock.h"
#include "trace/trace_private.h"
#include "trace/trace_proc.h"

static u64 ring_head(const struct trace_ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
}

/* The oldest record that is certain to be there: the one before may be being overwritten. */
static u64 ring_oldest(const struct trace_ring *ring)
{
	u64 head = ring_head(ring);
	return head < TRACE_RING ? 0 : head - TRACE_RING + 1;
}

/* The next record of one ring; lost: how many before it are gone. False: there is none. */
static bool ring_next(const struct trace_ring *ring, u64 *at, struct trace_record *record,
		      u64 *lost)
{
	*lost = 0;
	for (;;) {
		u64 oldest = ring_oldest(ring);
		if (*at < oldest) {
			*lost += oldest - *at;
			*at = oldest;
		}
		if (*at >= ring_head(ring))
			return false;
		*record = ring->record[*at % TRACE_RING];
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (*at >= ring_oldest(ring))
			return true;
	}
}

/* The next of all rings, not later than end_ns; it is passed. False: there is none. */
static bool cursor_next(struct trace_cursor *cursor, u64 end_ns, struct trace_record *record,
			u64 *lost)
{
	struct trace_record found;
	u32 from = MAX_CPUS;
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		const struct trace_ring *ring = trace_rings[cpu];
		u64 at = cursor->at[cpu], lost_here;
		if (!ring || !ring_next(ring, &at, &found, &lost_here) || found.ns > end_ns)
			continue;
		if (from != MAX_CPUS && found.ns > record->ns)
			continue;
		*record = found;
		*lost = lost_here;
		from = cpu;
	}
	if (from == MAX_CPUS)
		return false;
	cursor->at[from] += *lost + 1;
	return true;
}

/* /proc/trace ---------------------------------------------------------------------------------- */

struct trace_reader {
	struct trace_cursor cursor;
	u32 generation; /* of the rings that the cursor is of */
	u64 end_ns;	/* when it was opened */
	size_t len, sent; /* of the line below */
	char line[TRACE_LINE + 32]; /* with one that says what was lost */
};

static void nothing(void)
{
}

/* Each CPU answers: an event that has its time already is in its ring then, too. */
static int trace_open(struct file *file)
{
	struct trace_reader *reader = heap_zalloc(sizeof *reader);
	if (!reader)
		return -ENOMEM;
	mutex_lock(&trace_lock);
	reader->generation = trace_generation;
	reader->end_ns = trace_now_ns();
	smp_call_all(nothing);
	mutex_unlock(&trace_lock);
	file->private = reader;
	return 0;
}

static void trace_release(struct file *file)
{
	heap_free(file->private);
}

/* False: there are no more. */
static bool next_line(struct trace_reader *reader)
{
	struct trace_record record;
	u64 lost;
	if (reader->generation != trace_generation ||
	    !cursor_next(&reader->cursor, reader->end_ns, &record, &lost))
		return false;
	size_t len = lost ? snprintf(reader->line, sizeof reader->line, "lost %lu\n", lost) : 0;
	reader->len = len + trace_format(reader->line + len, sizeof reader->line - len, &record);
	reader->sent = 0;
	return true;
}

static ssize_t trace_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	struct trace_reader *reader = file->private;
	size_t done = 0;
	(void)offset;
	mutex_lock(&trace_lock); /* two may read from one open file */
	while (done < n && (reader->sent < reader->len || next_line(reader))) {
		size_t part = MIN(n - done, reader->len - reader->sent);
		size_t left = copy_to_user_partial((char __user *)buf + done,
						   reader->line + reader->sent, part);
		reader->sent += part - left;
		done += part - left;
		if (left)
			break;
	}
	mutex_unlock(&trace_lock);
	return done || n == 0 || reader->sent == reader->len ? (ssize_t)done : -EFAULT;
}

const struct file_ops trace_file_ops = {
	.open = trace_open, .release = trace_release, .read = trace_read,
};

/* The last of them ----------------------------------------------------------------------------- */

/* One step back from the cursor: to the latest record before it. */
static bool cursor_back(struct trace_cursor *cursor)
{
	u64 latest_ns = 0;
	u32 from = MAX_CPUS;
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		const struct trace_ring *ring = trace_rings[cpu];
		if (!ring || cursor->at[cpu] <= ring_oldest(ring))
			continue;
		u64 ns = ring->record[(cursor->at[cpu] - 1) % TRACE_RING].ns;
		if (ns < latest_ns)
			continue;
		latest_ns = ns;
		from = cpu;
	}
	if (from != MAX_CPUS)
		cursor->at[from]--;
	return from != MAX_CPUS;
}

/* Interrupts off: as long as this CPU has not answered, no ring is freed. */
void trace_last(u32 n)
{
	struct trace_cursor cursor;
	struct trace_record record;
	char line[TRACE_LINE];
	u64 lost, end_ns = trace_now_ns(); /* what printing makes happen is not waited for */
	irq_off_push();
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		cursor.at[cpu] = trace_rings[cpu] ? ring_head(trace_rings[cpu]) : 0;
	for (u32 i = 0; i < n && cursor_back(&cursor); i++)
		;
	while (cursor_next(&cursor, end_ns, &record, &lost)) {
		trace_format(line, sizeof line, &record);
		kprintf("  %s", line);
	}
	irq_off_pop();
}
