#!/usr/bin/env python3
"""Checks what `make bench` consists of, without measuring anything.

The program prints each of its lines once, on this host's Linux and on Tine; wrong arguments are
refused. tools/bench/run, given canned results: ratios, warnings against a baseline, files, plots,
and what it says when something is missing.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from runs import CAN_RUN_NATIVELY  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
PROGRAM = os.path.join(BUILD, "tests", "bench", "bench")
IMAGE = os.path.join(BUILD, "tests", "bench", "image_1MiB")
RUN = os.path.join(ROOT, "tools", "bench", "run")
TINY = ["-d", "1000", "-m", "16", "-p", "10"]
NOT_IN_TINY = {"touch_1GiB", "munmap_1GiB", "exit_1GiB", "prompt_"}
LIMIT_S = 150


def call(*command, env=None):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT_S, check=False, env=dict(os.environ, **(env or {})))
    return done.stdout.replace("\r", ""), done.returncode, done.stderr


def check_lines(tap, where, said, names):
    out, status, err = said
    tap.equal((status, "FAIL" in out), (0, False), f"{where}: every measure ends well", out, err)
    lines = re.findall(r"^(\w+)\t\d+\t\S+$", out, re.M)
    tap.equal(sorted(lines), sorted(set(lines)), f"{where}: each line once")
    silent = [n for n in names if not any(line == n or (n[-1] == "_" and line.startswith(n))
                                          for line in lines)]
    tap.equal(silent, [], f"{where}: each measure prints its lines", out)
    return lines


def check_program(tap):
    guest = [os.path.join(ROOT, "tools", "guest"), "-t", "120", "-f", PROGRAM + ":/bin/bench",
             "-f", IMAGE + ":/bin/image_1MiB", "--", "bench"]
    names = set(call(*guest, "-l")[0].split()) - NOT_IN_TINY
    tap.ok(len(names) > 25, "-l lists the measures", names)
    on_tine = check_lines(tap, "Tine", call(*guest, *TINY), names)
    tap.equal(call(*guest, "-m", "16", "fork_return_0")[0].count("fork_return_"), 2,
              "a line is chosen by its name")
    if not CAN_RUN_NATIVELY:
        tap.skip("Linux", "this host does not run the program")
        return
    tap.equal(check_lines(tap, "Linux", call(PROGRAM, *TINY), names), on_tine,
              "Linux: the same lines in the same order")
    for wrong in (["-x"], ["-d"], ["-d", "0"], ["-m", "1x"], ["no_such_line"], ["-p", "-1"]):
        out, status, err = call(PROGRAM, *wrong)
        tap.ok((out, status) == ("", 2) and "usage" in err, f"refused: bench {' '.join(wrong)}",
               err)


def canned(tine, linux=None):
    """Results of one CPU by instructions."""
    def table(values):
        return {name: {"unit": unit, "values": [value]} for name, (value, unit) in values.items()}
    kernels = {"tine": table(tine), "linux": table(linux or {})}
    return {"about": {"Tine": "canned"}, "notes": ["a note"],
            "runs": {"instructions": {"1": kernels}}}


def baseline(values):
    return {"about": {}, "lines": {"1": {name: {"value": value, "unit": unit}
                                         for name, (value, unit) in values.items()}}}


OLD = {"lost_four": (1000, "ns"), "lost_two": (1000, "ns"), "rate": (1000, "MiB/s"),
       "won": (1000, "ns"), "gone": (1000, "ns"), "tiny": (20, "ns"),
       "fork_return_0MiB": (7000, "ns"), "fork_return_16MiB": (7000, "ns")}
NEW = {"lost_four": (1040, "ns"), "lost_two": (1020, "ns"), "rate": (950, "MiB/s"),
       "won": (500, "ns"), "fresh": (1000, "ns"), "tiny": (22, "ns"),
       "fork_return_0MiB": (7000, "ns"), "fork_return_16MiB": (7000, "ns")}
LINUX = {"lost_two": (10200, "ns"), "won": (250, "ns"), "rate": (190, "MiB/s"),
         "fork_return_0MiB": (120000, "ns"), "fork_return_16MiB": (700000, "ns")}


class Report:
    """tools/bench/run on canned results, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(data if isinstance(data, str) else json.dumps(data))
        return path

    def run(self, result, old, **env):
        return call(RUN, "--report", self.file("in.json", result), "--out", self.folder,
                    "--baseline", self.file("old.json", old), env=env)


def check_report(tap, report):
    out, status, err = report.run(canned(NEW, LINUX), baseline(OLD))
    tap.equal(status, 0, "a loss is a warning, no failure", out, err)
    told = dict(re.findall(r"^warning: (\w+), 1 CPU: (.*)$", out, re.M))
    tap.equal(set(told), {"lost_four", "rate", "gone", "fresh"}, "more than 3 % lost is told", out)
    tap.ok("lost 4.0 %: 1,000 in the baseline, 1,040 now" in told.get("lost_four", ""),
           "with figures", told)
    tap.ok("not measured" in told.get("gone", ""), "a missing line is named", told)
    tap.ok(re.search(r"^lost_two +1,020 +10,200 +10.0$", out, re.M), "the table has the ratio", out)
    tap.ok(re.search(r"^rate +950 MiB/s +190 MiB/s +5.00$", out, re.M),
           "more of a rate is better", out)
    tap.ok(re.search(r"^behind: won, .*0.50 times Linux$", out, re.M), "who is behind is told", out)
    tap.ok("\n1 of 2 figures" in out and "missed: fork_return_0MiB: 7,000, the design wants 6,000" in
           out, "what misses the design's goal is told", out)
    tap.ok("note: a note" in out, "notes are shown", out)
    with open(os.path.join(report.folder, "results.md"), encoding="utf-8") as file:
        tap.ok("\n| `lost_two` | 1,020 | 10,200 | 10.0 |\n" in file.read(), "Markdown is written")
    out = report.run(canned(OLD), baseline(OLD))[0]
    tap.ok("No line lost" in out and "warning" not in out, "no loss, no warning", out)
    status, err = report.run("{", baseline(OLD))[1:]
    tap.ok(status == 1 and "in.json" in err and "Traceback" not in err, "no JSON: says so", err)


def check_plots(tap, report):
    for name in ("python3", "git", "qemu-system-x86_64", "gcc"):
        if shutil.which(name):
            os.symlink(shutil.which(name), os.path.join(report.folder, name))
    out = report.run(canned(NEW, LINUX), baseline(OLD), PATH=report.folder)[0]
    tap.ok("apt-get install gnuplot-nox" in out and "lost_two" in out,
           "without gnuplot: the table, and how to get plots", out)
    if not shutil.which("gnuplot"):
        tap.skip("plots", "gnuplot is not installed")
        return
    report.run(canned(NEW, LINUX), baseline(OLD))
    heads = {}
    for kind in ("svg", "png"):
        with open(os.path.join(report.folder, "fork_size_instructions." + kind), "rb") as file:
            heads[kind] = file.read()
    tap.ok(b"Linux" in heads["svg"] and heads["png"].startswith(b"\x89PNG"), "plots: SVG and PNG")


def check_trouble(tap):
    for env, words, wanted in (({"BENCH_LINUX": "/no/kernel"}, [], "BENCH_LINUX=/no/kernel"),
                               ({"BENCH_LINUX": "none"}, ["no_such"], "no line is called no_such"),
                               ({"BENCH_LINUX": "none", "TINE_BUILD": "/no"}, [], "")):
        out, status, err = call(RUN, "--quick", "--out", tempfile.gettempdir(), *words, env=env)
        tap.ok(status == 2 and wanted in err and "Traceback" not in err,
               f"refused: {env} {words}", out, err)
    out, status, err = call(RUN, "--record", "--quick")
    tap.ok(status == 2 and "whole run" in err, "a part is not recorded as baseline", err)


def main():
    tap = Tap()
    if not tap.ok(os.path.exists(PROGRAM) and os.path.exists(IMAGE), "the program is built",
                  "make bench-program"):
        tap.done()
        return
    check_program(tap)
    with tempfile.TemporaryDirectory() as folder:
        check_report(tap, Report(folder))
    with tempfile.TemporaryDirectory() as folder:
        check_plots(tap, Report(folder))
    check_trouble(tap)
    tap.done()


main()
