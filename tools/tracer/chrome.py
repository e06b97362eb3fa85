"""Writes a trace as a timeline in the Trace Event Format, for https://ui.perfetto.dev and others.

    write(trace, out, program)

Above, a track for each CPU: which task runs when. Below, a track for each process and thread: the
programs that it ran as slices, its system calls within them, instants for faults, signals and what
became of page tables. Arrows lead from a fork to the child's first moment and from an exit to the
wait that heard of it. The format is Google's document "Trace Event Format"; tests/tracetool.t
checks its rules. Times are microseconds since boot, to the nanosecond.
"""
import json

import decode
import strace

CPUS_PID = 1_000_000   # above any process of the kernel
LEFT = {"R": "could go on", "S": "sleeps", "D": "sleeps, no signal wakes it", "T": "stopped",
        "Z": "ended", "X": "ended"}
ERROR_BITS = ((1, "present", "not present"), (2, "write", "read"), (4, "user", "kernel"),
              (16, "execute", ""))


class Timeline:
    """Collects events; what lies outside of the time `since` to `until` is left out or cut off."""

    def __init__(self, trace, since, until):
        self.trace, self.since, self.until = trace, since, until
        self.events = []        # (sort key, event)
        self.names, self.seen = [], set()
        self.flows = 0

    def add(self, phase, name, time, track, category, order=(2,), **more):
        """track: (pid, tid). order: of events at the same time."""
        self.seen.add(track)
        event = {"ph": phase, "name": name, "cat": category, "ts": time / 1000,
                 "pid": track[0], "tid": track[1], **more}
        self.events.append(((time, *order), event))

    def slice(self, name, begin, end, track, category, depth, args, result):
        """depth: how many slices are around it. Ends come before beginnings, inner ends first."""
        begin, end = max(begin, self.since), min(end, self.until)
        if begin < end:
            self.add("B", name, begin, track, category, (1, depth), args=args)
            self.add("E", name, end, track, category, (0, -depth), args=result)

    def name(self, what, track, **args):
        self.names.append({"ph": "M", "name": what, "pid": track[0], "tid": track[1], "args": args})

    def out(self):
        """The events, with the names of those tracks that have any."""
        names = [event for event in self.names if (event["pid"], event["tid"]) in self.seen]
        return names + [event for _, event in sorted(self.events, key=lambda item: item[0])]

    # ---- CPUs

    def cpus(self):
        """Slices between switches. Before the first one of a CPU runs who did its first event."""
        trace = self.trace
        if not any(event.kind == "switch" for event in trace.events):
            return
        running, cpus = {}, set()   # CPU: (task, since)
        for event in trace.events:
            if event.kind == "lost" or event.kind == "task":
                continue
            if event.cpu not in cpus:
                cpus.add(event.cpu)
                running[event.cpu] = (event.task, event.time)
            if event.kind == "switch":
                self.ran(event.cpu, *running[event.cpu], event.time,
                         left=LEFT.get(event.get("state"), "?"))
                running[event.cpu] = (event.target, event.time)
        for cpu, (task, since) in running.items():
            self.ran(cpu, task, since, self.until)
        for cpu in range(max(cpus) + 1):  # those in between were idle
            self.seen.add(cpu_track(cpu))
            self.name("process_name", cpu_track(cpu), name="CPUs")
            self.name("process_sort_index", cpu_track(cpu), sort_index=-1)
            self.name("thread_name", cpu_track(cpu), name=f"CPU {cpu}")
            self.name("thread_sort_index", cpu_track(cpu), sort_index=cpu)

    def ran(self, cpu, task, since, until, **result):
        if task:
            self.slice(f"{task.name(since)} {task.tid}", since, until, cpu_track(cpu), "sched", 0,
                       {"pid": task.tgid, "tid": task.tid}, result)

    # ---- Processes and threads

    def task(self, task, events):
        """All of one task: slices for its programs, within them those for its calls."""
        track = (task.tgid, task.tid)
        last = events[-1].time if events else task.start
        until = self.until if task.end is None else max(task.end, last) + 1
        programs = programs_of(task)
        for i, (since, name) in enumerate(programs):
            end = programs[i + 1][0] if i + 1 < len(programs) else until
            self.slice(name, since, end, track, "program", 0, {}, {})
        for i, call in enumerate(task.calls):
            words, _ = decode.arguments(call)
            name = decode.name_of(call)
            end = call.leave.time if call.leave else until
            if i + 1 < len(task.calls):  # its leave may be lost
                end = min(end, task.calls[i + 1].enter.time)
            self.slice(name, call.enter.time, end, track, "syscall", 1,
                       {"call": f"{name}({', '.join(words)})"}, {"result": decode.result(call)})
        for event in events:
            if self.since <= event.time <= self.until:
                self.instant(track, event)
        names = " > ".join(dict.fromkeys(name for _, name in programs))
        if task.tid == task.tgid:
            self.name("process_name", track, name=names)
            self.name("process_sort_index", track, sort_index=task.tgid)
        self.name("thread_name", track, name=names)
        self.name("thread_sort_index", track, sort_index=task.tid)

    def instant(self, track, event):
        args = {key: hex(value) if key in strace.HEX else value
                for key, value in event.fields.items()}
        if event.kind == "fault":
            error = event.get("error", 0)
            bits = [yes if error & bit else no for bit, yes, no in ERROR_BITS]
            args["error"] = ", ".join(filter(None, bits))
            name = f"fault: {event.get('rule', '?')}"
        elif event.kind in ("share", "copy", "own"):
            name = f"table: {event.kind}"
        elif event.kind in ("page", "shootdown"):
            name = event.kind
        elif event.kind == "signal":
            name = f"sends {decode.signal(event.get('sig', 0))} to {event.get('to')}"
        elif event.kind == "deliver":
            name = decode.signal(event.get("sig", 0))
        elif event.kind == "wakeup":
            name = f"wakes {event.get('tid')}"
        elif strace.is_own(event):
            name = event.kind
            args.update({"text": event.text.decode("utf-8", "replace")} if event.text else {})
        else:
            return
        category = "signal" if event.kind in ("signal", "deliver") else \
            strace.CATEGORY.get(event.kind, "own")
        self.add("i", name, event.time, track, category, s="t", args=args)

    # ---- Arrows

    def arrow(self, name, source, source_time, target, target_time):
        """From a moment of one task to one of another, each within a slice there."""
        if self.since <= source_time and target_time <= self.until:
            self.flows += 1
            self.add("s", name, source_time, (source.tgid, source.tid), "process", id=self.flows)
            self.add("f", name, target_time, (target.tgid, target.tid), "process", id=self.flows,
                     bp="e")

    def arrows(self, first):
        for task in self.trace.tasks:
            if task.born and task.born.task and task in first:
                self.arrow("fork", task.born.task, task.born.time, task, first[task])
            if task.reaped and task.reaped.task and task.exit:
                self.arrow("exit", task, task.exit.time, task.reaped.task, task.reaped.time)


def cpu_track(cpu):
    return CPUS_PID, CPUS_PID + 1 + cpu


def programs_of(task):
    """[(since, name)]: a program begins with the execve that succeeded."""
    programs = [(task.start, task.name(task.start))]
    for call in task.calls:
        if call.nr == decode.EXECVE and call.result() == 0:
            programs.append((call.enter.time, task.name(call.leave.time)))
    return programs


def first_runs(trace):
    """{task: when it first ran}, by the first switch to it or its first own event."""
    first = {}
    for event in trace.events:
        for task in (event.target if event.kind == "switch" else None, event.task):
            if task and task not in first and event.time > task.start:
                first[task] = event.time
    return first


def write(trace, out, program=None):
    """program: a task; only the time from its fork to its end is shown."""
    since, until = trace.events[0].time, trace.events[-1].time + 1
    if program and program.born:
        since = program.born.time
        until = (program.reaped or program.exit or trace.events[-1]).time + 1
    timeline = Timeline(trace, since, until)
    of = {task: [] for task in trace.tasks}
    for event in trace.events:
        if event.task:
            of[event.task].append(event)
    timeline.cpus()
    for task in trace.tasks:
        timeline.task(task, of[task])
    timeline.arrows(first_runs(trace))
    out.write('{"displayTimeUnit": "ns", "otherData": ')
    out.write(json.dumps({"lost": trace.lost, "made by": "tools/trace of Tine"}))
    out.write(',\n"traceEvents": [\n')
    out.write(",\n".join(map(json.dumps, timeline.out())))
    out.write("\n]}\n")
