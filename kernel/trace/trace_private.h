/* What the files of the trace share and nobody else sees. */
#ifndef TRACE_TRACE_PRIVATE_H
#define TRACE_TRACE_PRIVATE_H

#include "arch/cpu.h"
#include "sync/mutex.h"
#include "trace/trace.h"

/* RANK_TRACE: switching, and reading the rings, which switching off frees. */
extern struct mutex trace_lock;
extern u32 trace_generation; /* trace_lock: how often rings have been made */

/* A place in the rings, all of them merged by time: how many records of each have been passed. */
struct trace_cursor {
	u64 at[MAX_CPUS];
};

u64 trace_now_ns(void); /* of the latest event that there is: what comes is later */
bool trace_stream_present(void); /* QEMU's -debugcon is there */

#endif
