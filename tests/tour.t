#!/usr/bin/env python3
"""Sets the breakpoints of docs/tour.md in the runs that its stops name, and wants each to be hit.

    tests/tour.t [WORDS...]     only the runs whose `make gdb` has these words, each as one argument

A stop's `make gdb` line holds for the stops that follow, until the next one. All stops of one run
share a gdb; a breakpoint that has been hit is deleted. Where no PROG is named, the shell runs, and
KEYS is typed, which is what the stops tell to type.
"""
import os
import re
import shlex
import shutil
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from debugger import Debugger, RUN_S, debug_build  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

PROMPT = r"# \x1b\[K\r\x1b\[2C"
AGAIN_S = 2  # after which a key is typed again that came too early: before the job was in front
# What the output must have, then what is typed.
KEYS = [
    (PROMPT, "cat\r"), (r"cat\r", "x\r"), (r"x\r\nx\r", "\x04"),
    (PROMPT, "trap 'echo caught' USR1; kill -USR1 $$\r"),
    (PROMPT, "sleep 100\r"), (r"sleep 100\r", "\x1a"),
    (PROMPT, "fg\r"), (r"fg\r", "\x1a"),
    (PROMPT, "jobs -l\r"), (PROMPT, "bg\r"), (PROMPT, "cat &\r"), (PROMPT, "fg\r"), (r"fg\r", "\x03"),
    (PROMPT, "busybox sh -c 'ulimit -s 256; ulimit -a; f() { f; }; f'\r"),
    (PROMPT, "cd /proc/sys/kernel; echo syscall >trace; uname; tail /proc/trace\r"),
    (PROMPT, "echo c >/proc/sysrq-trigger\r"),
]
# In gdb: runs until all have been hit, or the machine has ended.
HIT = """
import gdb
left = {}
for where in WHERE:
    gdb.execute("break " + where, False, True)
    left[gdb.breakpoints()[-1].number] = where
while left:
    try:
        gdb.execute("continue", False, True)
    except gdb.error:
        break
    for breakpoint in gdb.breakpoints():
        if breakpoint.number in left and breakpoint.hit_count:
            print("hit: " + left.pop(breakpoint.number))
            breakpoint.delete()
"""


def read_runs():
    """{make gdb's words: [(number of the stop, where to break)]}."""
    with open(os.path.join(ROOT, "docs", "tour.md"), encoding="utf-8") as f:
        text = f.read()
    runs, stop, command = {}, "", "PROG=forkdemo"
    for line in text.splitlines():
        heading = re.match(r"## (\d+)\. ", line)
        words = re.match(r"    (make gdb|t?break)\b ?(.*)$", line)
        if heading:
            stop = heading[1]
        elif words and words[1] == "make gdb":
            command = words[2]
        elif words and stop:
            runs.setdefault(command, []).append((stop, words[2].strip()))
    return runs


class Typist(threading.Thread):
    """Types KEYS at the guest's console, until the machine ends."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.text, self.sent = path, "", ""

    def run(self):
        end = time.monotonic() + RUN_S
        while not os.path.exists(self.path) and time.monotonic() < end:
            time.sleep(0.05)
        try:
            with socket.socket(socket.AF_UNIX) as self.console:
                self.console.connect(self.path)
                self.console.settimeout(AGAIN_S)
                for pattern, keys in KEYS:
                    self.wait(pattern)
                    self.console.sendall(keys.encode())
                    self.sent = keys
                self.wait("never")  # what is typed is lost if the line is cut
        except OSError:
            pass  # the machine has ended

    def wait(self, pattern):
        while not re.search(pattern, self.text):
            try:
                data = self.console.recv(4096)
                if not data:
                    raise OSError("ended")
                self.text += data.decode("utf-8", "replace")
            except socket.timeout:
                if self.sent in ("x\r", "\x1a", "\x03", "\x04"):
                    self.console.sendall(self.sent.encode())
        self.text = self.text[re.search(pattern, self.text).end():]


def check_run(tap, debugger, command, stops):
    settings = dict(word.split("=", 1) for word in shlex.split(command))
    script = os.path.join(debugger.tmp, "hit.py")
    with open(script, "w", encoding="utf-8") as f:
        f.write(f"WHERE = {[where for _, where in stops]!r}\n{HIT}")
    typist = Typist(os.path.join(debugger.tmp, "console.sock"))
    if "PROG" not in settings:
        if os.path.exists(typist.path):
            os.remove(typist.path)  # an earlier run's
        typist.start()
    _, output = debugger.run("run", ["-batch", "-ex", f"source {script}"],
                             **{"PROG": "", "MEM": "256", **settings})
    hit = re.findall(r"^hit: (.*)$", output, flags=re.M)
    for stop, where in stops:
        tap.ok(where in hit, f"stop {stop}, make gdb {command}: break {where}",
               output[-1500:], typist.text[-300:])


def main():
    tap = Tap()
    if not shutil.which(os.environ.get("GDB") or "gdb"):
        tap.skip("the tour", "there is no gdb")
        tap.done()
        return
    debug_build()
    with Debugger() as debugger:
        for command, stops in read_runs().items():
            if len(sys.argv) > 1 and command not in sys.argv:
                continue
            check_run(tap, debugger, command, stops)
        tap.ok(debugger.gone(), "no process is left")
    tap.done()


main()
