"""Scripted sessions of `make gdb`, with guest tests beside the guest's own programs.

    with Session("mutex_circle") as session:
        parts, console = session.run("sh", "@ name\nbreak main\ncontinue\n")
        check(tap, parts, [("name", "pattern", "what")])
"""
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

from tap import ROOT

sys.path.insert(0, os.path.join(ROOT, "tools"))
import newc  # noqa: E402

BUILD_S, RUN_S = 600, 240
DEBUG = os.path.join(ROOT, "build", "debug")
COLUMNS = 100
# In the place of QEMU: the same with another archive.
WRAPPER = """#!/bin/sh
for word; do
    case $word in
    build/debug/root.cpio) word='%s' ;;
    esac
    set -- "$@" "$word"; shift
done
exec '%s' "$@"
"""


def missing():
    """Why there can be no session; or None."""
    return None if shutil.which(os.environ.get("GDB") or "gdb") else "there is no gdb"


def build(guest_tests):
    """What make test has made; a test alone may have to."""
    wanted = ["tine.elf", "root.cpio", *(f"tests/guest/{name}" for name in guest_tests)]
    if not all(os.path.exists(os.path.join(DEBUG, name)) for name in wanted):
        subprocess.run(["make", "DEBUG=1", "kernel", "root",
                        *(f"build/debug/{name}" for name in wanted[2:])],
                       cwd=ROOT, stdout=sys.stderr, timeout=BUILD_S, check=False)


class Session:
    """A folder for the console, an archive with guest tests, and QEMU's stand-in."""

    def __init__(self, *guest_tests):
        build(guest_tests)
        self.tmp = tempfile.mkdtemp(prefix="tine-gdb.t.")
        archive = newc.Archive(known={"usr", "usr/bin"})
        for name in guest_tests:
            with open(os.path.join(DEBUG, "tests", "guest", name), "rb") as f:
                archive.file(f"usr/bin/{name}", f.read(), 0o755)
        with open(os.path.join(DEBUG, "root.cpio"), "rb") as f:
            root = f.read() + archive.bytes()
        with open(os.path.join(self.tmp, "root.cpio"), "wb") as f:
            f.write(root)
        real = shutil.which(os.environ.get("QEMU") or "qemu-system-x86_64")
        self.qemu = os.path.join(self.tmp, "qemu")
        with open(self.qemu, "w", encoding="utf-8") as f:
            f.write(WRAPPER % (os.path.join(self.tmp, "root.cpio"), real))
        os.chmod(self.qemu, stat.S_IRWXU)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.tmp, ignore_errors=True)

    def run(self, program, script, cpus=1):
        """({name: output} of a script whose lines `@ NAME` begin a part, the guest's console)."""
        options = []
        for line in filter(None, (line.strip() for line in script.splitlines())):
            options += ["-ex", f"echo {line}\\n" if line.startswith("@ ") else line]
        environment = dict(os.environ, PROG=program, CPUS=str(cpus), MEM="128", QEMU=self.qemu,
                           TMPDIR=self.tmp, CONSOLE=self.tmp)
        gdb = subprocess.Popen(
            [os.path.join(ROOT, "tools", "gdb", "run"), "-batch", *options], cwd=ROOT,
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        try:
            output = gdb.communicate(timeout=RUN_S)[0]
        except subprocess.TimeoutExpired:
            gdb.terminate()
            output = gdb.communicate()[0] + "\nthe time limit was reached\n"
        parts = re.split(r"^@ (.*)\n", output, flags=re.M)
        folder = self.tmp if os.path.exists(os.path.join(self.tmp, "console.log")) else DEBUG
        with open(os.path.join(folder, "console.log"), encoding="utf-8", errors="replace") as f:
            console = f.read().replace("\r", "")
        return dict(zip(["", *parts[1::2]], parts[::2])), console


def check(tap, parts, points):
    """Points (name of a part, pattern, what); ^ and $ are those of a line."""
    for name, pattern, what in points:
        text = parts.get(name, "")
        tap.ok(re.search(pattern, text, re.M), what, f"wanted {pattern!r} in:",
               text or "no such part:", "" if text else parts)


def check_lines(tap, parts, what):
    """No line of a command is too long, and none is a Python error."""
    text = "".join(parts.values())
    long = [line for line in text.splitlines() if len(line) > COLUMNS and
            not line.startswith(("Breakpoint", "Thread", "Temporary", "Hardware"))]
    tap.ok("Traceback" not in text and "Error while" not in text, f"{what}: no Python error", text)
    tap.ok(not long, f"{what}: lines of {COLUMNS} columns", *long)
