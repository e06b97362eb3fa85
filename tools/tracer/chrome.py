"""Writes a trace as a timeline in the Trace Event Format, for https://ui.perfetto.dev and others.

    write(trace, out)

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
    """Collects events; each method writes of one thing that happened."""

    def __init__(self, trace):
        self.trace, self.events, self.names = trace, [], []
        self.end = trace.events[-1].time + 1
        self.flows = 0

    def add(self, phase, name, time, pid, tid, category, **more):
        self.events.append({"ph": phase, "name": name, "cat": category, "ts": time, "pid": pid,
                            "tid": tid, **more})

    def on_task(self, phase, name, time, task, category, **more):
        self.add(phase, name, time, task.tgid, task.tid, category, **more)

    def name(self, what, pid, tid, **args):
        self.names.append({"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0, "args": args})

    # ---- CPUs

    def cpus(self):
        """Slices between switches. Before the first one of a CPU runs who did its first event."""
        trace = self.trace
        if not any(event.kind == "switch" for event in trace.events):
            return
        tasks = {task.tid: task for task in trace.tasks}
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
                running[event.cpu] = (tasks.get(event.get("next")), event.time)
        for cpu, (task, since) in running.items():
            self.ran(cpu, task, since, self.end)
        self.name("process_name", CPUS_PID, CPUS_PID, name="CPUs")
        self.name("process_sort_index", CPUS_PID, CPUS_PID, sort_index=-1)
        for cpu in sorted(cpus):
            tid = CPUS_PID + 1 + cpu
            self.name("thread_name", CPUS_PID, tid, name=f"CPU {cpu}")
            self.name("thread_sort_index", CPUS_PID, tid, sort_index=cpu)

    def ran(self, cpu, task, since, until, **args):
        if task and until > since:
            name = f"{task.name(since)} {task.tid}"
            self.add("B", name, since, CPUS_PID, CPUS_PID + 1 + cpu, "sched",
                     args={"pid": task.tgid, "tid": task.tid})
            self.add("E", name, until, CPUS_PID, CPUS_PID + 1 + cpu, "sched", args=args)

    # ---- Processes and threads

    def task(self, task, events):
        """All of one task: slices for its programs and calls, one within the other."""
        last = events[-1].time if events else task.start
        until = self.end if task.end is None else max(task.end, last) + 1
        programs = [(task.start, task.name(task.start))]
        for call in task.calls:
            if call.nr == decode.EXECVE and any(
                    call.enter.time < since < (call.leave.time if call.leave else until)
                    for since, _ in task.names):
                done = call.leave.time if call.leave else None
                programs.append((call.enter.time, task.name(done)))
        for i, (since, name) in enumerate(programs):
            later = programs[i + 1][0] if i + 1 < len(programs) else until
            self.on_task("B", name, since, task, "program")
            self.calls(task, [c for c in task.calls if since <= c.enter.time < later], later)
            self.on_task("E", name, later, task, "program")
        for event in events:
            self.instant(task, event)
        names = list(dict.fromkeys(name for _, name in task.names))
        if task.tid == task.tgid:
            self.name("process_name", task.tgid, task.tid, name=" > ".join(names) or "?")
            self.name("process_sort_index", task.tgid, task.tid, sort_index=task.tgid)
        self.name("thread_name", task.tgid, task.tid, name=" > ".join(names) or "?")
        self.name("thread_sort_index", task.tgid, task.tid, sort_index=task.tid)

    def calls(self, task, calls, until):
        for call in calls:
            name = decode.name_of(call)
            words, _ = decode.arguments(call)
            end = call.leave.time if call.leave else until
            self.on_task("B", name, call.enter.time, task, "syscall",
                         args={"call": f"{name}({', '.join(words)})"})
            self.on_task("E", name, end, task, "syscall", args={"result": decode.result(call)})

    def instant(self, task, event):
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
        else:
            return
        category = "signal" if event.kind in ("signal", "deliver") else strace.CATEGORY[event.kind]
        self.on_task("i", name, event.time, task, category, s="t", args=args)

    # ---- Arrows

    def arrow(self, name, source, source_time, target, target_time):
        """From a moment of one task to one of another, each within a slice there."""
        self.flows += 1
        self.on_task("s", name, source_time, source, "process", id=self.flows)
        self.on_task("f", name, target_time, target, "process", id=self.flows, bp="e")

    def arrows(self, first):
        for task in self.trace.tasks:
            if task.born and task.born.task:
                self.arrow("fork", task.born.task, task.born.time, task,
                           max(first.get(task, task.born.time + 1), task.born.time))
            if task.reaped and task.reaped.task and task.exit:
                self.arrow("exit", task, task.exit.time, task.reaped.task, task.reaped.time)


def first_runs(trace):
    """{task: when it first ran}, by the first switch to it or its first own event."""
    first, tasks = {}, {task.tid: task for task in trace.tasks}
    for event in trace.events:
        who = tasks.get(event.get("next")) if event.kind == "switch" else None
        for task in (who, event.task):
            if task and task not in first and event.time > task.start:
                first[task] = event.time
    return first


def write(trace, out):
    timeline = Timeline(trace)
    of = {task: [] for task in trace.tasks}
    for event in trace.events:
        if event.task:
            of[event.task].append(event)
    timeline.cpus()
    for task in trace.tasks:
        timeline.task(task, of[task])
    timeline.arrows(first_runs(trace))
    timeline.events.sort(key=lambda event: event["ts"])
    for event in timeline.events:
        event["ts"] = event["ts"] / 1000
    out.write('{"displayTimeUnit": "ns", "otherData": ')
    out.write(json.dumps({"lost": trace.lost, "made by": "tools/trace of Tine"}))
    out.write(',\n"traceEvents": [\n')
    out.write(",\n".join(map(json.dumps, timeline.names + timeline.events)))
    out.write("\n]}\n")
