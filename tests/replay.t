#!/usr/bin/env python3
"""Checks `make record` and `make replay`: the same run each time, backward too, what was typed, the
recording's ends, a QEMU that hangs, errors of one line, and that nothing stays behind.

It needs the debug build: make DEBUG=1 kernel root. Where that is missing, it makes it.
"""
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from debugger import Debugger, RUN_S, check_kills, debug_build  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

NAME = f"test-{os.getpid()}"  # the person's own recordings stay
FOLDER = os.path.join(ROOT, "build", "record", NAME)
MOMENT = "tine when\ninfo registers general"


def remove():
    for folder in (FOLDER, FOLDER + ".new"):
        shutil.rmtree(folder, ignore_errors=True)


def fake_qemu(debugger, text):
    path = os.path.join(debugger.tmp, "qemu")
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def check_same_run(tap, debugger):
    status, said = debugger.run("record", PROG="forkdemo", RECORD=NAME)
    tap.ok(status == 0 and "parent: the child has ended well: yes" in said, "make record", said)
    tap.ok(re.search(r"^Recorded \d+ instructions, .* make replay RECORD=test-\d+ runs them again.$",
                     said, re.M), "says what it has recorded", said)
    script = f"""
        hbreak sys_fork
        continue
        continue
        @ fork
        {MOMENT}
        @ copy
        tbreak fault_copy
        continue
        {MOMENT}
        @ forward
        stepi
        stepi
        {MOMENT}
        @ back
        reverse-stepi
        reverse-stepi
        {MOMENT}
        @ reverse-continue
        reverse-continue
        {MOMENT}
        @ goto
        tine goto $when + 1000
        tine when
        tine goto $when - 1000
        {MOMENT}
        @ end
        delete
        continue
        continue
        reverse-stepi
        stepi
        @ beginning
        reverse-continue
        reverse-stepi
        tine when
        @ nowhere
        tine goto 1000000000000
    """.replace(";", "\n")
    runs = [debugger.script("replay", script, RECORD=NAME) for _ in range(2)]
    parts = runs[0]
    if not tap.ok("nowhere" in parts, "make replay", parts):
        return
    tap.equal(runs[1], parts, "the second replay is the same, to the instruction and the register")
    moment = {name: re.search(r"^instruction \d+\n(rax .*\n(.*\n)*)", text, re.M)
              for name, text in parts.items()}
    text = {name: found and found[0] for name, found in moment.items()}
    tap.ok(text["fork"] and text["copy"] and text["fork"] != text["copy"] and
           "fault_copy" in text["copy"], "two breakpoints, two moments", parts)
    tap.ok(text["forward"] != text["copy"], "stepi goes on", parts["forward"])
    tap.equal(text["back"], text["copy"], "reverse-stepi goes back to the instruction before")
    tap.equal(text["reverse-continue"], text["fork"], "reverse-continue to the breakpoint before")
    tap.equal(text["goto"], text["fork"], "tine goto there and back again", parts["goto"])
    tap.equal(parts["end"].count("No more reverse-execution history."), 3,
              "the end is an end, from which one can go back", parts["end"])
    tap.ok(re.search(r"history\.\n.*\n\nNo more .*\n.*\ninstruction 0\n\Z", parts["beginning"]),
           "the beginning is one too", parts["beginning"])
    tap.ok("The recording has instructions 0 to" in parts["nowhere"],
           "no instruction behind the end", parts["nowhere"])
    tap.ok(debugger.gone(), "no process is left")


def check_stuck(tap, debugger):
    """A QEMU that stands still, in each kind of command."""
    pid = os.path.join(debugger.tmp, "pid")
    real = os.environ.get("QEMU") or "qemu-system-x86_64"
    qemu = fake_qemu(debugger, f'echo $$ >{pid}\nexec {real} "$@"\n')
    stop = f"shell kill -STOP $(cat {pid})"
    parts = debugger.script("replay", f"""
        tbreak sys_fork
        continue
        stepi
        @ before
        {MOMENT}
        @ backward
        break fault_page if 0
        shell (sleep 1; kill -STOP $(cat {pid})) &
        reverse-continue
        tine when
        @ again
        tine goto $when
        {MOMENT}
        @ read
        {stop}
        x/2i $pc + 4096
        echo gdb goes on
    """, RECORD=NAME, QEMU=qemu, LIMIT="6")
    for part in ("backward", "read"):
        text = parts.get(part, "")
        tap.ok(re.search(r"tools/gdb/replay: [\w -]+ has not (ended|answered) in 6 s: QEMU was killed. "
                         r"You stood at instruction (\d+): tine goto \2 starts it again", text),
               f"QEMU hangs ({part}): one line says what to do", text, list(parts))
    tap.ok("the machine has ended: tine goto N starts it again" in parts.get("backward", ""),
           "and tine when too", parts.get("backward"))
    before, again = (text[text.find("instruction"):]
                     for text in (parts.get("before", "-"), parts.get("again", "")))
    tap.equal(again, before, "tine goto starts it again, and goes there", parts.get("again"))
    tap.ok("gdb goes on" in parts.get("read", ""), "gdb goes on", parts.get("read"))
    tap.ok(debugger.gone(), "no QEMU is left, nor gdb")


def check_errors(tap, debugger):
    def fails(tool, words, what, **environment):
        status, said = debugger.run(tool, **{"RECORD": NAME, **environment})
        tap.ok(status == 1 and re.search(rf"^tools/gdb/{tool}: .*{words}", said, re.M) and
               "Traceback" not in said, what, status, said)

    fails("replay", "no recording build/record/none: make record RECORD=none makes it; there are:.* "
          + NAME, "no recording", RECORD="none")
    fails("replay", "a name without a slash", "no name", RECORD="../last")
    fails("record", "CPUS=2: QEMU can record one CPU only", "several CPUs", CPUS="2")
    fails("record", "KVM=1", "KVM", KVM="1")
    fails("replay", "LIMIT=soon: a number of seconds", "no limit", LIMIT="soon")
    other = fake_qemu(debugger, "echo QEMU emulator version 99.0\n")
    fails("replay", "recorded with QEMU .*, this is QEMU emulator version 99.0: make record RECORD=" +
          NAME, "another QEMU", QEMU=other)
    fails("record", "nothing is kept. .*unknown option -icount", "a QEMU that cannot record",
          QEMU=fake_qemu(debugger, 'case $1 in --version) echo QEMU 1 ;; *) '
                                   'echo unknown option -icount >&2; exit 1 ;; esac\n'))
    fails("record", "not found: run tools/setup", "no QEMU", QEMU="no-such-qemu")
    kernel = os.path.join(FOLDER, "tine.elf")
    with open(kernel, "ab") as f:
        f.write(b"x")
    fails("replay", f"build/record/{NAME}/tine.elf is not what was recorded: make record RECORD=",
          "another kernel in the recording")
    with open(os.path.join(FOLDER, "info.json"), "r+", encoding="utf-8") as f:
        info = json.load(f)
        info["sha256"]["tine.elf"] = "0"
        f.seek(0)
        f.truncate()
        f.write(json.dumps(info)[:-1])
    fails("replay", "info.json is damaged", "a broken-off file")
    tap.ok(debugger.gone(), "no process is left by the errors")


def typed(debugger, keys, until):
    """Records a shell at a terminal: types each of keys after what the guest says, to the end."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [os.path.join(ROOT, "tools", "gdb", "record")], cwd=ROOT, stdin=slave, stdout=slave,
        stderr=slave, env=dict(os.environ, MEM="128", TMPDIR=debugger.tmp, RECORD=NAME, PROG=""))
    os.close(slave)
    text, end = "", time.monotonic() + RUN_S
    while time.monotonic() < end:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            text += os.read(master, 4096).decode("utf-8", "replace")
        except OSError:
            break  # it has ended
        if keys and re.search(until, text[-20:]):
            os.write(master, keys.pop(0))
    process.kill()
    os.close(master)
    return process.wait(), text


def check_typed(tap, debugger):
    """Keys come at the same instructions again, and the shell does the same. Ctrl-A X ends it."""
    _, said = typed(debugger, [b"echo one\r", b"two", b"\x01x"], r"(# \x1b\[K\r\x1b\[2C|two[^ ]*)\Z")
    tap.ok("one\r\n" in said and "make replay" in said, "a session in a terminal, ended by Ctrl-A X",
           said)
    chars = debugger.script("replay", """
        @ keys
        break ldisc_input
        continue
        printf "key %c\\n", c
        continue
        printf "key %c\\n", c
        continue
        printf "key %c\\n", c
        continue
        printf "key %c\\n", c
        @ all
        delete
        tbreak ldisc_input if c == 'w'
        continue
        printf "key %c\\n", c
        continue
    """, RECORD=NAME)
    tap.equal(re.findall(r"key (.)\n", chars.get("keys", "")), list("echo"),
              "what was typed comes again", *chars.values())
    tap.ok(re.search(r"key w\n\nNo more reverse-execution history", chars.get("all", "")),
           "to the last key", chars.get("all"))


def main():
    tap = Tap()
    if not shutil.which(os.environ.get("GDB") or "gdb"):
        tap.skip("replay", "there is no gdb")
        tap.done()
        return
    debug_build()
    try:
        with Debugger() as debugger:
            for part in (check_typed, check_same_run, check_stuck):
                part(tap, debugger)
            check_kills(tap, debugger, "replay", RECORD=NAME)
            check_errors(tap, debugger)
    finally:
        remove()
    tap.done()


main()
