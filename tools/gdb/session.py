"""What `make gdb`, `make record` and `make replay` share: the machine, its end, gdb, and QMP.

Nobody may stay behind: QEMU is killed when the script ends, however that ends (PR_SET_PDEATHSIG),
and every question to it has a time limit, because QEMU itself may hang. QMP is the channel by which
a program speaks to QEMU: a JSON object a line (QEMU Machine Protocol Reference).
"""
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = "build/debug"
ANSWER_S = 30  # in which QEMU has answered, on however busy a host


class Stuck(Exception):
    """QEMU does not answer, or has ended."""


def setting(name, default):
    return os.environ.get(name) or default


def die_with_parent(signo):
    try:
        ctypes.CDLL(None).prctl(1, signo)  # PR_SET_PDEATHSIG
    except (AttributeError, OSError):
        pass  # not Linux


def machine(kernel, root, append, mem, cpus, cpu):
    """QEMU's command line as far as all three have it in common."""
    return [setting("QEMU", "qemu-system-x86_64"), "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-machine", "pc", "-accel", "tcg",
            "-cpu", cpu, "-m", mem, "-smp", cpus, "-kernel", kernel, "-initrd", root,
            "-append", append]


def append_line():
    prog = setting("PROG", "")
    return "console=ttyS0" + (f" -- {prog}" if prog else "")


def start_qemu(command, log_path, fds=(), stdin=subprocess.DEVNULL, stdout=None):
    def detach():
        os.setsid()  # Ctrl-C in this terminal is for gdb, and would end it
        die_with_parent(signal.SIGKILL)

    with open(log_path, "wb") as log:
        return subprocess.Popen(command, stdin=stdin, stdout=stdout or log, stderr=log,
                                preexec_fn=detach, pass_fds=fds)


def read_log(log_path):
    with open(log_path, encoding="utf-8", errors="replace") as log:
        return log.read()


def start_gdb(kernel, socket_path, options):
    """gdb in this terminal, at the kernel's first instruction."""
    command = [
        setting("GDB", "gdb"), "-q", "-nx", "-iex", "set auto-load no", "-iex", "set confirm off",
        "-iex", "set pagination off", "-x", "tools/gdb/init.gdb",
        "-ex", f"target remote {socket_path}", "-ex", "thbreak *entry_pvh", "-ex", "continue",
        "-ex", "tine-ready", *options, kernel]
    return subprocess.Popen(command, preexec_fn=lambda: die_with_parent(signal.SIGTERM))


def leave_on_signals():
    """SIGTERM and SIGHUP end the script by way of its `finally`; Ctrl-C is for gdb."""
    def leave(signo, _):
        sys.exit(128 + signo)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
    signal.signal(signal.SIGINT, lambda signo, _: None)


def end(processes):
    for process in processes:
        process.kill()
        process.wait()


class Qmp:
    """QEMU's monitor for programs, on a connected socket."""

    def __init__(self, sock, limit_s=ANSWER_S):
        self.sock, self.limit_s, self.buffer = sock, limit_s, b""
        self.events = []  # names of events that have come, oldest first
        self.replies = []

    def receive(self):
        """Takes what has come. Call it when the socket is readable."""
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise Stuck("QEMU has ended")
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in filter(bytes.strip, lines):
            message = json.loads(line)
            if "event" in message:
                self.events.append(message["event"])
            elif "QMP" not in message:
                self.replies.append(message)

    def wait(self, done, limit_s):
        """Receives until done() gives something, and returns that."""
        limit = time.monotonic() + limit_s
        while not done():
            ready, _, _ = select.select([self.sock], [], [], max(0, limit - time.monotonic()))
            if not ready:
                raise Stuck(f"QEMU has not answered in {limit_s:g} s")
            self.receive()
        return done()

    def command(self, name, limit_s=None, **arguments):
        """Its result; RuntimeError with QEMU's own words where it refuses."""
        self.replies.clear()
        text = json.dumps({"execute": name, **({"arguments": arguments} if arguments else {})})
        try:
            self.sock.sendall(text.encode() + b"\n")
        except OSError:
            raise Stuck("QEMU has ended") from None
        reply = self.wait(lambda: self.replies, limit_s or self.limit_s)[0]
        if "error" in reply:
            raise RuntimeError(reply["error"]["desc"])
        return reply["return"]

    def hello(self):
        self.command("qmp_capabilities")

    def instructions(self):
        """How many the machine has executed, in a recording or a replay of one."""
        return self.command("query-replay")["icount"]
