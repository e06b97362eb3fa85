"""A recording: the folder build/record/NAME with all that its replay needs, and checks of it.

    tine.elf root.cpio   what was booted, with the kernel's symbols
    user/                the programs with their symbols
    events.bin           QEMU's log: everything that came from outside, and at which instruction
    start.qcow2          the machine's state at the start: QEMU goes back by going there and on
    console.log          what the guest said
    info.json            command line, QEMU's version, length, SHA-256 of each file

So a later build does not disturb it. Sources: QEMU's docs/system/replay.rst; the format of an empty
qcow2 image: docs/interop/qcow2.txt.
"""
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys

import session
from session import OUT, setting

FOLDER = "build/record"
BOOTED = ("tine.elf", "root.cpio")
CHECKED = (*BOOTED, "events.bin", "start.qcow2")
SNAPSHOT = "start"
SHIFT = 7  # an instruction takes 1 << SHIFT ns of the guest's time
CLUSTER = 1 << 16


class RecordingError(Exception):
    """One line that says what is wrong and how to mend it."""


def path_of(name):
    if not name or name.startswith(".") or "/" in name:
        raise RecordingError(f"RECORD={name}: a name without a slash")
    return f"{FOLDER}/{name}"


def icount(folder, mode, disk):
    """QEMU's options to record or replay. The disk is there only for the snapshot in it. vapic, a
    help for old Windows, must be off: its reset waits for the CPU, which may wait for the one that
    goes back and resets."""
    return ["-global", "apic-common.vapic=off",
            "-icount", f"shift={SHIFT},rr={mode},rrfile={folder}/events.bin,rrsnapshot={SNAPSHOT}",
            "-drive", f"file={disk},if=none,format=qcow2,id=snapshots"]


def limit_s(info):
    """For running all of it again, on a host that may have become busy since."""
    limit = setting("LIMIT", str(60 + 10 * info["seconds"]))
    try:
        return float(limit)
    except ValueError:
        raise RecordingError(f"LIMIT={limit}: a number of seconds") from None


def qemu_version():
    """Its first line, or an error."""
    program = setting("QEMU", "qemu-system-x86_64")
    try:
        said = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, timeout=session.ANSWER_S, check=True).stdout
    except FileNotFoundError:
        raise RecordingError(f"{program} not found: run tools/setup") from None
    except (OSError, subprocess.SubprocessError):
        raise RecordingError(f"{program} does not say its version") from None
    return said.splitlines()[0] if said else "?"


def make_empty_image(path):
    """A qcow2 image of 1 MiB, all of it hole: header, refcount table, one block of it, L1 table."""
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, 1 << 20, 0,
                         1, 3 * CLUSTER, CLUSTER, 1, 0, 0)
    refcounts = struct.pack(">4H", 1, 1, 1, 1)
    with open(path, "wb") as f:
        for cluster in (header, struct.pack(">Q", 2 * CLUSTER), refcounts, b""):
            f.write(cluster.ljust(CLUSTER, b"\0"))


def prepare(folder):
    """A new folder with what is to be booted."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in BOOTED:
        if not os.path.exists(f"{OUT}/{name}"):
            raise RecordingError(f"no {OUT}/{name}: use make record")
        shutil.copy(f"{OUT}/{name}", folder)
    shutil.copytree(f"{OUT}/user", f"{folder}/user")
    make_empty_image(f"{folder}/start.qcow2")


def checksum(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def finish(folder, name, info):
    """Writes info.json, and gives the folder its name: a broken-off recording replaces none."""
    info["sha256"] = {file: checksum(f"{folder}/{file}") for file in CHECKED}
    with open(f"{folder}/info.json", "w", encoding="utf-8") as f:
        json.dump(info, f, indent=1)
    shutil.rmtree(path_of(name), ignore_errors=True)
    os.rename(folder, path_of(name))


def load(name):
    """(folder, info) of a recording that is whole, for this QEMU."""
    folder = path_of(name)
    again = "make record" + (f" RECORD={name}" if name != "last" else "")
    try:
        with open(f"{folder}/info.json", encoding="utf-8") as f:
            info = json.load(f)
    except FileNotFoundError:
        there = sorted(os.listdir(FOLDER)) if os.path.isdir(FOLDER) else []
        others = [n for n in there if os.path.exists(f"{FOLDER}/{n}/info.json")]
        raise RecordingError(f"no recording {folder}: {again} makes it" +
                             (f"; there are: {' '.join(others)}" if others else "")) from None
    except ValueError:
        raise RecordingError(f"{folder}/info.json is damaged: {again}") from None
    for file, wanted in info["sha256"].items():
        if not os.path.exists(f"{folder}/{file}") or checksum(f"{folder}/{file}") != wanted:
            raise RecordingError(f"{folder}/{file} is not what was recorded: {again}")
    version = qemu_version()
    if version != info["qemu"]:
        raise RecordingError(f"recorded with {info['qemu']}, this is {version}: {again}")
    return folder, info


def note_other_build(info):
    """Not an error: the recording has its own kernel. But gdb shows the sources of today."""
    if not os.path.exists(f"{OUT}/tine.elf") or \
            checksum(f"{OUT}/tine.elf") != info["sha256"]["tine.elf"]:
        print(f"{OUT}/tine.elf is another build than the recorded kernel, which runs here: "
              "source lines that gdb shows may have moved.", file=sys.stderr, flush=True)
