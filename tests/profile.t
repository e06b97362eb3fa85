#!/usr/bin/env python3
"""Checks tools/profile: what it counts, whether that agrees with the clock, and its errors."""
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import ROOT, Tap  # noqa: E402

LIMIT_S = 100
BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
CLOCK = os.path.join(BUILD, "tests", "guest", "count_paths")


def profile(*args, env=None):
    """(stdout, status, stderr)"""
    done = subprocess.run([os.path.join(ROOT, "tools", "profile"), *args], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=False, text=True,
                          env=dict(os.environ, **(env or {})))
    return done.stdout, done.returncode, done.stderr


def number(text):
    return int(text.replace(",", ""))


def table(text):
    """{function: (instructions, calls)}"""
    rows = re.findall(r"^ *([\d,]+) +[\d.]+ +(\d+|-) +\S+  (\S.*)$", text, re.M)
    return {name: (number(own), 0 if calls == "-" else int(calls)) for own, calls, name in rows}


def check_table(tap):
    out, status, err = profile("--callers", "-n", "0", "--", "forkdemo")
    tap.ok(status == 0 and "child: fork returned 0: yes" in err, "the program runs, and is heard",
           status, err)
    rows = table(out)
    total = re.match(r"([\d,]+) instructions: kernel ([\d,]+) .*user ([\d,]+) ", out)
    if not tap.ok(total and rows, "a table with a sum", out[:1000], err):
        return
    whole, kernel, user = map(number, total.groups())
    tap.equal(sum(own for own, _ in rows.values()), whole, "the rows add up to the sum")
    tap.ok(kernel + user == whole and 20000 < whole < 1000000 and kernel > user > 5000,
           "kernel and user are plausible", total.group())
    for function, calls in (("clone_task", 1), ("sys_exit_group", 2), ("main  [forkdemo]", 1),
                            ("exec_run", 1), ("_Fork  [forkdemo]", 1)):
        tap.equal(rows.get(function, (0, 0))[1], calls, f"calls of {function}")
    tap.ok(re.search(r"  clone_task\n +1 +from sys_fork\n", out), "callers")


def check_clock(tap):
    """The clock of -i and the counts agree."""
    out, _, err = profile("-n", "0", "--steps", "count_paths:work", "--to", "count_paths:work_done",
                          "--tree", "-f", CLOCK, "--", "count_paths")
    clock = re.search(r"^# work: (\d+) ns$", err, re.M)
    total = re.search(r"^([\d,]+) instructions:", out, re.M)
    if not tap.ok(clock and total, "work() is found", out[:1000], err):
        return
    counted, took = number(total.group(1)), int(clock.group(1))
    tap.ok(abs(counted - took) * 100 < took, "forks, execs, faults, a pipe: within 1 % of the clock",
           f"counted {counted}, took {took}")
    tree = re.findall(r"^ *([\d,]+) +([\d,]+) +(\d+)  ( *)(\S+)", out.split("instructions:")[0], re.M)
    work = [row for row in tree if row[4] == "work"]
    tap.ok(work and number(work[0][0]) * 2 > counted, "the tree begins with work()", tree[:5])
    nulls = [row for row in tree if row[4] == "sys_getppid" and row[3]]
    tap.equal([row[2] for row in nulls], ["8"], "and has its 8 null calls as one way", tree[:40])


def check_steps(tap):
    out, status, err = profile("--steps", "sys_fork", "--to", "user", "--", "forkdemo")
    steps = re.findall(r"^ *([\d,]+) +([\d,]+)  (\S+)", out.split("instructions:")[0], re.M)
    names = [name for _, _, name in steps]
    order = [names.index(name) if name in names else -1
             for name in ("sys_fork", "clone_task", "tree_share", "sched_start")]
    tap.ok(status == 0 and order[0] == 0 and order == sorted(order), "steps of fork in their order",
           status, out, err)
    tap.equal(number(steps[-1][0]), sum(number(here) for _, here, _ in steps), "and their sum")
    out, status, err = profile("--tree", "--folded", "--", "busybox", "sh", "-c", "exit 3")
    tap.equal(status, 3, "the program's exit status", err)
    tap.ok(re.search(r"^init`execvp;.*;sys_execve;exec_run;\S+ \d+$", out, re.M), "folded stacks",
           out[:1000])


def check_errors(tap):
    for args, words in ((["--steps", "no_such", "--", "true"], "no function no_such"),
                        (["--steps", "sys_fork", "--nth", "9", "--", "true"], "not called 9 times"),
                        (["--to", "user", "--", "true"], "--to goes with --steps"),
                        (["-f", "/no/such", "--", "true"], "no such file"),
                        ([], "required")):
        out, status, err = profile(*args)
        tap.ok(status == 126 and words in err.lower() and not out and "Traceback" not in err,
               f"{args}: 126 and why", status, err)
    out, status, err = profile("-t", "0.2", "--", "sleep", "1000")
    tap.ok(status == 124 and "time limit" in err, "the time limit", status, err)
    with tempfile.TemporaryDirectory() as folder:
        old = os.path.join(folder, "qemu")
        with open(old, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\necho QEMU emulator version 7.0\n")
        os.chmod(old, 0o755)
        out, status, err = profile("--", "true", env={"QEMU": old})
    tap.ok(status == 126 and "without TCG plugins" in err, "a QEMU without plugins", status, err)
    out, status, err = profile("--", "true", env={"QEMU": "/no/qemu"})
    tap.ok(status == 126 and "setup" in err, "no QEMU", status, err)


def check_ended(tap):
    """SIGTERM: stderr ends when nobody is left who has it, tools/guest included."""
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.Popen(
            [os.path.join(ROOT, "tools", "profile"), "--", "sh", "-c", "echo up; while :; do :; done"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, TMPDIR=folder))
        heard = any("up" in line for line in ended.stderr)
        ended.terminate()
        _, err = ended.communicate(timeout=LIMIT_S)
        tap.ok(heard and ended.returncode == 130 and not os.listdir(folder),
               "SIGTERM leaves no guest and no files", ended.returncode, err, os.listdir(folder))


def main():
    tap = Tap()
    check_table(tap)
    if tap.ok(os.path.exists(CLOCK), "count_paths is built", "make tests"):
        check_clock(tap)
    check_steps(tap)
    check_errors(tap)
    check_ended(tap)
    tap.done()


main()
