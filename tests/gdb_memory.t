#!/usr/bin/env python3
"""Checks the commands of `make gdb` that look at memory: tine tree, frame and fault, and the pretty
printers. gdb may neither write memory nor call functions here.

tine tree must show what /proc/PID/pagetable shows, line by line; tine frame must find as many
pointers to each frame as it has references, where /proc/audit says that all is well; and tine fault
must foretell, at each page fault of some programs, which rule of kernel/mm/fault.c resolves it
(tests/lib/gdb_checks.py). The rest are scripts of gdb commands, their output compared: HEX, NUM and
ANY stand for what may differ, a line ANY for any lines; those of the demo cow are in
tests/lib/gdb_cow.py.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from gdb_cow import COMMANDS, POINTS, TRIES  # noqa: E402
from gdb_session import Session, check_lines, missing  # noqa: E402
from tap import Tap  # noqa: E402

READ_ONLY = """
    set may-write-memory off
    set may-write-registers off
    set may-call-functions off
"""


def plain(text):
    """Its lines, with one blank where there are several."""
    return "\n".join(" ".join(line.split()) for line in text.strip("\n").splitlines())


def like(text):
    """A pattern for some lines of output."""
    lines = [re.escape(line) for line in plain(text).splitlines()]
    for token, pattern in (("HEX", "0x[0-9a-f]+"), ("NUM", r"\d+"), ("ANY", ".*")):
        lines = [line.replace(token, pattern) if line != "ANY" else line for line in lines]
    return "^" + "\n".join(lines).replace("\nANY\n", "\n(?:.*\n)*?") + "$"


def compare(tap, parts, points):
    """Points: (name of a part, what it shows, lines that are in it)."""
    for name, what, text in points:
        tap.ok(re.search(like(text), plain(parts.get(name, "")), re.M), what, "wanted:", text,
               "got:", parts.get(name) or f"no such part: {parts}")


def check_early(tap, session):
    """Before there is memory to look at, and in a kernel task."""
    parts, _ = session.run("cow", READ_ONLY + """
        @ tree
        tine tree 1
        @ frame
        tine frame 0
        @ fault
        tine fault
        @ print
        print all_processes
        @ help
        help tine tree
        help tine frame
        help tine fault
        @ booting
        break kmain
        continue
        tine tree 1 0
        tine frame page_init
        @ no memory
        tbreak start_init
        continue
        tine tree 1
        tine tree 1 0x401000
        @ kernel
        tine tree 1 &proc_lock
        @ kernel fault
        set may-write-registers on
        set $rip = page_copy
        set $rsi = 0xffffd00000000000
        tbreak panic_regs
        continue
        tine fault
        @ completion
        complete tine tree 1
    """)
    for name in ("tree", "frame", "fault"):
        tap.ok(re.fullmatch("the kernel has no tasks yet: continue .*\n", parts[name]),
               f"tine {name} before paging: one line", parts[name])
    tap.equal(parts["booting"].count("the kernel has no tasks yet"), 2, "and at kmain", parts)
    compare(tap, parts, [
        ("print", "a list before paging", "Cannot access memory at address HEX"),
        ("help", "help, with examples", """
            Usage: tine tree PID [ADDR]
            ANY
                tine tree 2 0x401000
            ANY
                tine frame page
            ANY
                tine fault"""),
        ("no memory", "a task that has no memory yet", """
            task 1 "init" has no memory of its own: it has not begun /init yet
            task 1 "init" has no memory of its own: it has not begun /init yet"""),
        ("kernel", "has the kernel's half", """
            HEX in task 1 "init": the kernel: proc_lock
            ANY
            level 1 [NUM] HEX  boot HEX: present writable accessed ANY global nx
            In kernel mode the CPU may read, write, not execute (NX is set at level 1)."""),
        ("kernel fault", "a fault of the kernel's own", """
            Page fault on CPU 0: task 1 "init", in the kernel, at 0xffffd00000000000
              error code   0x0: not-present: a read in kernel mode; level 4 is not present
              address      the kernel's half
              instruction  page_copy+NUM at kernel/mm/page.c:NUM: rep movsq ANY
              rule         none: the kernel may not fault here; it panics"""),
        ("completion", "completion of PIDs", "tine tree 1"),
    ])
    check_lines(tap, parts, "early")


def check_cow(tap, session):
    """A page shared by fork, and its fault, step by step."""
    tries = "".join(f"@ {line}\n{line}\n" for line in TRIES)
    parts, _ = session.run("cow", READ_ONLY + COMMANDS.replace("TRIES", tries))
    compare(tap, parts, POINTS)
    for line, answer in TRIES.items():
        tap.ok(re.fullmatch(answer + "\n", parts[line]), f"{line}: one line says why not",
               parts[line])
    free = ("backtrace", "print *path", "garbage")  # lines of gdb's own
    check_lines(tap, {name: text for name, text in parts.items() if name not in free}, "cow")
    tap.ok("Traceback" not in parts["garbage"] and "Python" not in parts["garbage"],
           "garbage: no Python error", parts["garbage"])


# ---- Against the kernel itself -----------------------------------------------------------------

PROC = re.compile(r"^([0-9a-f]{12}) +(\d) \[([\d-]+)\] +(\d+[KMGT])  (\w+) +(...) (W|-)(  shared)?"
                  r"(?:  refs (\d+))?(?:, also of ([\d ]+))?(?: (/\S+))?$", re.M)
TINE = re.compile(r"^([0-9a-f]{12}) +(\d) \[([\d-]+)\] +(\d+[KMGT]) (\w+)(?: 0x\w+)? +"
                  r"([r-][w-][x-])?(.*)((?:\n {34}/.*)?)$", re.M)


def proc_lines(text):
    """What /proc/PID/pagetable tells of each line."""
    for va, level, index, size, kind, prot, w, shared, refs, also, path in PROC.findall(text):
        kind = "promise" if kind == "reserved" else kind
        yield (va, level, index, size, kind, prot.strip(), w == "W", bool(shared), refs,
               also.strip(), os.path.basename(path))


def tine_lines(text):
    """The same of tine tree."""
    for va, level, index, size, kind, prot, rest, more in TINE.findall(text):
        kind = "promise" if kind == "mapping" else kind
        refs, also = re.search(r"refs (\d+)", rest), re.search("also of ([0-9 ]+)", rest)
        name = re.search(r"  (/?[\w./-]+)$", rest)
        path = more.strip() or (name[1] if name and refs else "")
        yield (va, level, index, size, kind, prot, "writable" in rest, "MAP_SHARED" in rest,
               refs[1] if refs else "", also[1].strip() if also else "", os.path.basename(path))


def check_proc(tap, session):
    """A shell's tree while its child reads it in /proc, and the audit of all frames."""
    script = "(cat${IFS}/proc/$$/pagetable;cat${IFS}/proc/audit;true);true"
    parts, console = session.run(f"sh -c {script}", READ_ONLY + """
        source tests/lib/gdb_checks.py
        tbreak sys_exit_group if $task_of()->pid->number == 4
        continue
        @ tree
        tine tree 2
        @ frames
        tbreak sys_exit_group if $task_of()->pid->number == 5
        continue
        python check_frames()
    """)
    wanted, got = list(proc_lines(console)), list(tine_lines(parts["tree"]))
    tap.ok(len(wanted) > 15 and got == wanted, "tine tree shows what /proc/PID/pagetable shows",
           *(f"{a}\n{b}" for a, b in zip(wanted, got) if a != b), parts["tree"], console)
    tap.ok(re.search(r"^ok \d+ frames$", console, re.M), "/proc/audit finds all counts right",
           console)
    tap.ok(re.search(r"^\d{3,} frames counted, 0 wrong$", parts["frames"], re.M),
           "and so does tine frame, for every frame", parts["frames"])
    check_lines(tap, parts, "sh")


def check_rules(tap, session):
    """Each fault of programs that meet all the rules."""
    deep = 'awk${IFS}"function${S}f(n){return${S}n?1+f(n-1):0}BEGIN{print${S}f(300)}"'
    script = 'S=$(printf${IFS}"\\\\40");' + deep + ";mmap_shared;mprotect_faults;memcalls"
    parts, console = session.run(f"sh -c {script}", READ_ONLY + """
        source tests/lib/gdb_checks.py
        @ rules
        tbreak sys_execve
        continue
        python check_rules()
    """)
    text = parts["rules"]
    met = dict(re.findall(r"(\w+)=(\d+)", text))
    for rule in ("untouched", "zero", "file", "reuse", "copy", "grow", "segv", "access"):
        tap.ok(int(met.get(rule, 0)) > 0, f"a fault of the rule {rule}", text, console)
    tap.ok(re.search(r"^\d{2,} faults compared, 0 wrong$", text, re.M),
           "tine fault foretells the rule of each", text)


HUGE = """
    tbreak main
    continue
    tbreak write_pages
    continue
    @ promised
    tine tree 2
    tine tree 2 memory
    @ first
    tbreak fault_untouched
    continue
    tine fault
    @ others
    thread apply all -s tine fault
    @ shared
    tbreak child
    continue
    tine tree 3 memory+4096
    @ frame
    tine frame memory
    @ copied
    tbreak fault_copy
    continue
    tine fault
"""


def check_cpus(tap, session):
    """4 CPUs, huge ranges, 4,096 tables that two processes share."""
    parts, _ = session.run("sparse", READ_ONLY + HUGE, cpus=4)
    compare(tap, parts, [
        ("promised", "a promise of 7 GiB, and what the first touch does", """
            7f7e00000000  3 [504-510]      7G promise       rw-
            ANY
            level 3 [504] 0x0040000000000600  promise rw-: not present, stands for 1G
            The CPU may do nothing here: level 3 is not present.
            ANY
            A write now: tree_own first splits the promise of level 3 into the tables ANY
              fault_untouched gives it a zeroed frame."""),
        ("first", "its fault, on any CPU", """
            Page fault on CPU NUM: task 2 "sparse", in its program, at 0x7f7e00000000
              error code   0x6: not-present write user: a write in user mode; level 3 is not present
            ANY
              rule         untouched: tree_own ANY"""),
        ("shared", "a promise in a shared table", """
            A write now: tree_own first copies the tables of levels 3, 2 and 1; then ANY
              zeroed frame."""),
        ("frame", "a page below 4,096 tables", """
            refs 1, found 1: they agree; 2 address spaces see it, because they share ANY"""),
        ("copied", "a copy on 4 CPUs", """
            Page fault on CPU NUM: task NUM "sparse", ANY
            ANY
              rule         copy: ANY"""),
    ])
    tap.equal(len(re.findall("^Page fault on CPU", parts["others"], re.M)), 1,
              "thread apply all: one CPU has it", parts["others"])
    check_lines(tap, parts, "sparse")


def check_threads(tap, session):
    """The first touch of a new thread's stack."""
    parts, _ = session.run("threads", READ_ONLY + """
        tbreak main
        continue
        @ stack
        tbreak fault_untouched if $task_of() != $task_of()->process->leader
        continue
        tine fault
    """, cpus=4)
    compare(tap, parts, [("stack", "a thread's stack", """
          address the stack of thread NUM
          instruction clone_thread+NUM at user/threads.c:NUM: call ANY
          rule untouched: fault_untouched gives it a zeroed frame
          now in fault_untouched (kernel/mm/fault.c:NUM)""")])


def main():
    tap = Tap()
    if missing():
        tap.skip("gdb", missing())
    else:
        with Session("mmap_shared", "mprotect_faults") as session:
            for part in (check_early, check_cow, check_proc, check_rules, check_cpus,
                         check_threads):
                part(tap, session)
    tap.done()


main()
