#!/usr/bin/env python3
"""Runs the host tests: build/tests/host/*, cmocka programs with kernel code under ASan and UBSan.

    tests/host.t [NAME...]

Each test of cmocka is one point here. A program that dies, or says nothing, is one that failed.
"""
import glob
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import ROOT, Tap  # noqa: E402

LIMIT_S = 240
POINT = re.compile(r"(not )?ok\b *\d* *-? *(.*)")


def run(tap, name):
    program = os.path.join(os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build"),
                           "tests", "host", name)
    source = os.path.join(ROOT, "tests", "host", name + ".c")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        tap.ok(False, f"host {name}", f"{program} is not built: make tests says why")
        return
    # Leaks are judged by the tests: LeakSanitizer cannot run under every debugger or container.
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", ASAN_OPTIONS="detect_leaks=0")
    try:
        done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=env, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        tap.ok(False, f"host {name}", f"time limit of {LIMIT_S} s")
        return
    text = done.stdout.decode("utf-8", "replace")
    points = [m.groups() for m in map(POINT.match, text.splitlines()) if m]
    failed = 0
    for bad, title in points:
        failed += bool(bad)
        tap.ok(not bad, f"host {name}: {title}")
    if not points or (done.returncode and not failed):
        tap.ok(False, f"host {name}: runs to its end", f"status {done.returncode}", text[-6000:])
    elif failed:
        print("".join(f"#   {line}\n" for line in text.splitlines()[-60:]), file=sys.stderr)


def main():
    tap = Tap()
    sources = sorted(glob.glob(os.path.join(ROOT, "tests", "host", "*.c")))
    names = [os.path.basename(s)[:-2] for s in sources]
    for name in names:
        if not sys.argv[1:] or name in sys.argv[1:]:
            run(tap, name)
    tap.done()


main()
