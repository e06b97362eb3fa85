"""Reads a trace of the kernel (docs/tracing.md) into objects, for tools/trace.

    trace = parse.read(path)        or parse.read_lines(lines, name)

gives a Trace: events in order of time, tasks with their names over time, system calls with their
texts, snapshots of page table trees. Nothing is lost on the way: an event or a key that is not
known here is kept as it came. Times are whole nanoseconds, texts are bytes.

A Trace has: events, tasks, calls, snapshots, lost (how many events the kernel says it lost),
cut (the last line was not whole and was left out), find(tid) (the last task of that number).
"""
import re

LINE = re.compile(r"\s*(\d+)\.(\d{9})\s+(\d+)\s+(\d+)\s+([a-z][\w-]*)(.*)$")
LOST = re.compile(r"\s*lost (\d+)\s*$")
WORD = re.compile(r'\s+(?:([\w-]+)=([^\s"]\S*)|"((?:[^"\\]|\\.)*)"(\.\.\.)?|([^\s"=]+))')
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.S)
ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f", b"a": b"\a",
           b"b": b"\b", b"e": b"\x1b"}

# Keys whose values are numbers, if they are there at all.
NUMBERS = ("nr", "ret", "arg", "tid", "tgid", "parent", "child", "mm", "flags", "status", "next",
           "cpu", "sig", "to", "code", "handler", "va", "error", "ip", "frame", "level", "refs")


class TraceError(Exception):
    """The trace cannot be read: one line that says where and what to do."""


class Event:
    """One line: `TIME CPU TID KIND [WORD] key=value ... ["text"]`. fields: values are numbers,
    lists of numbers (a=...) or words; text: bytes or None; cut: the kernel shortened the text;
    task: the Task that did it (None for tid 0, a CPU that is idle);
    target: the Task that it was done to (TARGET); call: of enter, leave, text: the Call."""

    __slots__ = ("time", "cpu", "tid", "kind", "word", "fields", "text", "cut", "line", "task",
                 "target", "call")

    def __init__(self, time, cpu, tid, kind, line):
        self.time, self.cpu, self.tid, self.kind, self.line = time, cpu, tid, kind, line
        self.word, self.fields, self.text, self.cut = None, {}, None, False
        self.task = self.target = self.call = None

    def __getitem__(self, key):
        """A field that the tool cannot do without."""
        try:
            return self.fields[key]
        except KeyError:
            raise TraceError(f"line {self.line}: {self.kind} without {key}=: the trace is not "
                             "whole, or of another version of Tine") from None

    def get(self, key, default=None):
        return self.fields.get(key, default)


class Task:
    """A process or thread, from its first sight to its exit. born: the fork event, or None if it
    was there before the trace; exit, reaped: the events; names, mms: [(time, value)], oldest
    first. The same number given again later is another Task."""

    def __init__(self, tid, time):
        self.tid = self.tgid = tid
        self.start, self.end = time, None
        self.parent = self.born = self.exit = self.reaped = None
        self.names, self.mms, self.calls = [], [], []

    def name(self, time=None):
        """Its name then, or its last one."""
        return self._at(self.names, time, "?")

    def mm(self, time=None):
        return self._at(self.mms, time, None)

    @staticmethod
    def _at(values, time, default):
        fit = [value for since, value in values if time is None or since <= time]
        return fit[-1] if fit else values[0][1] if values else default

    def status(self):
        """As wait gives it, or None."""
        return self.exit.get("status") if self.exit else None


class Call:
    """A system call: its events enter and leave (None if it did not come back), and the texts of
    its arguments: {number of the argument: [(bytes, cut)]}; waited: the last wait event in it."""

    __slots__ = ("task", "nr", "args", "enter", "leave", "texts", "waited")

    def __init__(self, task, enter):
        self.task, self.enter, self.leave, self.texts = task, enter, None, {}
        self.waited = None
        self.nr, self.args = enter["nr"], enter["a"]

    def result(self):
        return self.leave.get("ret") if self.leave else None


class Snapshot:
    """A page table tree at one moment (category tree). tables and runs: the events in between."""

    def __init__(self, begin):
        self.begin, self.time, self.task = begin, begin.time, begin.task
        self.mm, self.why = begin.get("mm"), begin.get("why")
        self.tables, self.runs, self.whole = [], [], False


class Trace:
    def __init__(self, name):
        self.name = name
        self.events, self.tasks, self.calls, self.snapshots = [], [], [], []
        self.lost, self.cut = 0, False
        self._last = {}

    def find(self, tid):
        return self._last.get(tid)


# ---- Lines ---------------------------------------------------------------------------------------

def unescape(text):
    """The bytes of a C string between its quotes."""
    def one(match):
        octal, hexadecimal, char = match.groups()
        if octal:
            return bytes([int(octal, 8) & 255])
        return bytes([int(hexadecimal, 16)]) if hexadecimal else ESCAPES.get(char, char)
    return ESCAPE.sub(one, text.encode("latin-1", "replace"))


def number(word):
    """A number where it is one."""
    try:
        return int(word, 0) if not word.lstrip("-").isdigit() else int(word)
    except ValueError:
        return word


def value(word):
    return [number(part) for part in word.split(",")] if "," in word else number(word)


def read_event(text, line):
    """The Event of a line, or None."""
    match = LINE.match(text)
    if not match:
        match = LOST.match(text)
        if not match:
            return None
        event = Event(None, 0, 0, "lost", line)
        event.word = match.group(1)
        return event
    seconds, nanoseconds, cpu, tid, kind, rest = match.groups()
    event = Event(int(seconds) * 10**9 + int(nanoseconds), int(cpu), int(tid), kind, line)
    at = 0
    while rest[at:].strip():
        match = WORD.match(rest, at)
        if not match:
            return None
        key, word, string, dots, bare = match.groups()
        if key:
            event.fields[key] = value(word)
            if key in NUMBERS and not isinstance(event.fields[key], int):
                return None
        elif bare:
            event.word = event.word or bare
        else:
            event.text, event.cut = unescape(string), bool(dots)
        at = match.end()
    return None if kind == "enter" and not are_arguments(event.get("a", [0] * 6)) else event


def are_arguments(values):
    return isinstance(values, list) and len(values) == 6 \
        and all(isinstance(each, int) for each in values)


def read_events(lines, trace):
    """All events; those of different CPUs may have been written a little out of order."""
    events, now = [], 0
    for line, text in enumerate(lines, 1):
        whole, text = text.endswith("\n"), text.rstrip("\r\n")
        if not text.strip() or text.startswith("#"):
            continue
        if not whole:
            trace.cut = True  # the file ends within a line, as when the machine is switched off
            break
        event = read_event(text, line)
        if not event:
            raise TraceError(f"{trace.name}: line {line} is no event: {text[:60]!r}: take it out, "
                             "or trace again (docs/tracing.md tells the format)")
        now = event.time = now if event.time is None else event.time
        events.append(event)
    return sorted(events, key=lambda event: event.time)


# ---- What they mean ------------------------------------------------------------------------------

def task_of(trace, tid, time):
    """The task of that number, made when it is first seen."""
    task = trace.find(tid)
    if not task and tid:
        task = trace._last[tid] = Task(tid, time)
        trace.tasks.append(task)
    return task


def on_task(trace, event):
    task = task_of(trace, event["tid"], event.time)
    task.tgid = event.get("tgid", task.tid)
    task.parent = task.parent or trace.find(event.get("parent"))
    task.names.append((event.time, name_of(event)))
    task.mms.append((event.time, event.get("mm")))


def on_fork(trace, event):
    tid = event["child"]
    old = trace.find(tid)
    if old and old.exit:
        del trace._last[tid]  # the number is given again
    child, parent = task_of(trace, tid, event.time), event.task
    event.target = child
    child.born, child.parent, child.start = event, parent, event.time
    child.tgid = event.get("tgid", tid)
    child.mms.insert(0, (event.time, event.get("mm")))
    if parent and parent.names:
        child.names.insert(0, (event.time, parent.name(event.time)))


def on_target(trace, event):
    event.target = trace.find(event.get(TARGET[event.kind]))


def on_exec(_, event):
    if event.task:
        event.task.names.append((event.time, name_of(event)))
        event.task.mms.append((event.time, event.get("mm")))


def on_exit(_, event):
    if event.task:
        event.task.exit, event.task.end = event, event.time


def on_wait(trace, event):
    event.target = trace.find(event["child"])
    if event.target:
        event.target.reaped = event
    if event.task and event.task.calls:
        event.task.calls[-1].waited = event


def on_enter(trace, event):
    if event.task:
        call = event.call = Call(event.task, event)
        event.task.calls.append(call)
        trace.calls.append(call)


def on_leave(_, event):
    calls = event.task.calls if event.task else []
    if calls and not calls[-1].leave and calls[-1].nr == event.get("nr", calls[-1].nr):
        calls[-1].leave, event.call = event, calls[-1]


def on_text(_, event):
    if event.task and event.task.calls and event.text is not None:
        event.call = event.task.calls[-1]
        event.call.texts.setdefault(event.get("arg", 0), []).append((event.text, event.cut))


def on_lost(trace, event):
    trace.lost += int(event.word)


def on_tree(trace, event):
    """Snapshots of several CPUs may be mixed: each belongs to the task that wrote it."""
    if event.word == "begin":
        trace.snapshots.append(Snapshot(event))
        return
    mine = [s for s in reversed(trace.snapshots[-64:]) if s.begin.tid == event.tid]
    if not mine or mine[0].whole:
        return  # its beginning was lost
    if event.word == "table":
        mine[0].tables.append(event)
    elif event.word == "run":
        mine[0].runs.append(event)
    elif event.word == "end":
        mine[0].whole = True


def name_of(event):
    return (event.text or b"?").decode("utf-8", "backslashreplace")


TARGET = {"switch": "next", "wakeup": "tid", "signal": "to"}  # and fork and wait: child
MEANING = {"task": on_task, "fork": on_fork, "exec": on_exec, "exit": on_exit, "wait": on_wait,
           "enter": on_enter, "leave": on_leave, "text": on_text, "lost": on_lost, "tree": on_tree,
           "switch": on_target, "wakeup": on_target, "signal": on_target}


def read_lines(lines, name):
    trace = Trace(name)
    for event in read_events(lines, trace):
        event.task = task_of(trace, event.tid, event.time)
        MEANING.get(event.kind, lambda trace, event: None)(trace, event)
        trace.events.append(event)
    if not trace.events:
        raise TraceError(f"{name}: no events: is tracing on (/proc/sys/kernel/trace)?")
    return trace


def read(path):
    """The trace in a file."""
    try:
        with open(path, encoding="latin-1", newline="\n") as f:
            return read_lines(f, path)
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from None
