"""gdb's side of `make gdb`: init.gdb loads this into gdb's own Python.

programs.py swaps the symbols of user programs, unwind.py finds callers in libc. Nothing here may
disturb a session: what goes wrong is dropped, and `set python print-stack full` with
`python programs.follow()` shows it.
"""
import os
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import programs  # noqa: E402
import unwind  # noqa: E402


def quietly(function):
    def call(*args):
        try:
            function(*args)
        except Exception:  # pylint: disable=broad-except
            pass
    return call


class Leave(gdb.Command):
    """tine-leave: run on until the task is back in user mode.

For `next` and `step` in user code that end in the kernel, because the line made a page fault, or a
system call in libc, which has no lines."""

    def __init__(self):
        super().__init__("tine-leave", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        if not gdb.selected_thread():
            raise gdb.GdbError("The machine has ended.")
        frame = gdb.newest_frame()
        while frame and frame.older() and frame.older().pc() >= programs.USER_END:
            frame = frame.older()
        if not frame or not frame.older() or frame.pc() < programs.USER_END:
            raise gdb.GdbError("The kernel was not called from user mode here.")
        frame.select()
        gdb.execute("finish")


programs.setup("build/debug")
Leave()
programs.Runs()
gdb.unwinder.register_unwinder(None, unwind.Unwinder(), replace=True)
follow = quietly(programs.follow)  # init.gdb's hook-stop: before gdb prints where it stopped
gdb.events.breakpoint_created.connect(quietly(programs.mark_breakpoints))
# Until the first program runs: the one that was asked for, so that break main finds it.
words = os.environ.get("PROG", "").split()
quietly(programs.load)(words and programs.find(words[0]) or programs.find("sh"))
