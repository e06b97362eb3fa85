"""Runs one program on the host's Linux or in a guest, and reads what a test's source says of it.

A run gives a Result: output bytes, exit status (128+N for signal N), and what went wrong besides.
"""
import collections
import os
import platform
import re
import shlex
import subprocess

from tap import ROOT

Result = collections.namedtuple("Result", "output status notes")
DEFAULT_LIMIT_S = 90  # for a host that is busy
CAN_RUN_NATIVELY = platform.system() == "Linux" and platform.machine() == "x86_64"


class Spec:
    """What the comment at the top of a C source says about running it."""

    WORDS = ("guest", "native", "tine-only", "only-lines", "root", "args")

    def __init__(self, source):
        self.said = {}
        with open(source, encoding="utf-8") as f:
            for line in f.read().split("#include")[0].splitlines():
                match = re.match(r"[\s/*]*([a-z-]+):\s*(.*?)\s*(\*/)?$", line)
                if match and match.group(1) in self.WORDS:
                    self.said[match.group(1)] = match.group(2)

    def options(self):
        return shlex.split(self.said.get("guest", ""))

    def args(self):
        return shlex.split(self.said.get("args", ""))

    def limit(self):
        options = self.options()
        return float(options[options.index("-t") + 1]) if "-t" in options else DEFAULT_LIMIT_S

    def says(self, word, answer):
        return self.said.get(word) == answer

    def compared(self, output):
        """The lines of an output that two kernels must have in common."""
        lines = output.decode("utf-8", "backslashreplace").splitlines()
        prefix = self.said.get("only-lines", "")
        return [x for x in lines if not x.startswith("# ") and x.startswith(prefix)]


def run_guest(program, args, options=(), linux=None, files=(), limit_s=DEFAULT_LIMIT_S):
    """tools/guest, strict about the audit and memory."""
    command = [os.path.join(ROOT, "tools", "guest"), "-t", str(limit_s)]
    command += ["-c", os.environ.get("TINE_CPUS", "1")]
    for f in files:
        command += ["-f", f]
    if linux:
        command += ["-k", linux]
    command += [*options, "--", program, *args]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              env=dict(os.environ, TINE_STRICT="1"), timeout=limit_s + 20)
    except subprocess.TimeoutExpired as late:
        return Result(late.stdout or b"", 124, "tools/guest itself did not end")
    return Result(done.stdout, done.returncode, done.stderr.decode("utf-8", "replace"))


def run_native(path, args, limit_s=DEFAULT_LIMIT_S):
    """tests/lib/native, in a process of its own: this one has threads and must not fork."""
    native = os.path.join(ROOT, "tests", "lib", "native")
    done = subprocess.run([native, str(limit_s), path, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    return Result(done.stdout, done.returncode, done.stderr.decode("utf-8", "replace"))
