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
    (r" /\* \d+ vars \*/", ""), (r'(getrandom\()("[^"]*"|0x\w+)', r"\1PTR"), (r"\[\{iov_base=.*\}\]", "PTR"),
    (r"\{(?!W)[^{}]*\}", "PTR"), (r"\{(?!W)[^{}]*\}", "PTR"), (r"~?\[[A-Z0-9_ ]*\]", "PTR"),
    (r"\[\d+, \d+\]", "PTR"), (r"0x[0-9a-f]{5,}", "PTR"),
    (r"^((?:v?fork|clone|get\w*id|getpgrp|set_tid_address|wait4|umask|getpriority)\(.*\) += )\d+$", r"\1N"),
    (r"^((?:wait4|t?kill|getpgid|getsid)\()\d+", r"\1N"), (r"^(tgkill\()\d+, \d+", r"\1N"),
    (r'("/tmp/execattr\.)\d+', r"\1N"), (r"(?<=\")(\d+) \d+(?=\")", "N N"), (r"\s+", " "))


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
        calling = os.path.join(folder, "failing_calls")
        subprocess.run(["musl-gcc", "-static", "-O1", "-Wall", "-Wextra", "-o", calling,
                        os.path.join(ROOT, "tests", "lib", "failing_calls.c")], check=True)
        os.chmod(folder, 0o755)
        for command in (["failing_calls"], ["forkdemo"], ["execattr"], ["vforkdemo"],
                        ["sh", "-c", f"{folder}/forkdemo | {folder}/sh -c 'exit 3'"]):
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


def can_strace():
    """Some containers do not allow ptrace."""
    return CAN_RUN_NATIVELY and shutil.which("strace") and shutil.which("musl-gcc") and \
        not subprocess.run(["strace", "-o", os.devnull, "true"], check=False, stderr=subprocess.DEVNULL).returncode


def main():
    tap = Tap()
    check_text(tap)
    check_crash(tap)
    if can_strace():
        check_strace(tap)
    else:
        tap.skip("the text beside strace's", "needs strace and musl-gcc, on Linux for x86-64")
    tap.done()


main()
