#!/usr/bin/env python3
"""Runs the demos (user/*.c) with either C library on one CPU and on four.

    tests/demos.t [NAME...]

Each must print what tests/guest/expected/NAME has: Linux's answer, by tests/record. One boot runs
all demos: glibc on 1 CPU, musl and glibc on 4, and glibc on this Linux, for the record's sake.
(musl on 1 CPU, and on this Linux: tests/guest.t, which boots each by itself.) Lines that begin with
"# " are not compared. TINE_CPUS says another number than 4.
"""
import concurrent.futures
import difflib
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import programs  # noqa: E402
import runs  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
MANY = os.environ.get("TINE_CPUS", "4")
LIMIT_S = 240
# Run by BusyBox's shell with: folder of the demos, their names. Each has a folder of its own.
DRIVER = """
from=$1; shift
for name; do
	mkdir in; cd in
	echo "@@ $name"
	$from/$name </dev/null 2>&1
	echo "@@ status $?"
	cd ..; rm -rf in
done
"""


def sections(output):
    """{demo: (output, status)} of the driver's output."""
    found = re.findall(rb"^@@ (\w+)\n(.*?)^@@ status (\d+)$", output, re.S | re.M)
    return {name.decode(): (said, int(status)) for name, said, status in found}


def run_in_tine(folder, names, cpus):
    """folder: where the root has them; the demos with glibc are not in it, and are added."""
    files = [f"{BUILD}/glibc/{n}:{folder}/{n}" for n in names] if folder != "/bin" else []
    return runs.run_guest("busybox", ["sh", "-c", DRIVER, "sh", folder, *names],
                          ["-c", cpus], files=files, limit_s=LIMIT_S)


def run_here(demos):
    names = [demo.name for demo in demos]
    return runs.run_native("/bin/sh", ["-c", DRIVER, "sh", os.path.join(BUILD, "glibc"), *names],
                           LIMIT_S)


def check(tap, title, demos, result):
    found = sections(result.output)
    for demo in demos:
        said, status = found.get(demo.name, (b"", "none: it did not run to its end"))
        linux = demo.recorded()
        if linux is None:
            tap.ok(False, f"demo {demo.name}, {title}", "no record: make record-expected")
            continue
        ours, theirs = demo.spec.compared(said), demo.spec.compared(linux.output)
        diff = difflib.unified_diff(theirs, ours, "record", title, lineterm="", n=2)
        tap.ok(ours == theirs and status == linux.status, f"demo {demo.name}, {title}",
               f"exit status: record {linux.status}, here {status}", "\n".join(list(diff)[:60]))
    tap.ok(result.status == 0, f"{title}: the machine ends well", f"status {result.status}",
           result.notes)


def why_no_glibc(names):
    """None, or why the demos with glibc cannot be run."""
    if all(os.path.exists(f"{BUILD}/glibc/{n}") for n in names):
        return None
    compiler = os.environ.get("CC", "gcc")
    done = subprocess.run([compiler, "-print-file-name=libc.a"], capture_output=True, check=False)
    if done.stdout.startswith(b"/"):
        return None  # it is there, so a demo that was not built is a failure
    return "no static glibc on this machine (Debian: libc6-dev)"


def main():
    tap = Tap()
    demos = [p for p in programs.all_programs()
             if p.is_demo and (not sys.argv[1:] or p.name in sys.argv[1:])]
    names = [p.name for p in demos]
    no_glibc = why_no_glibc(names)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = {f"musl, {MANY} CPUs": pool.submit(run_in_tine, "/bin", names, MANY)}
        if no_glibc:
            tap.skip("the demos with glibc", no_glibc)
        else:
            jobs["glibc, 1 CPU"] = pool.submit(run_in_tine, "/glibc", names, "1")
            jobs[f"glibc, {MANY} CPUs"] = pool.submit(run_in_tine, "/glibc", names, MANY)
            if runs.CAN_RUN_NATIVELY and os.geteuid() == 0:
                here = [demo for demo in demos if not demo.spec.says("native", "no")]
                jobs["glibc, this Linux"] = pool.submit(run_here, here)
        for title, job in jobs.items():
            check(tap, title, here if "this" in title else demos, job.result())
    tap.done()


main()
