"""What a step of the page says: a short line for the list of events, and a plain sentence."""
import decode

STATES = {"R": "can run on", "S": "sleeps", "D": "sleeps", "T": "is stopped", "Z": "has ended",
          "X": "has ended"}
RULES = {  # of mm/fault.c; docs/tracing.md lists them
    "untouched": "memory that was promised is written for the first time: a new frame of zeros",
    "zero": "memory that was promised is read for the first time: the one page of zeros",
    "file": "a page of a file is touched for the first time: the file's own page is mapped",
    "reuse": "nobody else has the page: W is set, nothing is copied",
    "copy": "others have the page: it is copied",
    "grow": "just below the stack: the stack grows",
    "spurious": "the page is there already: another thread was quicker",
    "segv": "nothing is mapped there: SIGSEGV",
    "access": "what is mapped there does not allow that: SIGSEGV",
    "bus": "beyond the end of the file: SIGBUS",
    "oom": "no memory is left: SIGKILL",
}


def call_name(number):
    return decode.ROWS[number].name if number in decode.ROWS else f"call {number}"


def text(event):
    return (event.text or b"?").decode("utf-8", "backslashreplace")


def call_line(call, done=True):
    """As strace writes it; before it is done without what comes out."""
    try:
        arguments, early = decode.arguments(call)
    except (IndexError, KeyError, TypeError, ValueError):
        arguments, early = ["?"], 1  # a line was lost
    if not done or not call.leave:
        more = ["..."] if early < len(arguments) else []
        return f"{decode.name_of(call)}({', '.join(arguments[:early] + more)})"
    return f"{decode.name_of(call)}({', '.join(arguments)}) = {decode.result(call)}"


HEX = {"va", "frame", "to", "error", "handler", "cpus"}


def who(event):
    if not event.tid:
        return f"idle CPU {event.cpu}"
    name = event.task.name(event.time) if event.task else "?"
    return f"pid {event.tid}" + (f" ({name})" if name != "?" else "")


def line(event, call=None):
    """For the list: what the trace says, less the numbers that nobody reads there. call: that of an
    event enter or leave."""
    if call:
        return call_line(call, False) if event.kind == "enter" else \
            f"{decode.name_of(call)} = {decode.result(call)}"
    parts = [f"{k} {v:#x}" if k in HEX and isinstance(v, int) and event.kind not in ("signal", "share") else f"{k} {v}"
             for k, v in event.fields.items() if k not in ("ip", "mm", "flags")]
    if event.text is not None:
        parts.append(f'"{text(event)}"')
    return " ".join([event.kind, *parts])


def caption(event, trace, call=None):
    get, me = event.get, who(event)
    if event.kind == "switch":
        after = trace.find(get("next"))
        nxt = f"pid {get('next')}" if after else "nobody: the CPU idles"
        return f"CPU {event.cpu} goes from {me}, which {STATES.get(get('state'), 'leaves')}, to {nxt}."
    if event.kind == "fault":
        rule = str(get("rule"))
        return (f"Page fault: {me} {access(get('error', 0))} {get('va', 0):#x}. "
                f"Rule {rule}: {RULES.get(rule, rule)}.")
    told = {
        "enter": lambda: f"{me} asks the kernel: {line(event, call)}",
        "leave": lambda: f"The kernel has done it for {me}: "
                         + (call_line(call) if call else line(event)),
        "fork": lambda: f"{me} has made pid {get('child')}"
                        + (", a thread of the same process." if get("tgid") != get("child") else "."),
        "exec": lambda: f"{me} now runs the program {text(event)}, in a new address space.",
        "exit": lambda: f"{me} {ended(get('status', 0))}.",
        "wait": lambda: f"{me} learns that pid {get('child')} has ended.",
        "wakeup": lambda: f"{me} wakes pid {get('tid')}: it waits for CPU {get('cpu')}.",
        "signal": lambda: f"{me} sends {decode.signal(get('sig', 0))} to pid {get('to')}.",
        "deliver": lambda: f"{me} gets {decode.signal(get('sig', 0))}: {action(get('handler'))}.",
        "copy": lambda: f"{me} copies a table of level {get('level')}: others have it too.",
        "own": lambda: f"{me} takes a table of level {get('level')} back: the others are gone.",
        "share": lambda: f"fork shares a table of level {get('level')}: {get('refs')} lead to it now.",
        "page": lambda: (f"{me} copies the page at {get('va', 0):#x}: others have it too."
                         if event.task and get("mm") == event.task.mm(event.time) else
                         f"fork copies the page of the stack, {get('va', 0):#x}, for the child at once."),
        "shootdown": lambda: f"{me} makes other CPUs forget what they know of "
                             + (some(get("pages"), "page") if get("pages") else "that memory") + ".",
        "task": lambda: f"pid {get('tid')} ({text(event)}) was there when the trace began.",
        "lost": lambda: "Events were lost here: the ring was full.",
    }
    return told.get(event.kind, lambda: f"{me}: {line(event)}")()


def ended(status):
    return f"is killed by {decode.signal(status & 0x7f)}" if status & 0x7f else \
        f"ends with status {status >> 8}"


def action(handler):
    """What becomes of a signal that is delivered."""
    return {0: "the default action", 1: "ignored"}.get(handler) or f"its handler at {handler or 0:#x}"


def access(error):
    return "runs code at" if error & 16 else "writes to" if error & 2 else "reads"


def some(n, what):
    return f"{n} {what}" + ("" if n == 1 else "s")


def listed(words):
    words = [str(w) for w in words]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


class Tree:
    """The words for one snapshot: what happened to a tree, and by which rule."""

    def __init__(self, trace, trees, tree, state, changes, parent, before):
        self.trace, self.trees, self.tree, self.state = trace, trees, tree, state
        self.changes, self.parent, self.before_it = changes, parent, before
        self.me = self.pid(tree.mm)

    def pid(self, mm):
        """Who uses this address space."""
        time = self.tree.begin.time
        tids = [t.tid for t in self.trace.tasks for since, m in t.mms if m == mm and t.tid == t.tgid]
        if self.tree.task and not tids:
            tids = [self.tree.task.tid]
        now = self.tree.begin.tid
        tid = now if now in tids else tids[0] if tids else 0
        task = self.trace.find(tid)
        name = task.name(time) if task else "?"
        return f"pid {tid}" + (f" ({name})" if name not in ("?", None) else "")

    def line(self):
        if self.tree.why == "fork-child":
            return "after fork: two trees"
        return {"fork-before": "before fork", "exec": "a new tree for exec",
                "exit": "the tree goes", "call": self.call_before()}.get(self.tree.why, self.what_changed())

    def what_changed(self):
        counts = [(sum(e.kind == kind for e in self.changes), words) for kind, words in
                  (("copy", "table copied"), ("own", "table taken back"), ("page", "page copied"))]
        told = [f"{n} {words.replace('table', 'tables') if n > 1 else words}"
                for n, words in counts if n]
        return ", ".join(told) or "a tree"

    def caption(self):
        told = {"fork-before": self.before, "fork-child": self.after, "exec": self.exec,
                "exit": self.exit, "fault": self.changed,
                "call": self.called}.get(self.tree.why)
        text_ = told() if told else f"The tree of {self.me}."
        return text_ + (" (This tree was too big: the trace has only a part.)"
                        if self.tree.truncated else "")

    def counts(self):
        tables, pages = self.tree.frames()
        own = sum(kind == "anon" for kind in pages.values())
        return tables, own, len(pages) - own

    def before(self):
        tables, own, file = self.counts()
        return (f"Before fork: the tree of {self.me} has {some(len(tables), 'table')}, which lead to "
                f"{some(own, 'page')} of its own and {file} of files.")

    def after(self):
        tables, pages = self.tree.frames()
        parent = self.trees.now.get(self.parent)
        theirs = parent.frames()[0] if parent else set()
        shared, own = len(tables & theirs), len(tables - theirs) - 1
        text_ = (f"After fork: {self.me} has a root of its own and shares {some(shared, 'table')} with "
                 f"{self.pid(self.parent)}. The entries that lead to them have lost W, so the first write "
                 "faults.")
        if own > 0:
            text_ += (f" The page of the stack, and the {some(own, 'table')} on the way to it, were copied "
                      "at once: both write there next.")
        return text_

    def exec(self):
        tables, own, file = self.counts()
        return (f"exec: {self.me} gets a new tree of {some(len(tables), 'table')}, which lead to "
                f"{some(own, 'page')} of its own and {file} of the program's file. It shares no table.")

    def exit(self):
        freed = set(self.state["freed"])
        tables = len(freed & self.tree.tables.keys())
        kept = [f for f in self.tree.tables if f not in freed]
        old = self.tree.task and self.tree.task.mm(self.tree.begin.time) != self.tree.mm or self.in_exec()
        text_ = (f"The {'old ' if old else ''}address space of {self.me} goes: {some(tables, 'table')} and "
                 f"{some(len(freed) - tables, 'page')} that nobody else has are free again.")
        if kept:
            text_ += f" {some(len(kept), 'table')} that others share just lose{'' if len(kept) > 1 else 's'} " \
                     "a reference."
        else:
            text_ += " What others have too just loses a reference."
        return text_

    def in_exec(self):
        """Is the task in the middle of exec? Then its old address space goes."""
        calls = self.tree.task.calls if self.tree.task else []
        return any(call_name(call.nr) in ("execve", "execveat") and call.enter.time < self.tree.begin.time
                   and (not call.leave or call.leave.time > self.tree.begin.time) for call in calls)

    def changed(self):
        """A fault; and what a system call may have changed before it, as munmap does."""
        last = max((i for i, e in enumerate(self.changes) if e.kind == "leave"), default=-1)
        parts = self.what(self.changes[last + 1:])
        earlier = self.what(self.changes[:last + 1])
        fault = next((e for e in reversed(self.changes) if e.kind == "fault"), None)
        text_ = f"{self.me} {access(fault['error']) if fault else 'wrote to'} " \
                f"{fault['va']:#x}: " if fault else f"{self.me} changed its tree: "
        text_ += "; ".join(parts or ["the tree changed"]) + "."
        return text_ + (f" (A system call before it: {'; '.join(earlier)}.)" if earlier else "")

    def call_before(self):
        last = next((e for e in reversed(self.changes) if e.kind == "leave"), None)
        return call_name(last.get("nr")) if last else "a system call"

    def called(self):
        """mmap and its like: what is mapped now and was not, or the other way round."""
        parts, old, name = self.what(self.changes), self.before_it, self.call_before()
        if old:
            more = self.tree.mapped() - old.mapped()
            tables, pages = (len(new) - len(was) for new, was in zip(self.tree.frames(), old.frames()))
            if more:
                parts.append(f"{abs(more) // 1024} KiB are " + (
                    "promised: the first touch of a page gets a frame" if more > 0 else "no longer mapped"))
            if tables:
                parts.append(f"{some(abs(tables), 'table')} {'more' if tables > 0 else 'less'}")
            if name == "mprotect":
                parts.append("what the program may do there has changed")
            elif pages:
                parts.append(f"{some(abs(pages), 'page')} " + (
                    "had been touched for the first time before" if pages > 0 else "given back"))
        return f"{self.me} called {name}: {'; '.join(parts or ['entries have changed'])}."

    def what(self, changes):
        """Parts of a sentence: which tables and pages were copied or taken back, by which rule."""
        def of(kind):
            return [e for e in changes if e.kind == kind]

        parts = []
        if of("copy"):
            first, *below = of("copy")
            text_ = (f"the table of level {first['level']} on the way was shared by "
                     f"{self.holders(first)}, so it was copied")
            if below:
                text_ += f", and so {'was' if len(below) == 1 else 'were'} {self.tables(below)} below it"
            parts.append(text_)
        if of("own"):
            one = len(of("own")) == 1
            parts.append(f"{self.tables(of('own'))} had been shared, and the others are gone: "
                         f"{'it was' if one else 'they were'} taken back (W set again, nothing copied)")
        if of("page"):
            then = "then " if parts else ""
            parts.append(f"{then}the page was {self.whose(of('page')[-1])}, so it was copied")
        return parts

    @staticmethod
    def tables(events):
        return f"the table{'' if len(events) == 1 else 's'} of level {listed([e['level'] for e in events])}"

    def holders(self, copy):
        """How many had the first table that was copied: its own count, and that of the copier."""
        left = self.trees.refs(copy["frame"])
        return left + 1 if left else "others"

    def whose(self, page):
        """Whose page was it that was copied?"""
        if page["frame"] == self.trees.zero:
            return "the one page of zeros"
        kind = self.before_it.frames()[1].get(page["frame"]) if self.before_it else None
        return "the file's own" if kind == "file" else "shared"
