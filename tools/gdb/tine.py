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
import backtrace  # noqa: E402
import breaks  # noqa: E402
import commands  # noqa: E402
import fault  # noqa: E402
import files  # noqa: E402
import frames  # noqa: E402
import here  # noqa: E402
import kernel  # noqa: E402
import locks  # noqa: E402
import log  # noqa: E402
import maps  # noqa: E402
import printers  # noqa: E402
import programs  # noqa: E402
import ps  # noqa: E402
import runq  # noqa: E402
import task  # noqa: E402
import timetravel  # noqa: E402
import tree  # noqa: E402
import unwind  # noqa: E402


def quietly(function):
    def call(*args):
        try:
            function(*args)
        except Exception:  # pylint: disable=broad-except
            pass
    return call


class Leave(commands.Command):
    """Run on until the task is back in user mode.
For `next` and `step` in user code that end in the kernel, because the line made a page fault, or a
system call in libc, which has no lines."""
    name = "leave"

    def run(self):
        kernel.cpu_number()
        frame = gdb.newest_frame()
        while frame and frame.older() and frame.older().pc() >= programs.USER_END:
            frame = frame.older()
        if not frame or not frame.older() or frame.pc() < programs.USER_END:
            raise gdb.GdbError("The kernel was not called from user mode here.")
        frame.select()
        gdb.execute("finish")


class User(commands.Command):
    """Take the symbols of a user program, until the next stop.
So that names of it can be used before it runs. At each stop the symbols are those of the program
that runs. A path makes a static program known that was not built here. For breakpoints there is
tine break-user."""
    name, usage, completes = "user", "PROGRAM|FILE", (programs.names,)

    def run(self, program):
        programs.load(programs.need(program))


# make replay: what was recorded, whatever was built since.
programs.setup(os.environ.get("TINE_PROGRAMS") or "build/debug")
commands.Tine()
COMMANDS = (  # one a line, by name
    backtrace.Bt,
    breaks.BreakSyscall,
    breaks.BreakUser,
    fault.FaultCommand,
    files.Fds,
    frames.Frame,
    Leave,
    locks.Locks,
    log.Events,
    log.Log,
    maps.Maps,
    ps.Ps,
    runq.Runq,
    task.Task,
    timetravel.Goto,
    timetravel.When,
    tree.Tree,
    User,
)
for command in COMMANDS:
    command()
for function in (breaks.Calls, here.MmOf, here.TaskOf, programs.Runs):
    function()
printers.register()
gdb.unwinder.register_unwinder(None, unwind.Unwinder(), replace=True)
# init.gdb's hooks: at each stop, before gdb prints where; before and after `thread`.
follow = quietly(lambda: (programs.follow(), here.follow()))
before_switch = quietly(programs.before_switch)
after_switch = quietly(lambda: (here.follow(), programs.after_switch()))
gdb.unwinder.register_unwinder(None, backtrace.pretend, replace=True)
gdb.events.breakpoint_created.connect(quietly(programs.mark_breakpoints))
# Until the first program runs: the one that was asked for, so that break main finds it.
words = os.environ.get("PROG", "").split()
quietly(programs.load)(words and programs.find(words[0]) or programs.find("sh"))
