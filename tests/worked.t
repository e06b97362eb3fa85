#!/usr/bin/env python3
"""Runs the worked sessions of docs/debugging.md as they are written, and compares what comes.

    tests/worked.t [--fill]     --fill writes what came into the document, where it has no "..."

A fenced block that begins with `$ make gdb` (or replay) begins a session; blocks that begin with
`(gdb)` go on with it. `$` commands of other kinds are run as they stand. What follows a command is
its output, but for that of starting gdb: `...` stands for any lines, and numbers that vary
(addresses, lines of sources, long ones) are all the same.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from debugger import Debugger, RUN_S, debug_build  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

DOC = os.path.join(ROOT, "docs", "debugging.md")
NAME = f"worked-{os.getpid()}"  # of recordings: the person's own stay
MARK = "@@ next @@"
TOOLS = {"gdb": "run", "record": "record", "replay": "replay"}


class Step:
    """One command, and the lines of the document that are its output."""

    def __init__(self, command, first):
        self.command, self.first, self.wanted, self.got = command, first, [], []
        self.starts_gdb = re.match(r"make (gdb|replay)\b", command) is not None


def read_sessions(lines):
    """Lists of steps: a session of gdb, whose first step starts it, or one command of the shell."""
    sessions, inside, step = [], False, None
    for number, line in enumerate(lines):
        if line.startswith("```"):
            inside, step = not inside, None
        elif inside and line.startswith("$ "):
            step = Step(line[2:], number + 1)
            sessions.append([step])
        elif inside and line.startswith("(gdb) "):
            step = Step(line[6:], number + 1)
            sessions[-1].append(step)
        elif inside and step:
            step.wanted.append(line)
    return sessions


def run_session(debugger, steps):
    words = shlex.split(steps[0].command)
    if words[0] == "make" and words[1] in TOOLS:
        settings = dict(word.split("=", 1) for word in words[2:])
        options = []
        if words[1] != "record":
            options.append("-batch")
        for step in steps[1:]:
            options += ["-ex", f"echo {MARK}\\n", "-ex", step.command]
        output = debugger.run(TOOLS[words[1]], options, **{"MEM": "256", "RECORD": NAME, **settings})[1]
        output = output.replace(f" RECORD={NAME}", "").replace(NAME, "last")
        for step, text in zip(steps, re.split(f"^{MARK}\n", output, flags=re.M)):
            step.got = text.splitlines()
    else:
        done = subprocess.run(steps[0].command, shell=True, cwd=ROOT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=RUN_S, check=False)
        steps[0].got = done.stdout.splitlines()
    if len(steps) > 1:
        last = steps[-1].got
        steps[-1].got = [line for line in last if not re.match(r"\[Inferior 1 .*detached\]|Detaching", line)]


def plain(line):
    """What two runs have in common."""
    for pattern, word in ((r"0x[0-9a-f]{3,}", "0x~"), (r"(\.[chS]:)\d+", r"\1~"),
                          (r"\bline \d+", "line ~"), (r"^\d+\t", "~\t"), (r"\d+\.\d{3,}|\d\.\d(?= s\b)", "~"),
                          (r"\b\d{4,}\b", "~"), (r"(\w)\+(0x)?[0-9a-f~]+", r"\1+~"),
                          (r"\s+", " ")):
        line = re.sub(pattern, word, line)
    return line.strip()


def trimmed(lines):
    """Without empty lines: gdb and the document have theirs for the eye."""
    return [line for line in map(plain, lines) if line]


def matches(wanted, got):
    """Whether got is wanted, where `...` is any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in wanted)
    return re.fullmatch(pattern, "".join(line + "\n" for line in got)) is not None


def fill(lines, sessions):
    """Puts what came into the document."""
    for step in sorted((s for steps in sessions for s in steps), key=lambda s: -s.first):
        if "..." not in step.wanted and not step.starts_gdb:
            got = [line.rstrip() for line in step.got if line.strip()]
            lines[step.first:step.first + len(step.wanted)] = got
    with open(DOC, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def plain_build():
    """What the document runs outside of gdb, also when `make test DEBUG=1` tests another build."""
    if os.environ.pop("TINE_BUILD", None):
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "DEBUG")}
        subprocess.run(["make", "kernel", "root"], cwd=ROOT, stdout=sys.stderr, env=env, check=False)


def main():
    tap = Tap()
    if not shutil.which(os.environ.get("GDB") or "gdb"):
        tap.skip("worked sessions", "there is no gdb")
        tap.done()
        return
    debug_build()
    plain_build()
    with open(DOC, encoding="utf-8") as f:
        lines = f.read().splitlines()
    sessions = read_sessions(lines)
    with Debugger() as debugger:
        try:
            for steps in sessions:
                run_session(debugger, steps)
                for step in steps:
                    wanted, got = trimmed(step.wanted), trimmed(step.got)
                    if not step.starts_gdb:
                        tap.ok(matches(wanted, got), f"line {step.first}: {step.command}",
                               "wanted:", *step.wanted, "got:", *step.got)
            tap.ok(debugger.gone(), "no process is left")
        finally:
            for folder in (NAME, NAME + ".new"):
                shutil.rmtree(os.path.join(ROOT, "build", "record", folder), ignore_errors=True)
    if "--fill" in sys.argv:
        fill(lines, sessions)
    tap.done()


main()
