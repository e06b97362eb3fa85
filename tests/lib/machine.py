"""A QEMU that a test drives by hand: serial line, keyboard through the monitor, VGA text."""
import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import time

KEYS = {" ": "spc", "\n": "ret", "-": "minus", "|": "shift-backslash", "/": "slash", ".": "dot",
        ";": "semicolon", "$": "shift-4", "&": "shift-7", "'": "apostrophe", ">": "shift-dot",
        "<": "shift-comma", "_": "shift-minus", "=": "equal", '"': "shift-apostrophe"}
SCREEN = 0xB8000
COLUMNS, ROWS = 80, 25
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[78=>]")


def die_with_parent():
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (AttributeError, OSError):
        pass  # not Linux


class Machine:
    """with Machine(options) as m: the QEMU is gone afterwards."""

    def __init__(self, options):
        self.serial, serial = socket.socketpair()
        self.monitor, monitor = socket.socketpair()
        self.text = ""
        command = [os.environ.get("QEMU", "qemu-system-x86_64"), "-no-user-config", "-nodefaults",
                   "-display", "none", "-no-reboot", "-machine", "pc", "-accel", "tcg",
                   "-cpu", os.environ.get("CPU", "max"),
                   "-chardev", f"socket,id=s,fd={serial.fileno()}", "-serial", "chardev:s",
                   "-chardev", f"socket,id=m,fd={monitor.fileno()}", "-mon", "m", *options]
        self.qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                                     pass_fds=(serial.fileno(), monitor.fileno()))
        serial.close()
        monitor.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.qemu.send_signal(signal.SIGKILL)
        self.qemu.wait()

    def wait_for(self, pattern, limit_s):
        """Waits until the serial output, without escapes, has the pattern. Returns the match."""
        end = time.monotonic() + limit_s
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            ready, _, _ = select.select([self.serial], [], [], max(0, end - time.monotonic()))
            data = self.serial.recv(65536) if ready else b""
            if not data:
                return None
            self.text = ESCAPES.sub("", self.text + data.decode("utf-8", "replace")
                                    .replace("\r", ""))

    def ended(self, limit_s):
        """Whether the machine powers itself off in time."""
        try:
            self.qemu.wait(limit_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def monitor_says(self, limit_s):
        """What comes from QEMU's monitor within the limit; b"" also where QEMU has ended."""
        ready, _, _ = select.select([self.monitor], [], [], max(0, limit_s))
        try:
            return self.monitor.recv(65536) if ready else b""
        except OSError:
            return b""

    def command(self, line):
        """One command of QEMU's monitor; returns what it says."""
        self.monitor.sendall(line.encode() + b"\n")
        said, end = b"", time.monotonic() + 30
        while not said.rstrip().endswith(b"(qemu)") or said.count(b"(qemu)") < 1:
            data = self.monitor_says(end - time.monotonic())
            if not data:
                break
            said += data
            if b"\n" not in said:
                said = b""  # the greeting's prompt
        return said.decode("utf-8", "replace")

    def type(self, text):
        """Presses keys of the PS/2 keyboard."""
        for char in text:
            key = "shift-" + char.lower() if char.isupper() else KEYS.get(char, char)
            self.monitor.sendall(f"sendkey {key} 20\n".encode())
            time.sleep(0.06)
        while self.monitor_says(0.1):
            pass

    def screen(self):
        """The lines of the VGA text screen."""
        while self.monitor_says(0.1):
            pass
        dump = self.command(f"xp /{COLUMNS * ROWS}hx {SCREEN:#x}")
        rows = re.findall(r"^[0-9a-f]{16}: (.*)$", dump.replace("\r", ""), re.M)
        cells = re.findall(r"0x([0-9a-f]{4})\b", " ".join(rows))
        chars = "".join(chr(int(c, 16) & 0xFF) for c in cells)
        return [chars[i:i + COLUMNS].rstrip(" \0") for i in range(0, len(chars), COLUMNS)]
