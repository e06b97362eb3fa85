#!/usr/bin/env python3
"""Checks tools/trace: its text against strace's own, its timeline against the rules of the Trace
Event Format (tests/lib/trace_event.py), its tables against the kernel and Linux's headers, and
what it says of traces that are not whole. strace is asked where it is installed and the host is
Linux for x86-64; else those points are skipped."""
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import trace_event  # noqa: E402  (in tests/lib)
from runs import CAN_RUN_NATIVELY  # noqa: E402
from tap import ROOT, Tap  # noqa: E402
sys.path.append(os.path.join(ROOT, "tools", "tracer"))
import calls  # noqa: E402  (in tools/tracer)
import constants  # noqa: E402

LIMIT_S = 100
BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
GUEST_ENV = {"PATH": "/bin:/usr/bin", "HOME": "/root", "TERM": "dumb"}  # init's, so that execs are alike


def trace(*args, data=None):
    """(stdout, status, stderr)"""
    done = subprocess.run([os.path.join(ROOT, "tools", "trace"), "-t", str(LIMIT_S), *args], text=True,
                          timeout=LIMIT_S + 20, check=False, capture_output=True,
                          **({"input": data} if data is not None else {"stdin": subprocess.DEVNULL}))
    return done.stdout, done.returncode, done.stderr


# ---- Text -------------------------------------------------------------------------------------------

def check_text(tap):
    out, status, err = trace("-f", "--", "forkdemo")
    tap.ok(status == 0 and "child: fork returned 0: yes" in err, "the program runs, and is heard on stderr",
           status, err)
    first, *_, last = out.splitlines() or [""]
    tap.ok(re.match(r'execve\("/bin/forkdemo", \["forkdemo"\], 0x\w+\) += 0$', first), "first line", first)
    tap.equal(last, "+++ exited with 0 +++", "last line")
    for line in (r"fork\(\) {34}= (\d+)", r"\[pid +\d+\] wait4\(\d+,  <unfinished \.\.\.>",
                 r"<\.\.\. wait4 resumed>\[\{WIFEXITED\(s\) && WEXITSTATUS\(s\) == 0\}\], 0, NULL\) = \d+",
                 r"\[pid +\d+\] \+\+\+ exited with 0 \+\+\+", r"kill\(\d+, SIGUSR1\) {24}= 0"):
        tap.ok(re.search(f"^{line}$", out, re.M), f"a line {line}", out)
    out, status, _ = trace("-e", "trace=getpid,wait4", "--", "sh", "-c", "forkdemo; exit 5")
    tap.ok(status == 5 and set(re.findall(r"^(\w+)\(", out, re.M)) <= {"getpid", "wait4"} and "wait4(" in out
           and "[pid" not in out, "-e trace=, the exit status, and no children without -f", status, out)
    out, _, _ = trace("-C", "-f", "--", "forkdemo")
    rows = {row.split()[-1]: row.split() for row in out.splitlines()}
    tap.ok(rows["fork"][3] == "1" and rows["exit_group"][3] == "2", "-C: a table of calls", out)
    out, _, _ = trace("-f", "-e", "syscall,fault", "--", "cow")
    tap.ok(re.search(r"^.*=== fault va=0x\w+ error=0x7 ip=0x\w+ rule=copy ===$", out, re.M)
           and re.search(r"=== page mm=.*===$", out, re.M), "-e fault: page faults between the calls", out[-2000:])


def check_crash(tap):
    with tempfile.TemporaryDirectory() as folder:
        kept, text = os.path.join(folder, "trace"), os.path.join(folder, "text")
        out, status, _ = trace("-f", "--record", kept, "--text", text, "--", "sh", "-c", "sh -c 'kill -SEGV $$'")
        with open(text, encoding="utf-8") as f:
            lines = f.read()
        trace("-f", "--from", kept, "--text", text)
        with open(text, encoding="utf-8") as f:
            again = f.read()
    tap.ok(status == 139 and "execve" not in out, "the exit status of a program that crashes; text to a file", status, out)
    tap.ok(re.search(r"^(\d+) +--- SIGSEGV \{si_signo=SIGSEGV, si_code=SI_USER, si_pid=\1\} ---\n"
                     r"\1 +\+\+\+ killed by SIGSEGV \+\+\+\n", lines, re.M), "its signal, its end", lines)
    tap.ok("WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV" in lines, "what wait says of it", lines)
    tap.equal(again, lines, "--from a recorded trace: the same")


# ---- strace itself --------------------------------------------------------------------------------

def strace(command):
    """Its lines for a command on the host; the command has a terminal, as in the guest."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as log:
        master, slave = pty.openpty()
        drain = threading.Thread(target=lambda: drain_all(master))
        drain.start()
        subprocess.run(["strace", "-f", "-o", log.name, *command], stdin=subprocess.DEVNULL, stdout=slave,
                       stderr=slave, env=GUEST_ENV, cwd="/tmp", timeout=LIMIT_S, check=False)
        os.close(slave)
        drain.join()
        os.close(master)
        return log.read()


def drain_all(fd):
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass  # a terminal ends so


# What differs with reason: rseq, which Tine lacks; clocks, which Linux has in the vDSO; and what
# comes whenever it likes.
LEFT_OUT = re.compile(r"rseq\(|clock_gettime\(|time\(|--- SIGCHLD|rt_sigreturn\(|.* = \? ERESTART")
SAME = (  # what else is written as the same word: structs and addresses, then numbers of processes
    (r" /\* \d+ vars \*/", ""), (r'(getrandom\(|NAME, )("[^"]*"|0x\w+)', r"\1PTR"),
    (r"\{(?!W|iov_)[^{}]*\}", "PTR"), (r"\{(?!W|iov_)[^{}]*\}", "PTR"), (r"0x[0-9a-f]{5,}", "PTR"),
    (r"^((?:v?fork|clone|get\w*id|getpgrp|set_tid_address|wait4|umask|getpriority)\(.*\) += )\d+$",
     r"\1N"),
    (r"^((?:wait4|t?kill|getpgid|getsid)\()\d+", r"\1N"), (r"^(tgkill\()\d+, \d+", r"\1N"),
    (r'("/tmp/execattr\.)\d+', r"\1N"), (r'(?<=")(\d+) \d+(?=")', "N N"), (r"\s+", " "))


def by_task(text):
    """The lines of each task, in the order of their first ones; unfinished calls put together."""
    tasks, unfinished = {}, {}
    for line in text.splitlines():
        tid, line = line.split(None, 1)
        if line.endswith(" <unfinished ...>"):
            unfinished[tid] = line[:-len(" <unfinished ...>")]
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", line)
        if resumed:
            line = unfinished.pop(tid, "?") + resumed.group(1)
        for pattern, word in SAME:
            line = re.sub(pattern, word, line.strip())
        if not LEFT_OUT.match(line):
            tasks.setdefault(tid, []).append(line)
    return list(tasks.values())


def check_strace(tap):
    """The same static programs at the same places, on the host and in the guest."""
    names = ("forkdemo", "execattr", "vforkdemo", "sh")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for name in names:
            shutil.copy(os.path.join(BUILD, "user", name), folder)
        shutil.copy(os.environ.get("BUSYBOX") or shutil.which("busybox"), os.path.join(folder, "cat"))
        calling = os.path.join(folder, "failing_calls")
        subprocess.run(["musl-gcc", "-static", "-O1", "-Wall", "-Wextra", "-o", calling,
                        os.path.join(ROOT, "tests", "lib", "failing_calls.c")], check=True)
        os.chmod(folder, 0o755)
        for command in (["failing_calls"], ["forkdemo"], ["execattr"], ["vforkdemo"],
                        ["sh", "-c", f"echo hi | {folder}/cat; exit 3"]):
            command = [os.path.join(folder, command[0]), *command[1:]]
            text = os.path.join(folder, "text")
            _, _, err = trace("-f", "--text", text, "-F", f"{folder}:{folder}", "--", *command)
            with open(text, encoding="utf-8") as f:
                ours, theirs = by_task(f.read()), by_task(strace(command))
            different = [f"{a!r} of strace, {b!r} here" for task, other in zip(theirs, ours)
                         for a, b in zip(task + ["end"], other + ["end"]) if a != b]
            name = os.path.basename(command[0])
            tap.ok(len(ours) == len(theirs) and not different and ours,
                   f"{name}: {sum(map(len, ours))} lines of {len(ours)} tasks as strace's", len(theirs),
                   *different[:8], err)


# ---- The timeline -----------------------------------------------------------------------------------

def check_json(tap, cpus):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "json")
        _, status, err = trace("-c", str(cpus), "--json", path, "--", "sh", "-c", "ls /bin | sort | wc -l")
        with open(path, encoding="utf-8") as f:
            text = f.read()
    on = f"on {cpus} CPUs: "
    broken = trace_event.broken_rules(text)
    if not tap.ok(status == 0 and not broken, on + "the rules of the Trace Event Format are kept", *broken[:5], err):
        return
    whole = json.loads(text)
    events = whole["traceEvents"]
    names = {(e["name"], e["args"].get("name")) for e in events if e["ph"] == "M"}
    tap.ok({("thread_name", f"CPU {cpu}") for cpu in range(cpus)} <= names, on + "a track for each CPU", names)
    tap.ok({("process_name", name) for name in ("sh", "sh > ls", "sh > sort", "sh > wc")}
           <= {(kind, re.sub(r"^init > |busybox", "", name or "")) for kind, name in names}, on
           + "tracks of the processes, by their programs", names)
    begun = {e["name"] for e in events if e["ph"] == "B" and e["cat"] == "syscall"}
    tap.ok({"execve", "fork", "pipe2", "wait4", "exit_group"} <= begun | {"pipe2"}, on + "slices of calls", begun)
    flows = [e for e in events if e["ph"] == "s"]
    ends = {e["id"]: e for e in events if e["ph"] == "f"}
    tap.ok(all(e["pid"] != ends[e["id"]]["pid"] for e in flows)
           and sum(e["name"] == "fork" for e in flows) == 4 == sum(e["name"] == "exit" for e in flows),
           on + "arrows of forks and exits from one process to another", flows)
    tap.ok(any(e["ph"] == "i" and e["cat"] == "fault" and "rule" in e["args"] for e in events),
           on + "instants of faults")
    return text


def check_checker(tap, text):
    """The checker finds what is wrong."""
    def changed(wanted, change):
        whole = json.loads(text)
        for event in whole["traceEvents"]:
            if wanted(event):
                change(event)
                break
        return trace_event.broken_rules(json.dumps(whole))
    for what, wanted, change in (
            ("an E that is missing", lambda e: e["ph"] == "E", lambda e: e.update(ph="i")),
            ("a B without a name", lambda e: e["ph"] == "B", lambda e: e.pop("name")),
            ("time that goes back", lambda e: e["ph"] == "E", lambda e: e.update(ts=0)),
            ("an arrow without an end", lambda e: e["ph"] == "f", lambda e: e.update(id=10 ** 6)),
            ("an arrow from nowhere", lambda e: e["ph"] == "s", lambda e: e.update(tid=10 ** 7)),
            ("a phase that there is not", lambda e: e["ph"] == "i", lambda e: e.update(ph="Y"))):
        tap.ok(changed(wanted, change), f"the checker sees {what}")
    tap.ok(trace_event.broken_rules(text[:-5]) and trace_event.broken_rules("[]"), "and what is no object")


# ---- Traces that are not whole -----------------------------------------------------------------------

EVENTS = """\
0.100000000 0 7 task tid=7 tgid=7 parent=1 mm=3 "sh"
0.100001000 0 7 enter nr=2 a=0x401000,0x80000,0x0,0x0,0x0,0x0 more=1
0.100001100 0 7 text arg=0 "/a \\"b\\"\\n\\001"
0.100002000 0 7 leave nr=2 ret=-2
0.100003000 0 7 new_event word key=value "text"...
"""


def check_broken(tap):
    out, status, _ = trace("--from", "-", data=EVENTS)
    tap.equal((out, status), ('open("/a \\"b\\"\\n\\1", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)\n', 0),
              "strings; keys and events that are not known")
    out, status, err = trace("--from", "-", data=EVENTS + "lost 17\n" + EVENTS)
    tap.ok(status == 0 and "*** 17 events were lost here: the ring was full ***\n" in out, "lost events are told",
           out, err)
    for what, data, word, wanted in (
            ("a line that is garbled", EVENTS.replace("0.100002000", "0.1?"), "line 4 ", 1),
            ("bytes that are no text", "\0\1\377\n" + EVENTS, "line 1 ", 1),
            ("an event without a key", EVENTS.replace("nr=2 a", "a"), "line 2: enter without nr=", 1),
            ("an end within a line", EVENTS[:-20], "last line", 0),
            ("no events", "", "no events", 1)):
        for form in ("--text", "--json"):
            out, status, err = trace("--from", "-", form, "-", data=data)
            tap.ok(status == wanted and word in err and "Traceback" not in err, f"{form}: {what}", status, err)
    # Whatever is cut off in front or lost in the middle, as in a ring: no exception, and good JSON.
    lines = record_of("sh", "-c", "forkdemo | cat").splitlines(keepends=True)
    for first, last in ((len(lines) // 3, None), (len(lines) // 2, None), (0, -len(lines) // 3)):
        data = "".join(lines[first:last])
        out, status, err = trace("--from", "-", "--json", "-", data=data)
        broken = trace_event.broken_rules(out)
        tap.ok(status == 0 and not broken, f"a timeline of lines {first} to {last}", *broken[:3], err[-1000:])
        out, status, err = trace("-f", "--from", "-", data=data)
        tap.ok(status == 0 and "(" in out, f"text of lines {first} to {last}", err[-1000:])


def record_of(*command):
    with tempfile.NamedTemporaryFile("r", encoding="latin-1") as kept:
        trace("-e", "all", "--record", kept.name, "--", *command)
        return kept.read()


def check_ring(tap):
    """/proc/trace from inside, with more events than a ring holds."""
    done = subprocess.run(
        [os.path.join(ROOT, "tools", "guest"), "-t", str(LIMIT_S), "--", "busybox", "sh", "-c",
         "echo syscall process >/proc/sys/kernel/trace; i=0;"
         "while [ $i -lt 2000 ]; do read x </proc/uptime; i=$((i+1)); done; forkdemo >/dev/null; cat /proc/trace"],
        capture_output=True, stdin=subprocess.DEVNULL, check=False, text=True, timeout=LIMIT_S)
    out, status, err = trace("-f", "--from", "-", data=done.stdout)
    tap.ok(status == 0 and re.match(r"\*\*\* \d+ events were lost here", out), "a ring that ran over", out[:500], err)
    tap.ok(re.search(r"^\[pid +\d+\] execve\(.*\[\"forkdemo\"\]", out, re.M), "and what came last", out[-500:])


def check_errors(tap):
    for args, status, word in ((["--", "no-such-program"], 127, "No such file"),
                               (["--from", "/no/such"], 1, "No such file"),
                               (["-e", "foo", "--", "true"], 126, "the words are"),
                               (["-e", "trace=foo", "--", "true"], 126, "no system call is called foo"),
                               (["--text", "/no/such/file", "--", "true"], 126, "No such file"),
                               (["-F", "/no/such", "--", "true"], 126, "no such file"), ([], 126, "--from")):
        out, got, err = trace(*args)
        tap.ok(got == status and word in err and not out and "Traceback" not in err, f"{args}: {status} and why",
               got, out, err)


# ---- Tables -------------------------------------------------------------------------------------------

def check_tables(tap):
    rows = calls.read_calls()
    with open(os.path.join(ROOT, "kernel", "syscall", "table.c"), encoding="utf-8") as f:
        table = {int(n): name for n, name in re.findall(r"^\tCALL\((\d+), (\w+),", f.read(), re.M)}
    wrong = [f"{n} {name}" for n, name in table.items() if n not in rows or rows[n].name != name]
    tap.equal(wrong, [], "calls of kernel/syscall/table.c that tools/tracer/calls.py has not")
    errnos = constants.read_errnos()
    with open(os.path.join(ROOT, "kernel", "lib", "errno.h"), encoding="utf-8") as f:
        known = {(int(n), name) for name, n in re.findall(r"\b(E[A-Z0-9]+|ERESTART\w+) = (\d+)", f.read())}
    tap.equal(known - {(n, name) for n, (name, _) in errnos.items()}, set(), "errors of kernel/lib/errno.h")
    if not CAN_RUN_NATIVELY or not shutil.which("gcc"):
        tap.skip("constants beside Linux's headers", "needs gcc, on Linux for x86-64")
        return
    tap.equal([f"{n} {name}: {text}" for n, (name, text) in errnos.items() if n < 512 and os.strerror(n) != text],
              [], "texts of errors")
    values = header_values()
    ours = {f"SYS_{row.name}": row.number for row in rows.values()}
    ours.update((name, int(value, 0)) for name, value in re.findall(r"([A-Z_]\w+)=(-?\w+)", constants.GROUPS))
    wrong = [f"{name}: {value} here, {values.get(name, 'none')} in the headers" for name, value in ours.items()
             if values.get(name) != value]
    tap.equal(wrong, [], f"{len(ours)} constants as in Linux's headers")


LIBC = "sys/syscall signal unistd sched sys/mman sys/wait sys/ioctl sys/socket sys/eventfd sys/resource " \
       "sys/time time sys/stat sys/random sys/uio sys/mount"
KERNEL = "linux/fcntl linux/fs linux/mount linux/fadvise linux/falloc linux/memfd linux/stat asm/ioctls " \
         "linux/kd linux/vt linux/random linux/mman linux/close_range linux/futex asm/prctl linux/prctl " \
         "linux/wait linux/sched linux/time linux/resource"


def header_values():
    """{name: number} by the compiler. Where C library and kernel differ (O_LARGEFILE) it is the kernel's."""
    names = [f"SYS_{row.name}" for row in calls.read_calls().values()]
    names += re.findall(r"(\w+)=", constants.GROUPS)
    values = {}
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "names.c"), os.path.join(folder, "names")
        for headers in (LIBC, KERNEL):
            with open(source, "w", encoding="ascii") as f:
                f.write("#define _GNU_SOURCE\n#include <stdio.h>\n")
                f.writelines(f"#include <{header}.h>\n" for header in headers.split())
                f.write("int main(void)\n{\n")
                f.writelines(f'#ifdef {name}\nprintf("{name} %lld\\n", (long long)({name}));\n#endif\n'
                             for name in names)
                f.write("}\n")
            subprocess.run(["gcc", "-w", "-o", program, source], check=True)
            said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
            values.update((line.split()[0], int(line.split()[1])) for line in said.splitlines())
    return values


def can_strace():
    """Some containers do not allow ptrace."""
    return CAN_RUN_NATIVELY and shutil.which("strace") and shutil.which("musl-gcc") and \
        not subprocess.run(["strace", "-o", os.devnull, "true"], check=False, stderr=subprocess.DEVNULL).returncode


def main():
    tap = Tap()
    check_text(tap)
    check_crash(tap)
    check_json(tap, 1)
    check_checker(tap, check_json(tap, 4))
    check_broken(tap)
    check_ring(tap)
    check_errors(tap)
    check_tables(tap)
    if can_strace():
        check_strace(tap)
    else:
        tap.skip("the text beside strace's", "needs strace and musl-gcc, on Linux for x86-64")
    tap.done()


main()
