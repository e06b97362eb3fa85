"""Runs the benchmark program in guests: by tools/guest, and at the prompt of a machine just booted.

A run gives {line: (value, unit)} and a list of notes for people: what was left out, what failed.
Nothing here hangs: tools/guest keeps its time limit, and so does Prompt.
"""
import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tools"))
import newc  # noqa: E402

PROMPT_MIB = 256     # of the machine that is booted to its prompt
PROMPT_LIMIT_S = 120
PAGE = 4096
LINE = re.compile(r"^(\w+)\t(\d+)\t(\S+)$", re.M)
NOTE = re.compile(r"^(?:# (?!bench: done)|(?=FAIL ))(.*)$", re.M)


class Setup:
    """Which files are compared: the kernels, the root that both boot, the program."""

    def __init__(self, build, linux):
        self.build = build
        self.kernels = {"tine": os.path.join(build, "tine.elf")}
        if linux:
            self.kernels["linux"] = linux
        self.root = os.path.join(build, "root.cpio")
        self.programs = [os.path.join(build, "tests", "bench", name)
                         for name in ("bench", "image_1MiB")]

    def missing(self):
        return [path for path in [*self.kernels.values(), self.root, *self.programs]
                if not os.path.isfile(path)]


def parse(text):
    """What the program said: its lines, and its notes."""
    text = text.replace("\r", "")
    lines = {name: (int(value), unit) for name, value, unit in LINE.findall(text)}
    return lines, NOTE.findall(text)


def die_with_parent(number=signal.SIGKILL):
    """In a child before exec: the kernel ends it when this program dies, however it dies."""
    try:
        ctypes.CDLL(None).prctl(1, number)  # PR_SET_PDEATHSIG
    except (AttributeError, OSError):
        pass  # not Linux


def run_guest(setup, kernel, cpus, by_instructions, mem_mib, limit_s, arguments):
    """The whole program, or the lines that the arguments name, in one guest."""
    command = [os.path.join(ROOT, "tools", "guest"), "-m", str(mem_mib), "-c", str(cpus),
               "-t", str(limit_s)]
    if by_instructions:
        command.append("-i")
    if kernel == "linux":
        command += ["-k", setup.kernels["linux"]]
    for path in setup.programs:
        command += ["-f", f"{path}:/bin/{os.path.basename(path)}"]
    command += ["--", "bench", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          preexec_fn=lambda: die_with_parent(signal.SIGTERM),
                          env=dict(os.environ, TINE_BUILD=setup.build))
    lines, notes = parse(done.stdout.decode("utf-8", "replace"))
    if done.returncode not in (0, 1):  # 1: the program has said which line failed
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        notes.append(f"tools/guest ended with {done.returncode}: " + " / ".join(said[:3]))
    return lines, notes


# ---- Boot to the prompt --------------------------------------------------------------------------

def files_kib(root):
    """Memory that the files of a root archive take once they are unpacked, in whole pages."""
    with open(root, "rb") as file:
        data = file.read()
    pages, at = 0, 0
    while data[at:at + 6] == b"070701":
        size, namesize = (int(data[at + o:at + o + 8], 16) for o in (54, 94))
        pages += -(-size // PAGE)
        at += 110 + namesize
        at += -at % 4 + size
        at += -at % 4
        if size == 0 and data[at:at + 1] == b"\0":
            at += -at % newc.ALIGN
    return pages * PAGE // 1024


class Prompt:
    """A machine that boots as with `make run`, but by QEMU's -kernel: its console is ours."""

    def __init__(self, setup, kernel, cpus, by_instructions=False, command=()):
        append = "console=ttyS0"
        if kernel == "linux":
            append += " mitigations=off tsc=reliable no_timer_check quiet panic=-1"
        if command:
            append += " -- " + " ".join(command)
        self.initrd = self.archive(setup)
        self.console, port = socket.socketpair()
        options = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                   "-machine", "pc", "-accel", "tcg", "-cpu", os.environ.get("CPU") or "max",
                   "-m", str(PROMPT_MIB), "-smp", str(cpus), "-kernel", setup.kernels[kernel],
                   "-initrd", f"/dev/fd/{self.initrd.fileno()}", "-append", append,
                   "-chardev", f"socket,id=c,fd={port.fileno()}", "-serial", "chardev:c"]
        if by_instructions:
            options += ["-icount", "shift=0,sleep=off", "-seed", "1",
                        "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
        self.start = time.monotonic()
        self.qemu = subprocess.Popen(
            [os.environ.get("QEMU", "qemu-system-x86_64"), *options], stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=die_with_parent,
            pass_fds=(port.fileno(), self.initrd.fileno()))
        port.close()

    @staticmethod
    def archive(setup):
        """The root, and the program in /bin."""
        with open(setup.root, "rb") as file:
            base = file.read()
        more = newc.Archive(newc.names(base))
        with open(setup.programs[0], "rb") as file:
            more.file("bin/bench", file.read(), 0o755)
        archive = tempfile.TemporaryFile()
        archive.write(base + b"\0" * (-len(base) % newc.ALIGN) + more.bytes())
        archive.flush()
        return archive

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.qemu.kill()
        self.qemu.wait()
        self.console.close()
        self.initrd.close()

    def read_until(self, pattern):
        """What the console said up to the pattern, and when it came: None if it did not."""
        text, end = "", time.monotonic() + PROMPT_LIMIT_S
        while True:
            ready, _, _ = select.select([self.console], [], [], max(0, end - time.monotonic()))
            data = self.console.recv(65536) if ready else b""
            if not data:
                return text, None
            text += data.decode("utf-8", "replace").replace("\r", "")
            if re.search(pattern, text):
                return text, time.monotonic() - self.start


def last_words(text):
    """For a note: the panic, or else the end of what the console said."""
    panic = re.search(r"[^\n]*panic[^\n]*", text)
    return panic.group() if panic else " / ".join(text.strip().splitlines()[-2:]) or "nothing"


def boot_by_instructions(setup, kernel, cpus):
    """Instructions from reset until the program that is started in the shell's place runs."""
    with Prompt(setup, kernel, cpus, True, ["/bin/bench", "prompt_"]) as machine:
        text, _ = machine.read_until(r"bench: done|FAIL")
    lines, _ = parse(text)
    if "prompt_ticks" not in lines:
        return {}, ["boot_to_prompt: FAIL: the program did not run: " + last_words(text)]
    return {"boot_to_prompt": lines["prompt_ticks"]}, []


def boot_by_clock(setup, kernel, cpus):
    """From QEMU's start to the prompt; and memory in use then, without the root's own files."""
    ask = "while read a b c; do [ $a = MemFree: ] && echo free=$b; done </proc/meminfo\n"
    with Prompt(setup, kernel, cpus) as machine:
        text, seconds = machine.read_until(r"(?m)^[^\n]*# ?(\x1b\[\S*)?\Z")
        if seconds is None:
            return {}, ["boot_to_prompt: FAIL: no prompt: " + last_words(text)]
        lines = {"boot_to_prompt": (int(seconds * 1e9), "ns")}
        machine.console.sendall(ask.encode())
        text, _ = machine.read_until(r"free=\d+\n")
    free = re.search(r"free=(\d+)\n", text)
    if not free:
        return lines, ["memory_at_prompt: FAIL: no MemFree: " + last_words(text)]
    own = files_kib(setup.root) + -(-os.path.getsize(setup.programs[0]) // PAGE) * PAGE // 1024
    lines["memory_at_prompt"] = (PROMPT_MIB * 1024 - int(free.group(1)) - own, "KiB")
    return lines, []
