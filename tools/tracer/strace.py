"""Writes a trace as strace would: one system call a line, its arguments in words.

    write(trace, out, tasks, names, kinds)    the lines of these tasks
    summary(trace, out, tasks, names)         a table of their calls, as strace -c

What a call's arguments are stands in calls.py, names of constants in constants.py; strace 6.1 was
the model for the text and is what tests/tracetool.t compares it with. Structs stay pointers, for
the trace has only their addresses; of strings the kernel keeps 32 bytes, as strace does.
"""
import calls
import constants

ROWS = calls.read_calls()
GROUPS = constants.read_groups()
ERRNOS = constants.read_errnos()
EXECVE = 59
COLUMN = 39            # of the = before a result
MAX_ERRNO, FIRST_RESTART = 4095, 512
AT_FDCWD = -100
HEX = ("va", "ip", "frame", "to", "error", "handler", "cpus")
# Events that are no calls are shown when asked for: kind of event -> category of /proc/sys/kernel/trace.
LINES = {"switch": "sched", "wakeup": "sched", "fault": "fault", "share": "fault", "copy": "fault",
         "own": "fault", "page": "fault", "shootdown": "fault"}


# ---- Values --------------------------------------------------------------------------------------

def signed(value, bits=32):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def hexadecimal(value):
    return hex(value) if value else "0"


def pointer(value):
    return hex(value) if value else "NULL"


def octal(value):
    return f"0{value & 0xFFFFFFFF:o}" if value else "0"


def mode(value):
    return f"0{value & 0xFFFFFFFF:o}".zfill(3)  # printf's %#03o


def quote(text, cut=False, as_hex=False):
    """As strace writes a string: octal where it is not ASCII."""
    plain = {9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    out = []
    for i, byte in enumerate(text):
        digit_next = text[i + 1:i + 2].isdigit()
        if as_hex:
            out.append(f"\\x{byte:02x}")
        elif byte in plain:
            out.append(plain[byte])
        elif 32 <= byte < 127:
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:03o}" if digit_next else f"\\{byte:o}")
    return '"' + "".join(out) + '"' + ("..." if cut else "")


def one_of(name, value):
    unknown, values = GROUPS["one"][name]
    return values.get(value) or values.get(signed(value)) \
        or f"{hexadecimal(value & 0xFFFFFFFF)} /* {unknown} */"


def flags(name, value, some=""):
    """Names of bits, behind `some` that is there already."""
    unknown, values = GROUPS["flags"][name]
    words = [some] if some else []
    if not value and not some:
        return values.get(0, "0")
    for bits, word in values.items():
        if bits and value & bits == bits:
            words.append(word)
            value &= ~bits
    if value:
        words.append(hex(value) if words else f"{hex(value)} /* {unknown} */")
    return "|".join(words)


def group(name, value):
    """A value of a group of constants.py."""
    if name in GROUPS["one"]:
        return one_of(name, value)
    value &= (1 << 64) - 1 if name in ("clone", "mount", "prot") else (1 << 32) - 1
    if name not in GROUPS["choice"]:
        return flags(name, value)
    mask, values = GROUPS["choice"][name]
    chosen, rest = value & mask, value & ~mask
    word = values.get(chosen) or (f"{hex(chosen)} /* {GROUPS['flags'][name][0]} */" if chosen else "")
    return flags(name, rest, word) if rest else word or "0"


def signal(value):
    value = signed(value)
    known = GROUPS["one"]["signal"][1]
    if value in known or not 32 <= value <= 64:
        return known.get(value, str(value))
    return "SIGRTMIN" if value == 32 else f"SIGRT_{value - 32}"


def wait_status(status):
    if status & 0x7F == 0:
        return f"[{{WIFEXITED(s) && WEXITSTATUS(s) == {status >> 8}}}]"
    if status & 0xFF == 0x7F:
        return f"[{{WIFSTOPPED(s) && WSTOPSIG(s) == {signal(status >> 8)}}}]"
    if status == 0xFFFF:
        return "[{WIFCONTINUED(s)}]"
    core = " && WCOREDUMP(s)" if status & 0x80 else ""
    return f"[{{WIFSIGNALED(s) && WTERMSIG(s) == {signal(status & 0x7F)}{core}}}]"


# ---- Arguments -----------------------------------------------------------------------------------

def failed(call):
    result = call.result()
    return result is None or -MAX_ERRNO <= result < 0


def path(value, call, n):
    texts = call.texts.get(n)
    return quote(*texts[0]) if texts else pointer(value)


def data(value, call, n):
    """What a call brought out: its text came after the result."""
    if failed(call):
        return pointer(value)
    texts = call.texts.get(n) or ([(b"", False)] if call.result() == 0 else [])
    if texts and name_of(call) == "getcwd":
        texts = [(texts[0][0].rstrip(b"\0"), texts[0][1])]
    return quote(*texts[0], as_hex=name_of(call) == "getrandom") if texts else pointer(value)


def argv(value, call, n):
    texts = call.texts.get(n)
    return "[" + ", ".join(quote(*text) for text in texts) + "]" if texts else pointer(value)


def status(value, call, _):
    if value and call.waited and call.result():
        return wait_status(call.waited.get("status", 0))
    return pointer(value)


def file_mode(value):
    kind = GROUPS["one"]["filetype"][1].get(value & 0o170000)
    return f"{kind}|{mode(value & 0o7777)}" if kind else mode(value)


def device(value):
    major = value >> 8 & 0xFFF | value >> 32 & ~0xFFF
    minor = value & 0xFF | value >> 12 & ~0xFF
    return f"makedev({hexadecimal(major)}, {hexadecimal(minor)})"


KINDS = {
    "fd": lambda v, c, n: str(signed(v)), "id": lambda v, c, n: str(signed(v)),
    "dirfd": lambda v, c, n: "AT_FDCWD" if signed(v) == AT_FDCWD else str(signed(v)),
    "int": lambda v, c, n: str(signed(v)), "uint": lambda v, c, n: str(v),
    "off": lambda v, c, n: str(signed(v, 64)), "hex": lambda v, c, n: hexadecimal(v),
    "offset": lambda v, c, n: hexadecimal(v), "mode": lambda v, c, n: mode(v),
    "in": lambda v, c, n: pointer(v), "out": lambda v, c, n: pointer(v),
    "inout": lambda v, c, n: pointer(v), "envp": lambda v, c, n: pointer(v),
    "signal": lambda v, c, n: signal(v), "filemode": lambda v, c, n: file_mode(v),
    "dev": lambda v, c, n: device(v), "path": path, "buf": path, "data": data, "argv": argv,
    "status": status,
    "protocol": lambda v, c, n: "IPPROTO_IP" if not v and c.args[0] in (2, 10) else str(v),
}
LATE = ("out", "data", "status")  # known only when the call returns


def clone(call):
    bits, stack, parent, child, tls = call.args[:5]
    ends = signal(bits & 0xFF) if bits & 0xFF else ""
    words = flags("clone", bits & ~0xFF) if bits & ~0xFF else ""
    out = [f"child_stack={pointer(stack)}", "flags=" + ("|".join(filter(None, (words, ends))) or "0")]
    for name, value, wanted in (("parent_tid", parent, ("CLONE_PARENT_SETTID", "CLONE_PIDFD")),
                                ("tls", tls, ("CLONE_SETTLS",)),
                                ("child_tidptr", child, ("CLONE_CHILD_SETTID", "CLONE_CHILD_CLEARTID"))):
        if any(word in words.split("|") for word in wanted):
            out.append(f"{name}={pointer(value)}")
    return out


def fcntl(call):
    fd, command, value = call.args[:3]
    word = one_of("fcntl", command)
    out = [str(signed(fd)), word]
    if word in ("F_DUPFD", "F_DUPFD_CLOEXEC", "F_SETOWN", "F_SETPIPE_SZ"):
        return [*out, str(signed(value))]
    if word == "F_SETFD":
        return [*out, group("fdflags", value)]
    if word == "F_SETFL":
        return [*out, group("oflags", value)]
    if word == "F_SETSIG":
        return [*out, signal(value)]
    if word == "F_ADD_SEALS":
        return [*out, group("seals", value)]
    if word in ("F_GETFD", "F_GETFL", "F_GETOWN", "F_GETSIG", "F_GETLEASE", "F_GETPIPE_SZ", "F_GET_SEALS"):
        return out
    return [*out, hexadecimal(value)]


def ioctl(call):
    fd, command, value = call.args[:3]
    word = one_of("ioctl", command)
    out = [str(signed(fd)), word if not word.endswith("ioctl */") else hex(command & 0xFFFFFFFF)]
    if word in ("TIOCEXCL", "TIOCNXCL", "TIOCNOTTY", "TIOCCONS", "FIOCLEX", "FIONCLEX", "TIOCVHANGUP"):
        return out
    return [*out, str(value) if word in ("TIOCSCTTY", "TCSBRK", "TCSBRKP") else hexadecimal(value)]


def futex(call):
    address, command, value, time, second, last = call.args[:6]
    word = one_of("futex", command & 0x7F)
    word = word.replace(" /*", "_PRIVATE /*") if " " in word else word + "_PRIVATE" * bool(command & 0x80)
    clock = "|FUTEX_CLOCK_REALTIME" if command & 0x100 else ""
    out = [pointer(address), word + clock]
    base = word.removesuffix("_PRIVATE")
    if base in ("FUTEX_UNLOCK_PI", "FUTEX_TRYLOCK_PI"):
        return out
    if base == "FUTEX_LOCK_PI":
        return [*out, pointer(time)]
    out.append(str(value & 0xFFFFFFFF))
    if base.startswith("FUTEX_WAIT"):
        out.append(pointer(time))
    if base in ("FUTEX_REQUEUE", "FUTEX_CMP_REQUEUE", "FUTEX_WAKE_OP"):
        out += [str(time), pointer(second)]
    if base == "FUTEX_CMP_REQUEUE":
        out.append(str(last & 0xFFFFFFFF))
    if base.endswith("BITSET"):
        every = last & 0xFFFFFFFF == 0xFFFFFFFF
        out.append("FUTEX_BITSET_MATCH_ANY" if every else hexadecimal(last & 0xFFFFFFFF))
    return out


def prctl(call):
    option, *rest = call.args[:5]
    word = one_of("prctl", option)
    if word in ("PR_SET_NAME", "PR_GET_NAME"):
        return [word, path(rest[0], call, 1)]
    if word == "PR_SET_PDEATHSIG":
        return [word, signal(rest[0])]
    if word in ("PR_GET_DUMPABLE", "PR_GET_KEEPCAPS", "PR_GET_SECCOMP", "PR_GET_SECUREBITS",
                "PR_GET_TIMERSLACK"):
        return [word]
    if word in ("PR_SET_KEEPCAPS", "PR_SET_TIMERSLACK", "PR_SET_CHILD_SUBREAPER", "PR_SET_DUMPABLE"):
        return [word, str(rest[0])]
    if word in ("PR_GET_PDEATHSIG", "PR_GET_CHILD_SUBREAPER", "PR_GET_TID_ADDRESS"):
        return [word, pointer(rest[0])]
    return [word, *(hexadecimal(value) for value in rest)]


WHOLE = {"clone": clone, "fcntl": fcntl, "ioctl": ioctl, "futex": futex, "prctl": prctl}


def name_of(call):
    return ROWS[call.nr].name if call.nr in ROWS else f"syscall_{hex(call.nr)}"


def wanted(kind, before):
    """Whether an argument in brackets is there."""
    if kind == "mode":
        return any(word in before for word in ("O_CREAT", "O_TMPFILE", "__O_TMPFILE"))
    if kind == "dev":
        return "S_IFCHR" in before or "S_IFBLK" in before
    return "MREMAP_FIXED" in before


def arguments(call):
    """(the arguments as words, how many of them are known at the entry)."""
    row = ROWS.get(call.nr)
    if not row:
        return [hexadecimal(value) for value in call.args], len(call.args)
    if row.name in WHOLE:
        words = WHOLE[row.name](call)
        return words, len(words)
    words, early = [], None
    for n, (kind, value) in enumerate(zip(row.kinds, call.args)):
        if kind == "-":
            continue
        if kind[0] == "[":
            kind = kind[1:-1]
            if not wanted(kind, words[-1].split("|")):
                continue
        if kind in LATE and early is None:
            early = n
        words.append(KINDS[kind](value, call, n) if kind in KINDS else group(kind, value))
    return words, len(words) if early is None else early


def result(call):
    """What stands behind the =."""
    value = call.result()
    if value is None:
        return "?"
    row = ROWS.get(call.nr)
    if -MAX_ERRNO <= value < 0:
        name, text = ERRNOS.get(-value, (f"E{-value}", "no name"))
        return f"{'?' if -value >= FIRST_RESTART else '-1'} {name} ({text})"
    if row and row.result == "hex":
        return hex(value & ((1 << 64) - 1))
    if row and row.result == "octal":
        return mode(value)
    if row and row.name == "fcntl" and value >= 0:
        word = one_of("fcntl", call.args[1])
        kind = {"F_GETFL": "oflags", "F_GETFD": "fdflags"}.get(word)
        if kind and (value or kind == "oflags"):
            return f"{hexadecimal(value)} (flags {group(kind, value)})"
    if row and row.name in ("poll", "select", "ppoll", "pselect6") and value == 0:
        return "0 (Timeout)"
    return str(value)


# ---- Lines ---------------------------------------------------------------------------------------

def siginfo(number, sent, fault, tasks):
    """The struct between the dashes: what of it a trace tells."""
    word = signal(number)
    code = sent.get("code", 0) if sent else 0
    special = GROUPS["one"].get("si_" + word, (None, {}))[1].get(code)
    out = [f"si_signo={word}", f"si_code={special or one_of('si_code', code)}"]
    if word == "SIGCHLD" and special and sent.tid in tasks:
        child = tasks[sent.tid]
        ended = child.status() or 0
        out.append(f"si_pid={child.tgid}")
        if special in ("CLD_EXITED", "CLD_KILLED", "CLD_DUMPED"):
            out.append("si_status=" + (signal(ended & 0x7F) if ended & 0x7F else str(ended >> 8)))
    elif special and fault:
        out.append(f"si_addr={pointer(fault.get('va', 0))}")
    elif sent and code in (0, -1, -6) and sent.tid in tasks:  # SI_USER, SI_QUEUE, SI_TKILL
        out.append(f"si_pid={tasks[sent.tid].tgid}")
    return "{" + ", ".join(out) + "}"


class Writer:
    """The lines in order of time; a call that another task's line cuts off is <unfinished ...>."""

    def __init__(self, out, tasks, names, kinds, tids, each):
        self.out, self.tasks, self.names, self.kinds, self.tids = out, set(tasks), names, kinds, tids
        self.each = each                 # the number before each line, as strace -o
        self.open = self.column = None   # the call whose line is not ended yet
        self.alive = set()
        self.sent, self.faults = {}, {}

    def prefix(self, task):
        self.alive.add(task)
        if self.each:
            return f"{task.tid:<5} "
        return f"[pid {task.tid:5}] " if len(self.alive) > 1 else ""

    def interrupt(self):
        if self.open:
            words, early = arguments(self.open)
            self.out.write(f"{', ' if 0 < early < len(words) else ''} <unfinished ...>\n")
            self.open = None

    def line(self, task, text):
        self.interrupt()
        self.out.write(self.prefix(task) + text + "\n")

    def wants(self, call):
        return call and (not self.names or name_of(call) in self.names)

    def enter(self, call):
        words, early = arguments(call)
        self.interrupt()
        text = f"{self.prefix(call.task)}{name_of(call)}({', '.join(words[:early])}"
        self.out.write(text)
        self.open, self.column = call, len(text)

    def leave(self, call):
        words, early = arguments(call)
        text = ", ".join(words[early:]) + ")"
        if self.open is call:
            text = (", " if 0 < early < len(words) else "") + text
        else:
            self.interrupt()
            start = f"{self.prefix(call.task)}<... {name_of(call)} resumed>"
            self.out.write(start)
            self.column = len(start)
        self.end(text, call)

    def end(self, text, call):
        self.out.write(text + " " * max(0, COLUMN - self.column - len(text)) + f" = {result(call)}\n")
        self.open = None

    def exit(self, event):
        task, status = event.task, event.get("status", 0)
        call = task.calls[-1] if task.calls else None
        if call and not call.leave and self.wants(call) and name_of(call) in ("exit", "exit_group"):
            self.leave(call)
        core = " (core dumped)" if status & 0x80 else ""
        how = f"killed by {signal(status & 0x7F)}{core}" if status & 0x7F else f"exited with {status >> 8}"
        self.line(task, f"+++ {how} +++")
        self.alive.discard(task)

    def deliver(self, event):
        number = event["sig"]
        waiting = self.sent.get((event.tid, number)) or self.sent.get((event.task.tgid, number)) or [None]
        info = siginfo(number, waiting.pop(0), self.faults.get(event.tid), self.tids)
        self.line(event.task, f"--- {signal(number)} {info} ---")

    def event(self, event):
        if event.kind == "signal":
            self.sent.setdefault((event.get("to"), event.get("sig")), []).append(event)
        elif event.kind == "fault":
            self.faults[event.tid] = event
        if event.task not in self.tasks:
            return
        if event.kind in ("enter", "leave") and self.wants(event.call):
            getattr(self, event.kind)(event.call)
        elif event.kind in ("exit", "deliver"):
            getattr(self, event.kind)(event)
        elif event.kind == "fork":
            self.alive.update({self.tids.get(event.get("child"))} & self.tasks)
        if LINES.get(event.kind) in self.kinds:
            fields = [f"{key}={hexadecimal(v) if key in HEX else v}"
                      for key, v in event.fields.items()]
            self.line(event.task, f"=== {event.kind} {' '.join(fields)} ===")


def write(trace, out, tasks, names=(), kinds=(), start=None, each=False):
    """The lines of tasks; names: only these calls; kinds: further categories (sched, fault);
    start: the first event; each: the task's number before each line."""
    writer = Writer(out, tasks, names, kinds, {task.tid: task for task in trace.tasks}, each)
    for event in trace.events[trace.events.index(start) if start else 0:]:
        if event.kind == "lost":
            writer.interrupt()
            out.write(f"*** {event.get('n', event.word)} events were lost here: the ring was full ***\n")
        elif event.task or event.kind == "signal":
            writer.event(event)
    writer.interrupt()


def summary(trace, out, tasks, names=(), start=None):
    """strace -c, but the time is from the call to its return, with what it waited."""
    rows, tasks = {}, set(tasks)
    for call in trace.calls:
        if call.task in tasks and (not names or name_of(call) in names) \
                and (not start or call.enter.time >= start.time):
            row = rows.setdefault(name_of(call), [0, 0, 0])
            row[0] += call.leave.time - call.enter.time if call.leave else 0
            row[1] += 1
            row[2] += call.result() is not None and -MAX_ERRNO <= call.result() < 0
    whole = sum(row[0] for row in rows.values()) or 1
    rule = "------ ----------- ----------- --------- --------- ----------------\n"
    line = "{:>6} {:>11} {:>11} {:>9} {:>9} {}\n"
    out.write(line.format("% time", "seconds", "usecs/call", "calls", "errors", "syscall") + rule)
    for name, (time, count, errors) in sorted(rows.items(), key=lambda item: (-item[1][0], item[0])):
        out.write(line.format(f"{100 * time / whole:.2f}", f"{time / 1e9:.6f}", time // count // 1000,
                              count, errors or "", name))
    total = [sum(row[i] for row in rows.values()) for i in range(3)]
    out.write(rule + line.format("100.00", f"{total[0] / 1e9:.6f}",
                                 total[0] // max(1, total[1]) // 1000, total[1], total[2] or "", "total"))
