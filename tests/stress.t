#!/usr/bin/env python3
"""Loads that a shell user can cause: many forks, long pipelines, a fork bomb.

Each runs in the guest under Tine's own shell, strict: the audit must be ok and all memory back.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import ROOT, Tap  # noqa: E402

LOADS = [
    ("10,000 forks and waits in a loop", [],
     "i=0; while [ $i -lt 10000 ]; do (exit 3); [ $? = 3 ] || exit 1; i=$((i+1)); done; echo $i",
     "10000\n"),
    ("1,000 commands", [],
     "i=0; while [ $i -lt 1000 ]; do /bin/true || exit 1; i=$((i+1)); done; echo $i", "1000\n"),
    ("a pipeline of ten processes", [],
     "echo tine | cat | cat | cat | cat | cat | cat | cat | cat | tr a-z A-Z", "TINE\n"),
    ("the audit, read as a file", [], "cut -d ' ' -f 1,3 /proc/audit", "ok frames\n"),
    ("a fork bomb ends in an error, and the shell goes on", ["-m", "96"],
     "bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 3; echo still here; "
     "kill -9 -1 2>/dev/null; true", None),
]


def main():
    tap = Tap()
    env = dict(os.environ, TINE_STRICT="1")
    for title, options, script, output in LOADS:
        command = [os.path.join(ROOT, "tools", "guest"), "-t", "300", *options, "--",
                   "sh", "-c", script]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=env, check=False)
        if output is None:  # the last line kills everything, the shell with it
            good = "still here\n" in done.stdout and done.returncode in (0, 137)
        else:
            good = done.stdout == output and done.returncode == 0
        tap.ok(good, title, f"status {done.returncode}", done.stdout[-500:], done.stderr[-2000:])
    tap.done()


main()
