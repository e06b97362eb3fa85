#!/usr/bin/env python3
"""Panics of each kind, provoked (kernel/lib/provoke.c), and their reports checked down to the line.

    tests/panic.t [KIND...]

A marker in the source, `provoke: KIND`, says which line the report must name. Our own shell writes the
kind, so the program's frames have lines too: each must stand at a call of the function before it.
Besides: reports on several CPUs, before there are tasks, with a table of lines that is another
kernel's, on the screen, and that no program can panic a kernel that was not asked for it.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from machine import Machine  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build"))
DEBUG = os.path.join(ROOT, "build", "debug")
GUEST = os.path.join(ROOT, "tools", "guest")
PROVOKE = "kernel/lib/provoke.c"
LINES_MAX = 60  # of a report
LIMIT_S = 90
PAGE_FAULT = r"page fault, %s: %s \(error code %s, kernel mode\)"
# kind: its function, what else is before it (None: not said), what the report says in its first line.
KINDS = {
    "null-read": ("null_read", [], PAGE_FAULT % (
        "read of 0x10", "a null pointer", "0: not present, read")),
    "write-text": ("write_text", [], PAGE_FAULT % (
        r"write to 0xffffffff80\w+", "the page does not allow that", "0x3: present, write")),
    "gpf": ("protection", [], "general protection fault in the kernel: 0xdead000000000000, in a "
            r"register, is no address \(error code 0\)"),
    "divide": ("divide", [], r"divide error \(vector 0, error code 0\) in the kernel"),
    "bad-jump": ("bad_jump", ["0xffffc08000000000"], PAGE_FAULT % (
        "jump to 0xffffc08000000000", "nothing is mapped there",
        "0x10: not present, read of an instruction")),
    "assert": ("assertion", None, r"assertion failed: zero == 1, line \d+ in assertion\+0x\w+ .*"),
    "panic": ("plain", [], "for a test, with proc_lock held"),
    "panic-in-irq": ("in_timer", [], r"for a test, at \d+ ns"),
    "panic-in-panic": ("in_panic", [], r""),
    "bad-task": ("bad_task", [], "for a test, and nothing is known of the task"),
    "bad-frame": ("bad_frame", [], r"invalid opcode \(vector 6, error code 0\) in the kernel"),
    "double-fault": ("double_fault", [], "double fault: no room for an exception at rsp "
                     r"0xffffc08000000000 \(cr2 0xffffc07ffffffff8\)"),
    "stack-overflow": ("recurse", [], r"kernel stack overflow of task \d+, 122\d\d bytes deep "
                       r"\(double fault, cr2 0x\w+\)"),
    "machine-check": ("machine_check", [], "machine check, and no bank says why"),
    # DEBUG only
    "lock-order": ("lock_order", None, r"lock order: proc_lock \(rank 50\) at lock_order\+0x\w+ "
                   r"\(PLACE\), while provoke_high \(rank 86\) is held since "
                   r"lock_order\+0x\w+ \(HELD\)"),
    "ubsan": ("undefined", None, r"undefined behaviour: signed addition overflows at PLACE:\d+"),
    "use-after-free": ("use_after_free", [], "general protection fault in the kernel: "
                       "0x6b6b6b6b6b6b6b6b, in a register, is no address but of freed memory .*"),
}
DEBUG_KINDS = ("lock-order", "ubsan", "use-after-free")
NO_TASK, NO_FRAME, NO_STACK = ("bad-task",), ("bad-frame",), ("double-fault",)
# Mostly idle, but init may still be about to wait.
OTHER_CPU = (r"^CPU \d (?:at [\w.]+\+0x\w+ \([\w/.]+:\d+\)|in user mode at 0x\w+), "
             r"(?:waits for lock [\w ]+, )?in task \d+ \(\w+\)")
FRAME = re.compile(r"  (user )?([\w.]+)(?:\+0x\w+)?(?: \(([\w/.-]+):(\d+)\))?( \?)?$")


def sources():
    """{kind: "file:line"} of the markers."""
    with open(os.path.join(ROOT, PROVOKE), encoding="utf-8") as f:
        return {m[1]: f"{PROVOKE}:{n}" for n, line in enumerate(f, 1)
                if (m := re.search(r"/\* provoke: ([\w-]+) \*/", line))}


PLACES = sources()


def source_has_call(file, line, function):
    """A call may go over some lines; what the compiler has made of a function has a dot in its name."""
    with open(os.path.join(ROOT, file), encoding="utf-8") as f:
        text = "".join(f.readlines()[max(0, line - 3):line + 2])
    return re.search(rf"\b{function.split('.')[0]}\(", text)


class Report:
    """What tools/guest shows of a panic, taken apart."""

    def __init__(self, text, status):
        self.text, self.status = text, status
        self.lines = text[text.find("panic: "):].splitlines() if "panic: " in text else []
        self.cause = self.lines[0][len("panic: "):] if self.lines else ""
        frames = [m for m in map(FRAME.match, self.lines) if m]
        self.kernel = [(m[2], f"{m[3]}:{m[4]}") for m in frames if not m[1]]
        self.user = [(m[2], m[3], int(m[4] or 0), bool(m[5])) for m in frames if m[1]]

    def functions(self):
        return [name for name, _ in self.kernel]

    def has(self, pattern):
        return re.search(pattern, self.text, re.M)


def run(kind, build=BUILD, cpus=1, append="provoke trace=syscall", command=None, root=None):
    command = command or ["sh", "-c", f"echo {kind} >/proc/sys/kernel/provoke"]
    env = dict(os.environ, TINE_BUILD=root or build, TINE_KERNEL=os.path.join(build, "tine.elf"))
    done = subprocess.run([GUEST, "-t", str(LIMIT_S), "-c", str(cpus), "-a", append, "--", *command],
                          stdin=subprocess.DEVNULL, capture_output=True, env=env, check=False,
                          timeout=LIMIT_S + 20)
    return Report(done.stderr.decode("utf-8", "replace") + done.stdout.decode(), done.returncode)


# ---- One report of each kind ---------------------------------------------------------------------

def check_cause(report, kind):
    pattern = KINDS[kind][2].replace("PLACE", re.escape(PLACES[kind]))
    pattern = pattern.replace("HELD", re.escape(PLACES["held"]))
    return re.fullmatch(pattern, report.cause.rstrip())


def check_kernel_frames(report, kind):
    """The marked line first, then the way there, each with its line, to the system call."""
    function, before, _ = KINDS[kind]
    names = report.functions()
    at = names.index(function) if function in names else None
    if at is None or (before is not None and names[:at] != before):
        return False
    if report.kernel[at][1] != PLACES[kind]:
        return False
    if kind in NO_FRAME:
        return len(names) <= 2  # who called it may be on top of the stack
    way = ["provoke", "provoke_write"]
    if kind in NO_STACK and "provoke" not in names:
        way = way[1:]  # a function without a frame, and where its caller stood is lost
    if kind == "panic-in-irq":
        way = ["in_irq", *way]
        interrupted = dict(report.kernel).get("in_irq") == PLACES["interrupted"]
        if not interrupted or "trap_common" not in names:
            return False
    start = names.index(way[0]) if way[0] in names else 0
    between = {"stack-overflow": {"recurse", "stack_overflow"}, "panic-in-irq": set(names)}
    return (set(names[at + 1:start]) <= between.get(kind, set())
            and names[start:start + len(way)] == way
            and names[-1].startswith("syscall_entry")
            and all(re.fullmatch(r"[\w/]+\.[chS]:\d+", place) for name, place in report.kernel
                    if not name.startswith("0x")))


def check_user_frames(report):
    names = [name for name, _, _, _ in report.user]
    ours = [f for f in report.user if f[1]]
    calls = all(source_has_call(file, line, inner[0])
                for inner, (_, file, line, guess) in zip(report.user, report.user[1:])
                if file and not guess)
    return "write" in names and "main" in names and len(ours) >= 5 and calls


def check_end(report, kind):
    """The system call's arguments, the last events and the cause once more."""
    size = len(kind) + 1
    call = report.has(rf"^in system call 1, write\(0x1, 0x\w+, {size:#x}\)$")
    events = report.has(rf'^last events:\n(  .*\n)+  .* text arg=1 "{kind}\\n"$')
    return (call or kind in NO_TASK) and events and re.match(
        f"so much for the panic at .*: {re.escape(report.cause)}", report.lines[-1])


def check_special(tap, report, kind, name, debug):
    if kind == "panic":
        since = rf", since plain\+0x\w+ \({PROVOKE}:{int(PLACES['panic'].split(':')[1]) - 1}\)"
        tap.ok(report.has(r"^lock proc_lock at 0x\w+: CPU \d" + (since if debug else "") + "$"),
               f"{name}: the lock that is held", report.text)
    elif kind == "panic-in-panic":
        tap.ok(report.has(r"^panic: once more, in the panic: .* at strnlen\+.* \(kernel/lib/string\.c:\d+\)"),
               f"{name}: the second is told in a line", report.text)
    elif kind == "bad-task":
        tap.equal(report.text.count("once more, in the panic"), 3,
                  f"{name}: each part that goes wrong is told, and the rest comes", report.text)
    elif kind == "stack-overflow":
        tap.ok(report.has(r"^  \.\.\. \d+ more \.\.\.$"), f"{name}: the middle is left out", report.text)


def check_kind(tap, kind, debug, cpus, report):
    name = f"{kind}{', DEBUG' if debug else ''}{f', {cpus} CPUs' if cpus > 1 else ''}"
    if not tap.ok(report.status == 125 and report.has("kernel panic"), f"{name}: tools/guest ends with 125",
                  report.status, report.text):
        return
    tap.ok(check_cause(report, kind), f"{name}: the cause", report.cause, report.text)
    tap.ok(check_kernel_frames(report, kind), f"{name}: the marked line, and the way there",
           f"marked: {PLACES[kind]}", report.text)
    tap.ok(kind in NO_TASK or check_user_frames(report), f"{name}: the program's way there", report.text)
    tap.ok(kind in NO_TASK or report.has(r"^after \d+\.\d{6} s on CPU \d, in task (\d+) \(sh\) of process \1, "),
           f"{name}: the task", report.text)
    tap.ok(check_end(report, kind), f"{name}: system call, last events, and the cause again", report.text)
    tap.ok(len(report.lines) <= LINES_MAX, f"{name}: no more than {LINES_MAX} lines",
           len(report.lines), report.text)
    check_special(tap, report, kind, name, debug)
    others = re.findall(OTHER_CPU, report.text, re.M)
    if cpus > 1:
        tap.equal(len(others), cpus - 1, f"{name}: what the others did", report.text)


# ---- What is not a kind --------------------------------------------------------------------------

def check_cpu(tap, report):
    tap.ok(report.has(r"^after .* on CPU 3, in task") and report.has(r"^CPU 0 "),
           "a panic on CPU 3 says so", report.text)


def check_early(tap, report):
    tap.ok(report.status == 125 and report.cause.startswith("general protection fault")
           and report.has("on CPU 0, before the first task") and report.functions()[:2] ==
           ["protection", "provoke"] and "kmain" in report.functions(),
           "before memory and tasks: functions", report.text)
    tap.ok(report.has(r"^  \(no file and line: ") and PROVOKE not in report.text,
           "and that there are no lines yet", report.text)


def check_other_table(tap, report):
    tap.ok(report.functions()[:2] == ["null_read", "provoke"] and report.has(r"^  \(no file and line: ")
           and ".c:" not in report.text, "another kernel's table of lines is not taken", report.text)


def check_without(tap, report):
    tap.equal((report.status, "No such file" in report.text), (1, True),
              "without the option nobody can provoke anything", report.text)


def check_not_root(tap, report):
    tap.ok(report.status == 0 and "Permission denied" in report.text and "null-read" in report.text
           and "panic: " not in report.text, "with it only root can; it names the kinds", report.text)


def machine(*options):
    return Machine(["-m", "256", *options, "-kernel", os.path.join(BUILD, "tine.elf"), "-initrd",
                    os.path.join(BUILD, "root.cpio"), "-append", "provoke panic=halt"])


def check_machine_check(tap):
    """A real one, which QEMU's monitor sends to the second CPU."""
    with machine("-smp", "2") as m:
        m.wait_for(r"# \Z", LIMIT_S)
        m.command("mce 1 2 0xb200000000000005 7 0 0")
        said = m.wait_for(r"(?s)panic: machine check: bank 2, status 0xb200000000000005\n"
                          r"after [^\n]* on CPU 1, .*so much for the panic ", LIMIT_S)
    tap.ok(said, "a machine check names the bank and its status", m.text)


def check_screen(tap):
    with machine("-vga", "std") as m:
        m.wait_for(r"# \Z", LIMIT_S)
        m.serial.sendall(b"echo gpf >/proc/sys/kernel/provoke\n")
        m.wait_for(r"so much for the panic .*\n", LIMIT_S)
        screen = m.screen()
    tap.ok(any(row.startswith("so much for the panic at protection+") for row in screen)
           and any(row.startswith("rip ffffffff80") for row in screen), "the end of a report is on the screen",
           "\n".join(screen))


def main():
    tap = Tap()
    wanted = sys.argv[1:] or list(KINDS)
    only_debug = BUILD == DEBUG  # make test DEBUG=1
    debug_too = os.path.exists(os.path.join(DEBUG, "tine.elf")) and not only_debug
    jobs = [(kind, only_debug, 1) for kind in wanted if only_debug or kind not in DEBUG_KINDS]
    if debug_too:
        jobs += [(kind, True, 1) for kind in wanted if kind in (*DEBUG_KINDS, "panic", "bad-jump")]
    elif not only_debug:
        tap.skip("lock-order, ubsan, use-after-free", "no DEBUG kernel: make DEBUG=1 kernel root")
    jobs += [(kind, only_debug, 4) for kind in wanted if kind in ("null-read", "panic-in-irq", "stack-overflow")]
    script = "ls -l /proc/sys/kernel/provoke; echo null-read >/proc/sys/kernel/provoke"
    more = [] if sys.argv[1:] else [
        (check_cpu, {"cpus": 4, "command": ["busybox", "taskset", "8", "sh", "-c",
                                            "echo null-read >/proc/sys/kernel/provoke"]}),
        (check_early, {"append": "provoke=gpf"}),
        (check_without, {"append": "", "command": ["busybox", "sh", "-c", script]}),
        (check_not_root, {"command": ["busybox", "sh", "-c", "cat /proc/sys/kernel/provoke; "
                                      "su -s /bin/sh nobody -c 'cat /proc/sys/kernel/provoke'; "
                                      "true"]})]
    if debug_too and not sys.argv[1:]:
        more.append((check_other_table, {"build": DEBUG, "root": BUILD}))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        reports = [(job, pool.submit(run, job[0], DEBUG if job[1] else BUILD, job[2])) for job in jobs]
        others = [(check, pool.submit(run, "null-read", **how)) for check, how in more]
        for (kind, debug, cpus), report in reports:
            check_kind(tap, kind, debug, cpus, report.result())
        for check, report in others:
            check(tap, report.result())
    if not sys.argv[1:]:
        check_screen(tap)
        check_machine_check(tap)
    tap.done()


main()
