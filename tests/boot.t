#!/usr/bin/env python3
"""Boots the ISO as people do, through GRUB, and types on the PS/2 keyboard.

The console is the serial line and the VGA screen at once: both must show the shell's prompt and
the output of a typed command, and input must work from the keyboard and from the line.
Then machines with several CPUs: each CPU must be started. First of all the kernel's size is checked,
without debug information, unless it is a DEBUG build.
"""
import os
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from machine import Machine  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

PROMPT = r"(?m)^[^\n]*[#$] ?\Z"
BOOT_S, ANSWER_S = 90, 60
SIZE_MAX = 300 * 1024
TABLES = 1024  # what a stripped file has besides: section headers and their names


def size_to_load(elf):
    """Where the last PT_LOAD of an ELF64 file ends in it: elf(5)."""
    with open(elf, "rb") as f:
        header = f.read(64)
        at, size, count = *struct.unpack_from("<Q", header, 32), *struct.unpack_from("<HH", header, 54)
        f.seek(at)
        entries = [struct.unpack_from("<IIQQQQQQ", f.read(size)) for _ in range(count)]
    return max(e[2] + e[5] for e in entries if e[0] == 1)


def main():
    tap = Tap()
    build = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
    iso = os.path.join(build, "tine.iso")
    if not tap.ok(os.path.exists(iso), "the ISO is built", "make iso"):
        tap.done()
        return
    if os.path.basename(os.path.normpath(build)) != "debug":
        size = size_to_load(os.path.join(build, "tine.elf")) + TABLES
        tap.ok(size < SIZE_MAX, "the kernel is smaller than 300 KiB", f"{size} bytes")
    with Machine(["-m", "256", "-smp", "2", "-vga", "std", "-cdrom", iso]) as m:
        drive(tap, m)
    for cpus, online, append in ((1, 1, ""), (2, 2, ""), (4, 4, ""), (32, 32, ""),
                                 (4, 2, "maxcpus=2"), (2, 1, "maxcpus=0"), (2, 2, "maxcpus=8")):
        options = ["-m", "256", "-smp", str(cpus), "-kernel", os.path.join(build, "tine.elf"),
                   "-initrd", os.path.join(build, "root.cpio"), "-append", append]
        with Machine(options) as m:
            count_cpus(tap, m, cpus, online, f"{cpus} CPUs {append}".rstrip())
    tap.done()


def count_cpus(tap, m, cpus, online, name):
    log = m.wait_for(r"smp: (\d+) of (\d+) CPUs online\n", BOOT_S)
    tap.equal(log and log.groups(), (str(online), str(cpus)), f"{name}: the log names all", m.text)
    if not tap.ok(m.wait_for(PROMPT, BOOT_S), f"{name}: the shell's prompt", m.text):
        return
    m.serial.sendall(b"grep -c processor /proc/cpuinfo; grep -c 'cpu[0-9]' /proc/stat\n")
    tap.ok(m.wait_for(rf"\n{online}\n{online}\n", ANSWER_S), f"{name}: /proc knows them", m.text)
    m.wait_for(PROMPT, ANSWER_S)
    m.serial.sendall(b"exit\n")
    tap.ok(m.ended(ANSWER_S), f"{name}: powers off", m.text)


def drive(tap, m):
    if not tap.ok(m.wait_for(PROMPT, BOOT_S), "GRUB boots to the shell's prompt", m.text[-3000:]):
        return
    m.type("echo Typed on keys | tr a-z A-Z\n")
    tap.ok(m.wait_for(r"\nTYPED ON KEYS\n", ANSWER_S), "the keyboard reaches the shell", m.text)
    m.wait_for(PROMPT, ANSWER_S)
    screen = m.screen()
    tap.ok("TYPED ON KEYS" in screen, "the VGA screen shows it too", "\n".join(screen))

    # cat must run before its input comes: the shell, which edits its line, echoes by itself.
    m.serial.sendall(b"cat | tr a-z A-Z\n")
    m.wait_for(r"A-Z\n", ANSWER_S)
    time.sleep(1)
    m.serial.sendall(b"by line\n")
    tap.ok(m.wait_for(r"by line\n(.*\n)*BY LINE\n", ANSWER_S), "the serial line echoes and is read",
           m.text)
    m.type("by keys\n")
    tap.ok(m.wait_for(r"by keys\n(.*\n)*BY KEYS\n", ANSWER_S), "and so do the keys: one terminal",
           m.text)
    m.serial.sendall(b"\x04")
    tap.ok(m.wait_for(PROMPT, ANSWER_S), "^D ends the input", m.text)

    m.serial.sendall(b"busybox sleep 100\n")
    m.wait_for(r"sleep 100\n", ANSWER_S)
    time.sleep(1)
    m.serial.sendall(b"\x03")
    tap.ok(m.wait_for(PROMPT, ANSWER_S), "^C ends the program, not the shell", m.text)
    m.serial.sendall(b"cat &\n")
    m.wait_for(PROMPT, ANSWER_S)
    time.sleep(1)
    m.serial.sendall(b"jobs\n")
    tap.ok(m.wait_for(r"Stopped.*cat", ANSWER_S),
           "a job in the background does not read the console", m.text)
    m.wait_for(PROMPT, ANSWER_S)
    m.serial.sendall(b"fg\n")  # it must have ended before the exit, which speaks of stopped jobs
    m.wait_for(r"fg\n(.*\n)*cat *\n", ANSWER_S)
    m.serial.sendall(b"\x04")
    tap.ok(m.wait_for(PROMPT, ANSWER_S), "in the foreground it does, and ends by ^D", m.text)
    m.serial.sendall(b"exit\n")
    tap.ok(m.ended(ANSWER_S), "exit powers the machine off", m.text)


main()
