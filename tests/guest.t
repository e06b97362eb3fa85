#!/usr/bin/env python3
"""Runs guest tests and demos on Tine and on Linux, and compares outputs and exit statuses.

    tests/guest.t [NAME...]      all, or those named

A program is tests/guest/NAME.c or user/NAME.c. Its top comment may say (one a line):
    guest: -m 64 -t 20     options of tools/guest
    args: a b              arguments
    native: no             Linux's side is the record in tests/guest/expected (make record-expected)
    root: yes              the native run needs root: without it the record is used
    tine-only: yes         no Linux side: the program checks itself and exits 0
    only-lines: PREFIX     only lines that begin so are compared
Lines that begin with "# " are never compared. Every run in Tine ends with the audit, and with free
memory as before. TINE_EXPECT=recorded uses the records everywhere; TINE_JOBS says how many guests
run at a time (2), TINE_CPUS how many CPUs each has (1).
"""
import concurrent.futures
import difflib
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import programs  # noqa: E402
import runs  # noqa: E402
from tap import Tap  # noqa: E402


def expected(program):
    """What Linux gives: a native run, or the record. None with a reason where there is neither."""
    spec = program.spec
    native = (runs.CAN_RUN_NATIVELY and os.environ.get("TINE_EXPECT") != "recorded"
              and not spec.says("native", "no")
              and (os.geteuid() == 0 or not spec.says("root", "yes")))
    if native:
        return runs.run_native(program.binary, spec.args(), spec.limit())
    return program.recorded()


def check(tap, program):
    spec = program.spec
    if not program.is_built():
        tap.ok(False, program.title, f"{program.binary} is not built: make tests says why")
        return
    guest = runs.run_guest(program.name, spec.args(), spec.options(), files=program.files(),
                           limit_s=spec.limit())
    if spec.says("tine-only", "yes"):
        tap.ok(guest.status == 0, program.title, f"status {guest.status}",
               guest.output.decode("utf-8", "replace"), guest.notes)
        return
    linux = expected(program)
    if linux is None:
        tap.ok(False, program.title, "no record of Linux's output: make record-expected")
        return
    ours, theirs = spec.compared(guest.output), spec.compared(linux.output)
    same = ours == theirs and guest.status == linux.status
    diff = list(difflib.unified_diff(theirs, ours, "Linux", "Tine", lineterm="", n=2))
    tap.ok(same, program.title, f"exit status: Linux {linux.status}, Tine {guest.status}",
           "\n".join(diff[:60]), linux.notes, guest.notes)


def main():
    tap = Tap()
    wanted = sys.argv[1:]
    chosen = [p for p in programs.all_programs() if not wanted or p.name in wanted]
    probe = runs.run_guest("busybox", ["true"])
    if not tap.ok(probe.status == 0, "the kernel boots and runs a program", probe.notes):
        tap.done()  # else each program would wait for its time limit
        return
    workers = int(os.environ.get("TINE_JOBS", "2"))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(check, tap, p) for p in chosen]:
            done.result()
    tap.done()


main()
