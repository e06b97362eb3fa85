"""strace's own lines of a program on the host, and how they are compared with those of tools/trace.

    text = strace(["/tmp/x/forkdemo"])      as strace -f -o writes it
    by_task(text)                           [[line, ...], ...] without what differs with reason
"""
import os
import pty
import re
import shutil
import subprocess
import tempfile
import threading

from runs import CAN_RUN_NATIVELY

LIMIT_S = 100
GUEST_ENV = {"PATH": "/bin:/usr/bin", "HOME": "/root", "TERM": "dumb"}  # user/init.c's

# What differs with reason: rseq, which Tine lacks; clocks, which Linux has in the vDSO; and what
# comes whenever it likes: what a shell hears of its children, and when.
LEFT_OUT = re.compile(r"rseq\(|clock_gettime\(|time\(|wait4\(-1,|--- SIGCHLD|rt_sigreturn\(|"
                      r".* = \? ERESTART")
# What is written as the same word: structs and addresses, then numbers of processes.
SAME = (
    (r" /\* \d+ vars \*/", ""), (r'(getrandom\(|NAME, )("[^"]*"|0x\w+)', r"\1PTR"),
    (r"\{(?!W|iov_)[^{}]*\}", "PTR"), (r"0x[0-9a-f]{5,}", "PTR"),
    (r"^((?:v?fork|clone|get\w*id|getpgrp|set_tid_address|wait4|umask|getpriority)\(.*\) += )\d+$",
     r"\1N"),
    (r"^((?:wait4|t?kill|getpgid|getsid)\()\d+", r"\1N"), (r"^(tgkill\()\d+, \d+", r"\1N"),
    (r'("/tmp/execattr\.)\d+', r"\1N"), (r'(?<=")(\d+) \d+(?=")', "N N"), (r"\s+", " "))


def can_strace():
    """Some containers do not allow ptrace."""
    if not CAN_RUN_NATIVELY or not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def drain(fd):
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass  # a terminal ends so


def strace(command):
    """Its output goes to a terminal, as in the guest."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as log:
        master, slave = pty.openpty()
        reader = threading.Thread(target=drain, args=(master,))
        reader.start()
        subprocess.run(["strace", "-f", "-o", log.name, *command], stdin=subprocess.DEVNULL,
                       stdout=slave, stderr=slave, env=GUEST_ENV, cwd="/tmp", timeout=LIMIT_S,
                       check=False)
        os.close(slave)
        reader.join()
        os.close(master)
        return log.read()


def by_task(text):
    """The lines of each task, the oldest task first; unfinished calls put together."""
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
    return [tasks[tid] for tid in sorted(tasks, key=int)]
