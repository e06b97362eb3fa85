#!/usr/bin/env python3
"""Checks tools/trace: its text beside strace's own (tests/lib/straced.py), its timeline by the
rules of the Trace Event Format (tests/lib/trace_event.py), its tables beside the kernel and Linux's
headers, and what it says of traces that are not whole. Where strace is missing or may not trace,
its points are skipped."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import straced  # noqa: E402  (in tests/lib)
import trace_event  # noqa: E402
from runs import CAN_RUN_NATIVELY  # noqa: E402
from tap import ROOT, Tap  # noqa: E402
sys.path.append(os.path.join(ROOT, "tools", "tracer"))
import calls  # noqa: E402  (in tools/tracer)
import constants  # noqa: E402

LIMIT_S = 100
BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")


def trace(*args, data=None):
    """(stdout, status, stderr)"""
    source = {"input": data} if data is not None else {"stdin": subprocess.DEVNULL}
    done = subprocess.run([os.path.join(ROOT, "tools", "trace"), "-t", str(LIMIT_S), *args],
                          timeout=LIMIT_S + 20, check=False, capture_output=True, text=True,
                          **source)
    return done.stdout, done.returncode, done.stderr


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


# ---- Text ----------------------------------------------------------------------------------------

# A fork and a wait as the kernel writes them: when who runs is not left to chance here.
FORK = """\
0.100000000 0 7 task tid=7 tgid=7 parent=1 mm=3 "sh"
0.100003000 0 7 enter nr=57 a=0x0,0x0,0x0,0x0,0x0,0x0
0.100004000 0 7 fork child=8 tgid=8 mm=4 flags=0x11
0.100005000 0 7 leave nr=57 ret=8
0.100006000 0 7 enter nr=61 a=0xffffffffffffffff,0x7ffe0000,0x0,0x0,0x0,0x0
0.100007000 0 7 switch next=8 state=S
0.100008000 0 8 fault va=0x401000 error=0x7 ip=0x401136 rule=copy
0.100009000 0 8 enter nr=1 a=0x1,0x402000,0x6,0x0,0x0,0x0
0.100009000 0 8 text arg=1 "hello\\n"
0.100009500 0 8 leave nr=1 ret=6
0.100010000 0 8 enter nr=231 a=0x3,0x0,0x0,0x0,0x0,0x0
0.100011000 0 8 exit status=0x300
0.100011100 0 8 signal sig=17 to=7 code=1
0.100012000 0 8 switch next=7 state=Z
0.100013000 0 7 wait child=8 status=0x300
0.100013500 0 7 leave nr=61 ret=8
0.100013600 0 7 deliver sig=17 handler=0x401200
"""
FORK_TEXT = r"""fork()                                  = 8
[pid     7] wait4(-1,  <unfinished ...>
[pid     8] write(1, "hello\n", 6)      = 6
[pid     8] exit_group(3)               = ?
[pid     8] +++ exited with 3 +++
<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 8
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=8, si_status=3} ---
"""


def check_text(tap):
    out, _, err = trace("-f", "--from", "-", data=FORK)
    tap.equal(out, FORK_TEXT, "fork and wait, with a line that is cut off and goes on", err)
    out, status, err = trace("-f", "--", "forkdemo")
    tap.ok(status == 0 and "child: fork returned 0: yes" in err,
           "the program runs, and is heard on stderr", status, err)
    for line in (r'execve\("/bin/forkdemo", \["forkdemo"\], 0x\w+\) = 0',
                 r"rt_sigprocmask\(SIG_BLOCK, \[USR1\], NULL, 8\) = 0",
                 r"kill\(\d+, SIGUSR1\) {24}= 0", r"\[pid +\d+\] \+\+\+ exited with 0 \+\+\+"):
        tap.ok(re.search(f"^{line}$", out, re.M), f"a line {line}", out)
    tap.ok(out.startswith("execve(") and out.endswith("\n+++ exited with 0 +++\n"),
           "the program's lines only, from its exec to its end", out)
    out, status, _ = trace("-e", "trace=getpid,wait4", "--", "sh", "-c", "forkdemo; exit 5")
    tap.ok(status == 5 and "wait4(" in out and "[pid" not in out
           and set(re.findall(r"^(\w+)\(", out, re.M)) <= {"getpid", "wait4"},
           "-e trace=, the exit status, and no children without -f", status, out)
    out, _, _ = trace("-C", "-f", "--", "forkdemo")
    rows = {row.split()[-1]: row.split() for row in out.splitlines()}
    tap.ok(rows["fork"][3] == "1" and rows["exit_group"][3] == "2", "-C: a table of calls", out)
    out, _, _ = trace("-f", "-e", "syscall,fault", "--", "cow")
    tap.ok(re.search(r"=== fault va=0x\w+ error=0x7 ip=0x\w+ rule=copy ===$", out, re.M)
           and re.search(r"=== page mm=.*===$", out, re.M),
           "-e fault: page faults between the calls", out[-2000:])


def check_crash(tap):
    with tempfile.TemporaryDirectory() as folder:
        kept, text = os.path.join(folder, "trace"), os.path.join(folder, "text")
        out, status, _ = trace("-f", "--record", kept, "--text", text, "--",
                               "sh", "-c", "sh -c 'kill -SEGV $$'")
        lines = read(text)
        trace("-f", "--from", kept, "--text", text)
        again = read(text)
    tap.ok(status == 139 and "execve" not in out,
           "the exit status of a program that crashes; text to a file", status, out)
    tap.ok(re.search(r"^(\d+) +--- SIGSEGV \{si_signo=SIGSEGV, si_code=SI_USER, si_pid=\1\} ---$"
                     r"(?s:.*)^\1 +\+\+\+ killed by SIGSEGV \+\+\+$", lines, re.M),
           "its signal, its end", lines)
    tap.ok("WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV" in lines, "what wait says of it", lines)
    tap.equal(again, lines, "--from a recorded trace: the same")


def check_strace(tap):
    """The same static programs at the same places, on the host and in the guest."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for name in ("forkdemo", "execattr", "vforkdemo", "sh"):
            shutil.copy(os.path.join(BUILD, "user", name), folder)
        shutil.copy(os.environ.get("BUSYBOX") or shutil.which("busybox"),
                    os.path.join(folder, "cat"))
        subprocess.run(["musl-gcc", "-static", "-O1", "-Wall", "-Wextra", "-o",
                        os.path.join(folder, "failing_calls"),
                        os.path.join(ROOT, "tests", "lib", "failing_calls.c")], check=True)
        os.chmod(folder, 0o755)
        text = os.path.join(folder, "text")
        for name, *args in (["failing_calls"], ["forkdemo"], ["execattr"], ["vforkdemo"],
                            ["sh", "-c", f"echo hi | {folder}/cat; exit 3"]):
            command = [os.path.join(folder, name), *args]
            _, _, err = trace("-f", "--text", text, "-F", f"{folder}:{folder}", "--", *command)
            ours, theirs = straced.by_task(read(text)), straced.by_task(straced.strace(command))
            different = [f"{a!r} of strace, {b!r} here" for task, other in zip(theirs, ours)
                         for a, b in zip(task + ["end"], other + ["end"]) if a != b]
            tap.ok(ours and len(ours) == len(theirs) and not different,
                   f"{name}: {sum(map(len, ours))} lines of {len(ours)} tasks as strace's",
                   f"{len(theirs)} tasks of strace", *different[:8], err)


# ---- The timeline --------------------------------------------------------------------------------

def check_json(tap, cpus):
    """Returns the text."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "json")
        _, status, err = trace("-c", str(cpus), "--json", path, "--",
                               "sh", "-c", "ls /bin | sort | wc -l")
        text = read(path)
    on = f"on {cpus} CPUs: "
    broken = trace_event.broken_rules(text)
    if not tap.ok(status == 0 and not broken, on + "the rules of the Trace Event Format are kept",
                  status, *broken[:5], err):
        return text
    whole = json.loads(text)
    events = whole["traceEvents"]
    names = {(e["name"], e["args"].get("name")) for e in events if e["ph"] == "M"}
    tracks = sorted(name for kind, name in names if kind == "thread_name" and "CPU" in name)
    tap.ok(0 < len(tracks) <= cpus and tracks == [f"CPU {cpu}" for cpu in range(len(tracks))],
           on + "a track for each CPU that did anything", tracks)
    programs = {name.removeprefix("init > ") for kind, name in names if kind == "process_name"}
    tap.ok({"sh", "sh > ls", "sh > sort", "sh > wc"} <= programs,
           on + "tracks of the processes, named by their programs", programs)
    begun = {e["name"] for e in events if e["ph"] == "B" and e["cat"] == "syscall"}
    tap.ok({"execve", "fork", "wait4", "exit_group"} <= begun, on + "slices of calls", begun)
    starts = [e for e in events if e["ph"] == "s"]
    ends = {e["id"]: e for e in events if e["ph"] == "f"}
    tap.ok([sum(e["name"] == name for e in starts) for name in ("fork", "exit")] == [4, 4]
           and all(e["pid"] != ends[e["id"]]["pid"] for e in starts),
           on + "arrows of 4 forks and 4 exits, from one process to another", starts)
    tap.ok(any(e["ph"] == "i" and e["cat"] == "fault" and "rule" in e["args"] for e in events),
           on + "instants of faults")
    return text


def check_checker(tap, text):
    """The checker finds what is wrong."""
    def broken_by(wanted, change):
        whole = json.loads(text)
        change(next(event for event in whole["traceEvents"] if wanted(event)))
        return trace_event.broken_rules(json.dumps(whole))
    for what, phase, change in (
            ("an E that is missing", "E", lambda e: e.update(ph="i")),
            ("a B without a name", "B", lambda e: e.pop("name")),
            ("time that goes back", "E", lambda e: e.update(ts=0)),
            ("an arrow without an end", "f", lambda e: e.update(id=10 ** 6)),
            ("an arrow from nowhere", "s", lambda e: e.update(tid=10 ** 7)),
            ("a name of no kind", "M", lambda e: e.update(args={})),
            ("a phase that there is not", "i", lambda e: e.update(ph="Y"))):
        tap.ok(broken_by(lambda e: e["ph"] == phase, change), f"the checker sees {what}")
    tap.ok(trace_event.broken_rules(text[:-5]) and trace_event.broken_rules("[]"),
           "and what is no object")


# ---- Traces that are not whole -------------------------------------------------------------------

EVENTS = """\
0.100000000 0 7 task tid=7 tgid=7 parent=1 mm=3 "sh"
0.100001000 0 7 enter nr=2 a=0x401000,0x80000,0x0,0x0,0x0,0x0 more=1
0.100001100 0 7 text arg=0 "/a \\"b\\"\\n\\001"
0.100002000 0 7 leave nr=2 ret=-2
0.100003000 0 7 new_event word key=value "text"...
"""
AS_TEXT = r"""open("/a \"b\"\n\1", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)
=== new_event key=value "text"... ===
"""
BROKEN = (
    ("a line that is garbled", EVENTS.replace("0.100002000", "0.1?"), "line 4 ", 1),
    ("bytes that are no text", "\0\1\377\n" + EVENTS, "line 1 ", 1),
    ("an event without a key", EVENTS.replace("nr=2 a", "a"), "line 2: enter without nr=", 1),
    ("an end within a line", EVENTS[:-20], "the last line is not whole", 0),
    ("no events", "", "no events", 1))


def check_broken(tap):
    out, status, _ = trace("--from", "-", data=EVENTS)
    tap.equal((out, status), (AS_TEXT, 0), "strings; a key and an event that are new")
    out, status, err = trace("--from", "-", data=EVENTS + "lost 17\n" + EVENTS)
    tap.ok(status == 0 and "*** 17 events were lost here: the ring was full ***\n" in out,
           "lost events are told", out, err)
    for what, data, word, wanted in BROKEN:
        for form in ("--text", "--json"):
            out, status, err = trace("--from", "-", form, "-", data=data)
            tap.ok(status == wanted and word in err and "Traceback" not in err,
                   f"{form}: {what}", status, err)


def check_parts(tap):
    """Whatever is missing in front, at the end or in between: no exception, and good JSON."""
    with tempfile.NamedTemporaryFile("r", encoding="latin-1") as kept:
        trace("-e", "all", "--record", kept.name, "--", "sh", "-c", "forkdemo | cat")
        lines = kept.read().splitlines(keepends=True)
    fifth = len(lines) // 5
    for what, part in (("front", lines[2 * fifth:]), ("end", lines[:4 * fifth]),
                       ("middle", lines[:2 * fifth] + lines[3 * fifth:]),
                       ("every fifth", [x for i, x in enumerate(lines) if i % 5])):
        data = "".join(part)
        out, status, err = trace("--from", "-", "--json", "-", data=data)
        broken = trace_event.broken_rules(out)
        tap.ok(status == 0 and not broken, f"a timeline, missing: {what}", *broken[:3], err[-1000:])
        out, status, err = trace("-f", "--from", "-", data=data)
        tap.ok(status == 0 and "(" in out, f"text, missing: {what}", err[-1000:])


FILL_RING = """
echo syscall process >/proc/sys/kernel/trace
i=0
while [ $i -lt 2000 ]; do read x </proc/uptime; i=$((i+1)); done
forkdemo >/dev/null
cat /proc/trace
"""


def check_ring(tap):
    """/proc/trace from inside, with more events than a ring holds."""
    done = subprocess.run([os.path.join(ROOT, "tools", "guest"), "-t", str(LIMIT_S), "--",
                           "busybox", "sh", "-c", FILL_RING], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False, timeout=LIMIT_S + 20)
    out, status, err = trace("-f", "--from", "-", data=done.stdout)
    tap.ok(status == 0 and re.match(r"\*\*\* \d+ events were lost here", out),
           "a ring that ran over", out[:500], err)
    tap.ok(re.search(r"^\[pid +\d+\] execve\(.*\[\"forkdemo\"\]", out, re.M), "and what came last",
           out[-500:])


def check_errors(tap):
    for args, status, word in ((["--", "no-such-program"], 127, "No such file"),
                               (["--from", "/no/such"], 1, "No such file"),
                               (["-e", "foo", "--", "true"], 126, "the words are"),
                               (["-e", "trace=foo", "--", "true"], 126, "no system call is called"),
                               (["--text", "/no/such/file", "--", "true"], 126, "No such file"),
                               (["--record", "/no/such/file", "--", "true"], 126, "No such file"),
                               (["-F", "/no/such", "--", "true"], 126, "no such file"),
                               ([], 126, "--from")):
        out, got, err = trace(*args)
        tap.ok(got == status and word in err and not out and "Traceback" not in err,
               f"{args}: {status} and why", got, out, err)


# ---- Tables --------------------------------------------------------------------------------------

LIBC = """signal unistd sched time sys/syscall sys/mman sys/wait sys/ioctl sys/socket sys/eventfd
    sys/resource sys/time sys/stat sys/random sys/uio sys/mount"""
KERNEL = """linux/fcntl linux/fs linux/mount linux/fadvise linux/falloc linux/memfd linux/stat
    asm/ioctls linux/kd linux/vt linux/random linux/mman linux/close_range linux/futex asm/prctl
    linux/prctl linux/wait linux/sched linux/time linux/resource"""


def header_values(names):
    """{name: number} by the compiler: the C library's, or the kernel's own (O_LARGEFILE)."""
    values = {}
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "names.c"), os.path.join(folder, "names")
        for headers in (LIBC, KERNEL):
            with open(source, "w", encoding="ascii") as f:
                f.write("#define _GNU_SOURCE\n#include <stdio.h>\n")
                f.writelines(f"#include <{header}.h>\n" for header in headers.split())
                f.write("int main(void)\n{\n")
                f.writelines(f'#ifdef {name}\nprintf("{name} %lld\\n", (long long)({name}));\n'
                             "#endif\n" for name in names)
                f.write("}\n")
            subprocess.run(["gcc", "-w", "-o", program, source], check=True)
            said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
            values.update((name, int(n)) for name, n in map(str.split, said.splitlines()))
    return values


def check_tables(tap):
    rows, errnos = calls.read_calls(), constants.read_errnos()
    table = read(os.path.join(ROOT, "kernel", "syscall", "table.c"))
    wrong = [f"{n} {name}" for n, name in re.findall(r"^\tCALL\((\d+), (\w+),", table, re.M)
             if int(n) not in rows or rows[int(n)].name != name]
    tap.equal(wrong, [], "calls of kernel/syscall/table.c that tools/tracer/calls.py has not")
    header = read(os.path.join(ROOT, "kernel", "lib", "errno.h"))
    wrong = [name for name, n in re.findall(r"\b(E[A-Z0-9_]+) = (\d+)", header)
             if errnos.get(int(n), "?")[0] != name]
    tap.equal(wrong, [], "errors of kernel/lib/errno.h that constants.py has not")
    if not CAN_RUN_NATIVELY or not shutil.which("gcc"):
        tap.skip("constants beside Linux's headers", "needs gcc, on Linux for x86-64")
        return
    wrong = [f"{n} {text}" for n, (_, text) in errnos.items() if n < 512 and os.strerror(n) != text]
    tap.equal(wrong, [], "texts of errors")
    ours = {f"SYS_{row.name}": row.number for row in rows.values()}
    ours.update((name, int(value, 0)) for name, value
                in re.findall(r"([A-Z_]\w+)=(-?\w+)", constants.GROUPS))
    values = header_values(ours)
    wrong = [f"{name}: {value} here, {values.get(name, 'none')} in the headers"
             for name, value in ours.items() if values.get(name) != value]
    tap.equal(wrong, [], f"{len(ours)} constants as in Linux's headers")


def main():
    tap = Tap()
    check_text(tap)
    check_crash(tap)
    if straced.can_strace() and shutil.which("musl-gcc"):
        check_strace(tap)
    else:
        tap.skip("the text beside strace's", "needs strace and musl-gcc, on Linux for x86-64")
    check_json(tap, 1)
    check_checker(tap, check_json(tap, 4))
    check_broken(tap)
    check_parts(tap)
    check_ring(tap)
    check_errors(tap)
    check_tables(tap)
    tap.done()


main()
