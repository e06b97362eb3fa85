"""tine log and tine events: what the kernel has written down, of itself and of the trace.

Both are rings. The log's is text (lib/log.c); the trace's are records, one ring for each CPU, which
are merged by time and shown in the words of /proc/trace: the formats are read from the kernel too
(kernel/trace/events.h), so an event of one's own needs nothing here.
"""
import re

import gdb

import kernel
from commands import Command, need_tasks

EVENTS = 20
CONVERSION = re.compile(r"%[0-9]*l*([a-z])")
ESCAPES = {10: "\\n", 9: "\\t", 13: "\\r", 34: '\\"', 92: "\\\\"}


def count_of(word, default):
    """N of a command; None: all."""
    if word is None or word == "all":
        return None if word else default
    if not word.isdigit():
        raise gdb.GdbError(f"not a number: {word} (or all)")
    return int(word)


class Log(Command):
    """The kernel's log, as dmesg shows it.
N: only its last lines."""
    name, usage, completes = "log", "[N]", (lambda: {"all"},)

    def run(self, lines=None):
        count = count_of(lines, None)
        kernel.cpu_number()
        log, ring = kernel.static("lib/log.c", "log"), kernel.static("lib/log.c", "ring")
        size = ring.type.sizeof
        try:
            end, data = int(log["end"]), kernel.memory(kernel.number(ring.address), size)
        except gdb.MemoryError:
            end = 0  # the kernel is not where it will be yet
        if end == 0:
            raise gdb.GdbError("the log is empty yet: the kernel is at its first instructions")
        at = end % size
        data = data[:end] if end <= size else data[at:] + data[:at]
        for line in data.decode("utf-8", "replace").splitlines()[-count if count else 0:]:
            print(line)


# ---- The trace ---------------------------------------------------------------------------------

def ring_records(ring, count):
    """([(ns, bytes)] of the last `count` records of a CPU, how many older ones are lost)."""
    size, places = kernel.kind("struct trace_record").sizeof, kernel.constant("TRACE_RING")
    head = int(ring["head"])
    first = max(0, head - places + 1) if head >= places else 0
    lost, first = first, max(first, head - count) if count is not None else first
    start = kernel.number(ring["record"].address)
    data = b""
    if head > first:
        low, high = first % places, head % places
        parts = [(low, high)] if low < high else [(low, places), (0, high)]
        data = b"".join(kernel.memory(start + a * size, (b - a) * size) for a, b in parts if b > a)
    records = [data[i:i + size] for i in range(0, len(data), size)]
    return [(int.from_bytes(r[:8], "little"), r) for r in records], lost


def field(record, name):
    """A field of a record, as an unsigned number."""
    at = next(f for f in kernel.kind("struct trace_record").fields() if f.name == name)
    data = record[at.bitpos // 8:at.bitpos // 8 + at.type.sizeof]
    return int.from_bytes(data, "little")


def text_of(record):
    """The text at the end of a line; "" if it has none."""
    form = field(record, "text_form")
    if form == kernel.constant("TEXT_NONE"):
        return ""
    length = min(field(record, "text_len"), kernel.constant("TRACE_TEXT"))
    data = record[len(record) - kernel.constant("TRACE_TEXT"):][:length]
    text = "".join(ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in data)
    return f' "{text}"' + ("..." if form == kernel.constant("TEXT_CUT") else "")


def line_of(record, formats):
    """As trace_format in kernel/trace/trace_format.c."""
    event = field(record, "event")
    if event >= len(formats):
        return "torn"
    start = len(record) - 8 * kernel.constant("TRACE_MAX_ARGS")
    args = [record[i:i + 8] for i in range(start, len(record), 8)]

    def convert(match):
        data, letter = args.pop(0), match[1]
        value = int.from_bytes(data, "little", signed=letter == "d")
        if letter == "s":
            return kernel.text(kernel.pointer(value, "char"))
        return {"x": f"{value:x}", "c": chr(value & 127)}.get(letter, str(value))

    ns, tid = int.from_bytes(record[:8], "little"), field(record, "tid")
    name, equals, rest = CONVERSION.sub(convert, formats[event]).partition("=")
    return (f"{ns // 10**9}.{ns % 10**9:09} {field(record, 'cpu')} {tid} "
            f"{name.replace('_', ' ')}{equals}{rest}{text_of(record)}")  # tree_run is two words


class Events(Command):
    """The last events of the trace, as /proc/trace shows them.
N: how many (20 without it), or all. Tracing is switched on in the guest, by
echo syscall fault >/proc/sys/kernel/trace, or by trace= on the kernel's command line."""
    name, usage, completes = "events", "[N]", (lambda: {"all"},)

    def run(self, lines=None):
        count = count_of(lines, EVENTS)
        need_tasks()
        rings = kernel.variable("trace_rings")
        rings = [rings[i] for i in range(len(kernel.cpus())) if kernel.number(rings[i])]
        if not rings:
            raise gdb.GdbError(
                "tracing is off: echo all >/proc/sys/kernel/trace in the guest, or trace=all")
        found = []
        for ring in rings:
            records, lost = ring_records(ring, count)
            for i, (ns, record) in enumerate(records):
                found.append((ns, record, lost if i == 0 and count is None else 0))
        if not found:
            raise gdb.GdbError("tracing is on, but there are no events yet")
        texts = kernel.variable("trace_event_texts")
        low, high = texts.type.range()
        formats = [kernel.text(texts[i]) for i in range(low, high + 1)]
        found.sort(key=lambda entry: entry[0])
        for _, record, lost in found[-count if count else 0:]:
            if lost:
                print(f"lost {lost}")
            print(line_of(record, formats))
