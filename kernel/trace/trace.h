/*
 * The trace: what the kernel did, as records in a ring per CPU. Off, it costs a test and a branch
 * where an event would be, and nothing at all on the path of a system call.
 *
 *	trace(fork, child, tgid, mm, flags);		an event of events.h
 *	trace_text(exec, name, len, mm);		the same with a text at its end
 *
 * may stand anywhere but in an NMI: in interrupt handlers, under any lock. They take none (but
 * that of the stream, RANK_TRACE_STREAM, while it is on) and do not sleep.
 *
 * Switched by /proc/sys/kernel/trace (trace_switch.c) and trace= on the command line; shown by
 * /proc/trace (trace_read.c), sent to the host as it happens (trace_ring.c); one format, made by
 * trace_format. docs/tracing.md tells of it all.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "lib/types.h"
#include "trace/events.h"

#define TRACE_NUMBER_(name, word) TRACE_NUMBER_OF_##name,
enum { TRACE_CATEGORIES(TRACE_NUMBER_) TRACE_NCATEGORIES };
#define TRACE_BIT_(name, word) TRACE_##name = 1 << TRACE_NUMBER_OF_##name,
enum trace_category {
	TRACE_CATEGORIES(TRACE_BIT_)
	TRACE_ALL = (1 << TRACE_NCATEGORIES) - 1,
	TRACE_STREAM = 1 << TRACE_NCATEGORIES, /* to the host too */
};

#define TRACE_EVENT_(name, category, format) EVENT_##name,
enum trace_event { TRACE_EVENTS(TRACE_EVENT_) TRACE_NEVENTS };
#define TRACE_CATEGORY_(name, category, format) CATEGORY_OF_##name = TRACE_##category,
enum { TRACE_EVENTS(TRACE_CATEGORY_) };

/* What is on: enum trace_category. */
extern u32 trace_mask;

#ifdef HOST_TEST
#define trace_on(categories) false /* nobody traces a test of single files */
#else
#define trace_on(categories) __builtin_expect(trace_mask & (categories), 0)
#endif

/* Up to eight values; five go in registers, for most events have no more. */
#define trace(event, ...)                                                                       \
	do {                                                                                    \
		if (trace_on(CATEGORY_OF_##event))                                              \
			TRACE_PICK_(__VA_ARGS__, LONG, LONG, LONG, SHORT, SHORT, SHORT, SHORT,  \
				    SHORT)(EVENT_##event, __VA_ARGS__);                         \
	} while (0)
#define TRACE_PICK_(a, b, c, d, e, f, g, h, which, ...) TRACE_##which##_
#define TRACE_SHORT_(...) TRACE_PAD_(__VA_ARGS__, 0, 0, 0, 0, 0)
#define TRACE_PAD_(event, a, b, c, d, e, ...) trace_write(event, a, b, c, d, e)
#define TRACE_LONG_(event, ...) trace_write_long(event, (const u64[TRACE_MAX_ARGS]){__VA_ARGS__})

/* Up to four values, and up to TRACE_TEXT bytes of a text, which may be longer: len is its own. */
#define trace_text(event, text, len, ...)                                                       \
	do {                                                                                    \
		if (trace_on(CATEGORY_OF_##event))                                              \
			trace_write_text(EVENT_##event,                                         \
					 (const u64[TRACE_TEXT_ARGS]){__VA_ARGS__}, text, len); \
	} while (0)

enum { TRACE_MAX_ARGS = 8, TRACE_TEXT = 32, TRACE_LINE = 320 };
enum { TRACE_TEXT_ARGS = TRACE_MAX_ARGS - TRACE_TEXT / sizeof(u64) };

enum trace_text_form { TEXT_NONE, TEXT_WHOLE, TEXT_CUT };

/* gdb and panics read these too: the size is fixed. */
struct trace_record {
	u64 ns;		/* since boot; no two are alike, and cause comes before effect */
	s32 tid;	/* 0: a CPU that is idle */
	u8 event;	/* enum trace_event */
	u8 cpu;
	u8 text_len;
	u8 text_form;	/* enum trace_text_form */
	union {
		u64 arg[TRACE_MAX_ARGS];
		struct {
			u64 before_text[TRACE_TEXT_ARGS];
			char text[TRACE_TEXT];
		};
	};
};

enum { TRACE_RING = 4096 }; /* records */

/* Written by its CPU only, with interrupts off: the record first, then head. */
struct trace_ring {
	u64 head; /* how many have been written ever; the last TRACE_RING of them are here */
	struct trace_record record[TRACE_RING];
};
extern struct trace_ring *trace_rings[]; /* by CPU; NULL: tracing is off */

/* What the lines say: the name, a blank, and the format. */
extern const char *const trace_event_texts[TRACE_NEVENTS];

void trace_write(enum trace_event event, u64 a, u64 b, u64 c, u64 d, u64 e) __cold;
void trace_write_long(enum trace_event event, const u64 args[TRACE_MAX_ARGS]) __cold;
void trace_write_text(enum trace_event event, const u64 args[TRACE_TEXT_ARGS], const char *text,
		      size_t text_len) __cold;

/* A record's line with its newline; its length. size: TRACE_LINE is enough. */
size_t trace_format(char *line, size_t size, const struct trace_record *record);

/* An event `task`, of one that is there already when tracing begins. proc_lock held. */
struct task;
void trace_task(const struct task *task);

/* fork has shared a tree: an event `share` for each table that both have now, the uppermost only,
 * and `page` for the one of the stack. parent->lock held. */
struct mm;
void trace_shares(struct mm *parent, struct mm *child, va_t stack);

/* The whole tree as events tree_* (trace_tree.c). mm->lock held, or nobody else has it. */
void trace_tree(struct mm *mm, const char *why);

/* The same after a fault, or a system call: if that has changed it. Take mm->lock. */
void trace_tree_fault(struct mm *mm);
void trace_tree_call(u64 number);

/* From kmain, before the first task: the option trace=. */
void trace_init(void);

/* The last n events to the kernel log; any context. Takes no lock but the log's. A panic sets
 * trace_mask to 0 first: printing may make more events, and the stream's lock may be held. */
void trace_last(u32 n);

#endif
