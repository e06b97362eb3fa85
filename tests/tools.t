#!/usr/bin/env python3
"""Checks tools/guest: what it passes in and out, its exit statuses, and that it leaves nothing.

TINE_KERNEL and GUEST_OPTIONS (for example "-k build/linux/bzImage") say which kernel is asked; the
protocol is the same for both.
"""
import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import ROOT, Tap  # noqa: E402
sys.path.append(os.path.join(ROOT, "tools"))
import newc  # noqa: E402

GUEST = [os.path.join(ROOT, "tools", "guest"), *shlex.split(os.environ.get("GUEST_OPTIONS", ""))]
LIMIT_S = 100
EVERY_BYTE = bytes(range(256)) * 8


def guest(*args, stdin=subprocess.DEVNULL, data=None, env=None):
    """(stdout, status, stderr) of a run; data comes through a pipe."""
    more = {"input": data} if data is not None else {"stdin": stdin}
    done = subprocess.run([*GUEST, *args], capture_output=True, timeout=LIMIT_S, check=False,
                          env=dict(os.environ, **(env or {})), **more)
    return done.stdout, done.returncode, done.stderr.decode("utf-8", "replace")


def sh(script, *options, **more):
    return guest(*options, "--", "busybox", "sh", "-c", script, **more)


def check_status(tap):
    if not tap.equal(sh("echo hi | tr a-z A-Z; exit 3"), (b"HI\n", 3, ""),
                     "output and exit status"):
        return False
    tap.equal(sh("kill -SEGV $$")[:2], (b"", 139), "killed by SIGSEGV is 139")
    out, status, err = guest("--", "no-such-program")
    tap.equal((out, status), (b"", 127), "a program that is not there is 127")
    tap.ok("no-such-program: No such file" in err, "and stderr names it", err)
    start = time.monotonic()
    out, status, err = guest("-t", "2", "--", "busybox", "sleep", "100")
    took = time.monotonic() - start
    tap.equal((out, status), (b"", 124), "the time limit is 124")
    return tap.ok(took < 30 and "time limit" in err, "and is kept", f"took {took:.1f} s", err)


def check_not_started(tap):
    with tempfile.TemporaryDirectory() as empty:
        out, status, err = guest("--", "true", env={"TINE_BUILD": empty, "TINE_KERNEL": ""})
    tap.ok(status == 126 and "run make first" in err and err.count("\n") == 1,
           "nothing built: 126 and how to mend it", status, err)
    for args in (["-m", "0", "--", "true"], ["-m", "x", "--", "true"], ["-c", "33", "--", "true"],
                 ["--no", "--", "true"], [], ["-f", "/no/such/file", "--", "true"]):
        out, status, err = guest(*args)
        tap.ok(status == 126 and err, f"126 for arguments {args}", status, err)
    out, status, err = guest("--", "true", env={"QEMU": "/no/qemu"})
    tap.ok(status == 126 and "setup" in err, "no QEMU: 126", status, err)


def check_input(tap):
    with tempfile.TemporaryFile() as f:
        f.write(b"skip" + EVERY_BYTE)
        f.seek(4)
        tap.equal(guest("--", "cat", stdin=f)[:2], (EVERY_BYTE, 0), "a file as stdin, from its offset")
    tap.equal(guest("--", "cat", data=EVERY_BYTE)[:2], (EVERY_BYTE, 0), "a pipe passes every byte")
    long_line = b"x" * 10000
    tap.equal(guest("--", "cat", data=long_line)[:2], (long_line, 0), "a long line through a pipe")
    tap.equal(sh("cat; cat; echo end", data=b"a")[:2], (b"aend\n", 0), "end of file stays")
    tap.equal(sh("cat; [ -t 1 ] && echo tty")[:2], (b"tty\n", 0), "/dev/null is an empty stdin")


def check_files(tap):
    with tempfile.TemporaryDirectory() as host:
        os.mkdir(host + "/sub")
        with open(host + "/sub/data", "wb") as f:
            f.write(EVERY_BYTE)
        os.symlink("data", host + "/sub/link")
        script = host + "/run.sh"
        with open(script, "w", encoding="ascii") as f:
            f.write("#!/bin/busybox sh\necho ran \"$@\"\n")
        os.chmod(script, 0o755)
        tap.equal(sh("cat /x/y/link", "-f", host + "/sub:/x/y")[:2], (EVERY_BYTE, 0),
                  "-f FOLDER:PLACE, links inside kept")
        tap.equal(sh("cat /tmp/d; ls -ld /tmp | cut -c1-10", "-f", host + "/sub/data:/tmp/d")[0],
                  EVERY_BYTE + b"drwxrwxrwt\n", "-f FILE:PLACE, in a folder that is there")
        tap.equal(guest("-f", script, "--", "run.sh", "1 2", "")[:2], (b"ran 1 2 \n", 0),
                  "-f PROGRAM without a place can be run by its name")
        check_archive(tap, host + "/more.cpio")


def check_archive(tap, path):
    archive = newc.Archive()
    archive.file("usr/bin/cat", b"#!/bin/busybox sh\necho no cat\n", 0o755)
    archive.symlink("etc/link", "more")
    archive.file("etc/more", b"more\n")
    with open(path, "wb") as f:
        f.write(archive.bytes())
    tap.equal(sh("busybox cat /etc/link; /bin/cat", "-f", path)[:2], (b"more\nno cat\n", 0),
              "-f ARCHIVE.cpio is unpacked over the root")
    tap.equal(sh("ls /kept", "-f", path + ":/kept/")[:2], (b"more.cpio\n", 0),
              "and is a file like others with a place")


def check_options(tap):
    out, status, err = sh("grep MemTotal /proc/meminfo; uname -s >/dev/null", "-m", "128", "-v")
    kib = int((re.search(rb"(\d+) kB", out) or [0, b"0"])[1])
    tap.ok(status == 0 and 40000 < kib <= 131072, "-m is the guest's memory", out)
    tap.ok("tine-init: exit 0" in err, "-v shows the log", err)
    runs = [sh("cat /proc/uptime; busybox true; cat /proc/uptime", "-i")[:2] for _ in range(2)]
    tap.ok(runs[0] == runs[1] and runs[0][1] == 0, "-i gives the same times twice", *runs)


def terminal_session(tap, state):
    """A person at a terminal: echo, ^C to the program, the terminal restored."""
    pid, master = pty.fork()
    if pid == 0:
        # The first shell keeps the terminal open, so that what the runner left can be seen.
        script = 'stty -a >&9; "$@"; s=$?; stty -a >&9; exit $s'
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))  # stty wants one
        os.dup2(state.fileno(), 9)
        os.execvp("sh", ["sh", "-c", script, "sh", *GUEST, "--", "busybox", "sh", "-c",
                         "[ -t 0 ] && stty size && read x && echo got:$x; sleep 100"])
    said = read_until(master, rb"\d+ \d+\r\n", 90)
    os.write(master, b"wrong\x7f\x7f\x7f\x7f\x7fright\r")
    said += read_until(master, rb"got:\w*\r\n", 60)
    tap.ok(b"got:right\r\n" in said, "a terminal has echo and line editing in the guest", said)
    time.sleep(0.5)
    os.write(master, b"\x03")
    said = read_until(master, rb"\Z\A", 60)
    _, status = os.waitpid(pid, 0)
    tap.equal(os.waitstatus_to_exitcode(status), 130, "^C goes to the program", said)
    state.seek(0)
    lines = state.read().decode().splitlines()
    half = len(lines) // 2
    tap.ok(half and lines[:half] == lines[half:], "the terminal is as before", *lines)


def read_until(fd, pattern, limit_s):
    said, end = b"", time.monotonic() + limit_s
    while not re.search(pattern, said):
        ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
        try:
            data = os.read(fd, 65536) if ready else b""
        except OSError:
            data = b""
        if not data:
            break
        said += data
    return said


def qemu_of(runner):
    """The process id of a runner's QEMU, or None."""
    try:
        with open(f"/proc/{runner}/task/{runner}/children", encoding="ascii") as f:
            children = f.read().split()
    except OSError:
        return None
    return int(children[0]) if children else None


def is_running(pid):
    """Not so of a zombie that no one has reaped yet."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def check_ends(tap):
    for number, wanted in ((signal.SIGTERM, 130), (signal.SIGINT, 130), (signal.SIGKILL, -9)):
        runner = subprocess.Popen([*GUEST, "--", "busybox", "sleep", "50"],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            qemu = qemu_of(runner.pid)
            if qemu:
                break
            time.sleep(0.05)
        time.sleep(0.5)
        runner.send_signal(number)
        status = runner.wait(60)
        for _ in range(100):
            gone = qemu is not None and not is_running(qemu)
            if gone:
                break
            time.sleep(0.1)
        tap.ok(gone and status == wanted, f"no QEMU is left after {signal.Signals(number).name}",
               f"status {status}, QEMU {qemu}")


def main():
    tap = Tap()
    if not check_status(tap):
        tap.done()  # the kernel does not work: no need to wait for more time limits
        return
    check_not_started(tap)
    check_input(tap)
    check_files(tap)
    check_options(tap)
    with tempfile.TemporaryFile() as state:
        terminal_session(tap, state)
    if os.path.exists("/proc/self/task"):
        check_ends(tap)
    tap.done()


main()
