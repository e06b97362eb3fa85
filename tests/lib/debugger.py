"""Scripted gdb sessions for tests: tools/gdb/run, record and replay, with nothing left behind."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tap import ROOT

BUILD_S, RUN_S, END_S = 600, 150, 30


def debug_build():
    """make test has made it; a test alone may have to."""
    debug = os.path.join(ROOT, "build", "debug")
    if not all(os.path.exists(os.path.join(debug, n)) for n in ("tine.elf", "root.cpio")):
        subprocess.run(["make", "DEBUG=1", "kernel", "root"], cwd=ROOT, stdout=sys.stderr,
                       timeout=BUILD_S, check=False)


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""  # it has ended


class Debugger:
    """A TMPDIR of its own, by which its processes are found again. Use: with Debugger() as d."""

    def __init__(self):
        self.tmp = tempfile.mkdtemp(prefix="tine-debugger.t.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.tmp, ignore_errors=True)

    def start(self, tool, options=(), **environment):
        """The process of tools/gdb/TOOL; its output is text in a pipe."""
        return subprocess.Popen(
            [os.path.join(ROOT, "tools", "gdb", tool), *options], cwd=ROOT,
            env=dict(os.environ, **{"MEM": "128", "TMPDIR": self.tmp, "CONSOLE": self.tmp,
                                    **environment}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, tool, options=(), **environment):
        """(exit status, output)."""
        process = self.start(tool, options, **environment)
        try:
            output = process.communicate(timeout=RUN_S)[0]
        except subprocess.TimeoutExpired:
            process.terminate()
            output = process.communicate()[0] + "\nthe time limit was reached\n"
        # gdb's leaving ends QEMU; sometimes it sees that itself.
        return process.returncode, re.sub(r"^Remote communication error.*\n", "", output, flags=re.M)

    def script(self, tool, lines, **environment):
        """{name: output} of gdb commands; a line `@ NAME` begins a part, "" is what comes before."""
        options = ["-batch"]
        for line in filter(None, map(str.strip, lines.splitlines())):
            options += ["-ex", f"echo {line}\\n" if line.startswith("@ ") else line]
        parts = re.split(r"^@ (.*)\n", self.run(tool, options, **environment)[1], flags=re.M)
        return dict(zip(["", *parts[1::2]], parts[::2]))

    def processes(self, word):
        """Numbers of this session's processes whose program's name has that word."""
        if not os.path.isdir("/proc/self"):  # not on Linux: ps is there
            listing = subprocess.run(["ps", "axww", "-o", "pid=,args="], stdout=subprocess.PIPE,
                                     text=True, check=True).stdout
            lines = [line.split(None, 1) for line in listing.splitlines()]
        else:
            lines = [(pid, command_line(pid)) for pid in os.listdir("/proc") if pid.isdigit()]
        return [int(pid) for pid, args in lines
                if self.tmp in args and word in os.path.basename(args.split()[0])]

    def gone(self):
        """Whether QEMU and gdb have gone, in a while."""
        end = time.monotonic() + END_S
        while (self.processes("qemu") or self.processes("gdb")) and time.monotonic() < end:
            time.sleep(0.05)
        return not self.processes("qemu") + self.processes("gdb")


def check_kills(tap, debugger, tool, **environment):
    """kill -9 of gdb, and of the tool that has started it: neither leaves a process behind."""
    for who in ("gdb", tool):
        started = debugger.start(tool, ["-batch", "-ex", "echo here\\n", "-ex",
                                        f"python import time; time.sleep({RUN_S})"], **environment)
        for line in started.stdout:
            if line == "here\n":
                break
        if who == tool and not sys.platform.startswith("linux"):
            tap.skip(f"kill -9 of tools/gdb/{tool}", "needs PR_SET_PDEATHSIG")
            started.terminate()
        else:
            for pid in [started.pid] if who == tool else debugger.processes("gdb"):
                os.kill(pid, signal.SIGKILL)
            started.wait(RUN_S)
            tap.ok(debugger.gone(), f"nothing is left by kill -9 of {who}")
        started.communicate()
