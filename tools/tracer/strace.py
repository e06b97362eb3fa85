"""Writes a trace as strace would: one system call a line, its arguments in words (decode.py).

    write(trace, out, tasks, ...)      the lines of these tasks, in order of time
    summary(trace, out, tasks, ...)    a table of their calls, as strace -c

A line begins when its call begins. When something else is to be written before the call returns,
the line ends with <unfinished ...> and goes on later, as <... wait4 resumed>.
"""
from decode import (GROUPS, arguments, failed, hexadecimal, name_of, one_of, pointer, quote, result,
                    signal)

COLUMN = 39  # of the = before a result
HEX = ("va", "ip", "frame", "to", "error", "handler", "cpus")  # fields that are no counts
# Events that are no calls are shown when asked for: event -> category of /proc/sys/kernel/trace.
CATEGORY = {"switch": "sched", "wakeup": "sched", "fault": "fault", "share": "fault",
            "copy": "fault", "own": "fault", "page": "fault", "shootdown": "fault"}
# Events that are lines of their own kinds, or none; all others are somebody's own, and are shown.
OTHERS = {"enter", "leave", "text", "task", "fork", "exec", "exit", "wait", "signal", "deliver",
          "tree", "lost"}
SI_USER, SI_QUEUE, SI_TKILL = 0, -1, -6


def siginfo(number, sent, fault):
    """What a trace tells of the struct between the dashes. sent: the event that sent it, or None;
    fault: the task's last page fault, or None."""
    word = signal(number)
    code = sent.get("code", 0) if sent else 0
    sender = sent.task if sent else None
    special = GROUPS["one"].get("si_" + word, (None, {}))[1].get(code)
    out = [f"si_signo={word}", f"si_code={special or one_of('si_code', code)}"]
    if word == "SIGCHLD" and special and sender:
        status = sender.status() or 0
        out.append(f"si_pid={sender.tgid}")
        if special in ("CLD_EXITED", "CLD_KILLED", "CLD_DUMPED"):
            how = signal(status & 0x7F) if status & 0x7F else str(status >> 8)
            out.append(f"si_status={how}")
    elif special and fault:
        out.append(f"si_addr={pointer(fault.get('va', 0))}")
    elif sender and code in (SI_USER, SI_QUEUE, SI_TKILL):
        out.append(f"si_pid={sender.tgid}")
    return "{" + ", ".join(out) + "}"


def end_of(status):
    """A task's last line."""
    if status & 0x7F:
        core = " (core dumped)" if status & 0x80 else ""
        return f"+++ killed by {signal(status & 0x7F)}{core} +++"
    return f"+++ exited with {status >> 8} +++"


def is_own(event):
    """An event that this tool does not know: somebody has added it (docs/tracing.md)."""
    return event.kind not in CATEGORY and event.kind not in OTHERS


class Writer:
    def __init__(self, out, tasks, names, kinds, each):
        self.out, self.tasks, self.names, self.kinds = out, set(tasks), names, kinds
        self.each = each                # the number before each line, as strace -o
        self.open = self.column = None  # the call whose line is not ended yet, and how long it is
        self.alive = set()              # with more than one, each line says of whom it is
        self.sent = {}                  # (to, signal): [events] not delivered yet
        self.faults = {}                # task: its last page fault

    def prefix(self, task):
        self.alive.add(task)
        if self.each:
            return f"{task.tid:<5} "
        return f"[pid {task.tid:5}] " if len(self.alive) > 1 else ""

    def interrupt(self):
        """Ends the line that is open, because another one begins."""
        if self.open:
            words, early = arguments(self.open)
            self.out.write(", " * (0 < early < len(words)) + " <unfinished ...>\n")
            self.open = None

    def line(self, task, text):
        self.interrupt()
        self.out.write(self.prefix(task) + text + "\n")

    def wants(self, call):
        return call and (not self.names or name_of(call) in self.names)

    def begin(self, call):
        words, early = arguments(call)
        self.interrupt()
        text = f"{self.prefix(call.task)}{name_of(call)}({', '.join(words[:early])}"
        self.out.write(text)
        self.open, self.column = call, len(text)

    def finish(self, call):
        words, early = arguments(call)
        text = ", ".join(words[early:]) + ")"
        if self.open is call:
            text = ", " * (0 < early < len(words)) + text
        else:
            self.interrupt()
            start = f"{self.prefix(call.task)}<... {name_of(call)} resumed>"
            self.out.write(start)
            self.column = len(start)
        self.out.write(f"{text:<{max(0, COLUMN - self.column)}} = {result(call)}\n")
        self.open = None

    # Events, by their kinds.

    def enter(self, event):
        if self.wants(event.call):
            self.begin(event.call)

    def leave(self, event):
        if self.wants(event.call):
            self.finish(event.call)

    def fork(self, event):
        if event.target in self.tasks:
            self.alive.add(event.target)

    def exit(self, event):
        task = event.task
        call = task.calls[-1] if task.calls else None
        if self.wants(call) and not call.leave and name_of(call) in ("exit", "exit_group"):
            self.finish(call)
        self.line(task, end_of(event.get("status", 0)))
        self.alive.discard(task)

    def deliver(self, event):
        number, task = event["sig"], event.task
        sent = self.sent.get((task.tid, number)) or self.sent.get((task.tgid, number)) or [None]
        info = siginfo(number, sent.pop(0), self.faults.get(task))
        self.line(task, f"--- {signal(number)} {info} ---")

    def event(self, event):
        if event.kind == "signal":
            self.sent.setdefault((event.get("to"), event.get("sig")), []).append(event)
        elif event.kind == "fault":
            self.faults[event.task] = event
        if event.task not in self.tasks:
            return
        if event.kind in ("enter", "leave", "fork", "exit", "deliver"):
            getattr(self, event.kind)(event)
        elif is_own(event) or CATEGORY.get(event.kind) in self.kinds:
            fields = [f"{key}={hexadecimal(value) if key in HEX else value}"
                      for key, value in event.fields.items()]
            if event.text is not None:
                fields.append(quote(event.text, event.cut))
            self.line(event.task, " ".join(["===", event.kind, *fields, "==="]))


def write(trace, out, tasks, names=(), kinds=(), start=None, each=False):
    """names: only these calls; kinds: further categories (sched, fault); start: the first event;
    each: the task's number before each line."""
    writer = Writer(out, tasks, names, kinds, each)
    for event in trace.events[trace.events.index(start) if start else 0:]:
        if event.kind == "lost":
            writer.interrupt()
            out.write(f"*** {event.word} events were lost here: the ring was full ***\n")
        else:
            writer.event(event)
    writer.interrupt()


# ---- strace -c -----------------------------------------------------------------------------------

class Sum:
    """Of the calls of one name: time is from the call to its return, with what it waited."""

    def __init__(self):
        self.time_ns = self.count = self.errors = 0

    def add(self, time_ns, count, errors):
        self.time_ns += time_ns
        self.count += count
        self.errors += errors

    def line(self, name, whole_ns):
        return (f"{100 * self.time_ns / max(1, whole_ns):6.2f} {self.time_ns / 1e9:11.6f} "
                f"{self.time_ns // max(1, self.count) // 1000:11} {self.count:9} "
                f"{self.errors or '':>9} {name}\n")


def summary(trace, out, tasks, names=(), start=None):
    sums, total, tasks = {}, Sum(), set(tasks)
    for call in trace.calls:
        name = name_of(call)
        if call.task not in tasks or (names and name not in names) \
                or (start and call.enter.time < start.time):
            continue
        time_ns = call.leave.time - call.enter.time if call.leave else 0
        for each in (sums.setdefault(name, Sum()), total):
            each.add(time_ns, 1, int(bool(call.leave) and failed(call)))
    rule = "------ ----------- ----------- --------- --------- ----------------\n"
    out.write("% time     seconds  usecs/call     calls    errors syscall\n" + rule)
    for name, each in sorted(sums.items(), key=lambda item: (-item[1].time_ns, item[0])):
        out.write(each.line(name, total.time_ns))
    out.write(rule + total.line("total", total.time_ns))
