"""tine when, tine goto: moments of a replayed run, by their number of instructions.

`make replay` only: QEMU counts the instructions, and tools/gdb/proxy.py does the jump, behind gdb's
back, so gdb's caches are emptied here. After QEMU has been ended (proxy.py says why) goto connects
again, to a new one.
"""
import os
import re

import gdb

from commands import Command


def replay_socket():
    path = os.environ.get("TINE_REPLAY")
    if not path:
        raise gdb.GdbError("this machine is not replayed: make record, then make replay")
    return path


def monitor(line):
    """What QEMU, or the proxy before it, says to a command; None where QEMU has been ended."""
    if gdb.selected_thread() is None:
        return None
    try:
        return gdb.execute(f"monitor {line}", False, True).strip()
    except gdb.error:
        return None


def forget():
    """What gdb knows of registers and memory."""
    for what in ("register-cache", "dcache"):
        gdb.execute(f"maintenance flush {what}", False, True)


def connect(path):
    """To a new machine, at its start."""
    if gdb.selected_thread() is not None:
        gdb.execute("disconnect", False, True)
    gdb.execute(f"target remote {path}", False, True)


class When(Command):
    """Say how many instructions have been executed: the name of this moment.

The same in each replay of a recording; tine goto comes back to it. The number is in $when too."""
    name = "when"

    def run(self):
        replay_socket()
        said = monitor("info replay")
        if said is None:
            raise gdb.GdbError("the machine has ended: tine goto N starts it again")
        count = int(re.search(r"instruction count = (\d+)", said)[1])
        gdb.set_convenience_variable("when", count)
        print(f"instruction {count}")


class Goto(Command):
    """Go to the moment after so many instructions, forward or back.

N is a number that tine when has shown, or an expression: tine goto $when. Breakpoints on the way
do not stop it."""
    name, usage = "goto", "N"

    def run(self, *words):
        if not words:
            raise gdb.GdbError(f"usage: tine goto {self.usage}")
        path = replay_socket()
        try:
            number = int(gdb.parse_and_eval(" ".join(words)))
        except gdb.error as error:
            raise gdb.GdbError(f"no number {' '.join(words)}: {str(error).rstrip('.')}") from None
        said = monitor(f"goto {number}")
        if said is None:
            connect(path)
            said = monitor(f"goto {number}")
        if said:
            raise gdb.GdbError(said)
        forget()
        gdb.execute("python follow()")
        gdb.execute("frame")
