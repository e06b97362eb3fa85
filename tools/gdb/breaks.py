"""tine break-syscall and tine break-user: breakpoints that know whose they are.

An address says neither which task comes by nor, in user mode, which program: all programs lie at
the same ones. So these breakpoints have conditions, $_calls and $_runs, that look at the CPU's
task. They can be set at the first instruction: QEMU compares addresses and needs no memory to be
there, and names come from the ELF files.
"""
import contextlib
import difflib
import functools

import gdb

import kernel
import programs
from commands import Command, pids


class Calls(gdb.Function):
    """$_calls(NR, TID...): the CPU's task is in that system call, and is one of those threads or
processes (of any if none is named). For conditions."""

    def __init__(self):
        super().__init__("_calls")

    def invoke(self, nr, *tids):
        task = kernel.current()
        regs = task and kernel.task_regs(task)
        if not regs or regs["orig_rax"] != nr:
            return False
        wanted = {int(tid) for tid in tids}
        return not wanted or bool(wanted & {kernel.task_tid(task), kernel.task_tgid(task)})


@functools.lru_cache(None)
def syscalls():
    """{name: (number, handler)}, from the kernel's file: its memory may not be there yet."""
    found = {}
    before = gdb.parameter("trust-readonly-sections")
    gdb.execute("set trust-readonly-sections on", False, True)
    try:
        for nr in range(kernel.constant("SYSCALL_COUNT")):
            name = kernel.call_name(nr)
            if name:
                found[name] = nr, "sys_" + name
    finally:
        gdb.execute(f"set trust-readonly-sections {'on' if before else 'off'}", False, True)
    return found


def no_such(where, name, names):
    """An error with the names that it could have been."""
    near = difflib.get_close_matches(name, names, 3)
    return gdb.GdbError(f"no {name} in {where}" + (f": perhaps {', '.join(near)}" if near else ""))


class BreakSyscall(Command):
    """Breakpoint at a system call, of all tasks or of some.
TID: threads or processes, whose number may yet be given out. The condition can be extended:
condition N $_calls(1, 7) && fd == 1. Names are those of kernel/syscall/table.c."""
    name, usage, completes = "break-syscall", "NAME [TID]...", (syscalls, pids)

    def run(self, name, *tids):
        if name not in syscalls():
            raise no_such("kernel/syscall/table.c", name, syscalls())
        for tid in tids:
            if not tid.isdigit():
                raise gdb.GdbError(f"not a number: {tid} (tine ps lists tasks)")
        nr, handler = syscalls()[name]
        new = gdb.Breakpoint(f"-function {handler}")
        new.condition = f"$_calls({', '.join([str(nr), *tids])})"


@contextlib.contextmanager
def symbols_of(program):
    """They are gdb's meanwhile."""
    before = programs.current
    programs.load(program)
    try:
        yield
    finally:
        programs.load(before)


def addresses(program, place):
    """Where a function, FILE:LINE or line (of the file that has main) begins, in this program."""
    try:
        if place.isdigit():
            first = gdb.decode_line("main")[1][0]
            place = f"{first.symtab.filename}:{place}"
        found = gdb.decode_line(place)[1] or ()
    except gdb.error:
        found = ()
    found = sorted({sal.pc for sal in found if sal.pc in program})
    if not found:
        raise no_such(program.name, place, program.names)
    return found


class BreakUser(Command):
    """Breakpoint in a user program, and in no other: PROGRAM:FUNCTION.
Also PROGRAM:FILE:LINE, or PROGRAM:LINE in the file that has main. It need not run yet: tine
break-user cow:main. A program that was not built here is made known by tine user FILE."""
    name, usage = "break-user", "PROGRAM:FUNCTION|[FILE:]LINE"
    completes = (programs.names,)

    def candidates(self, words):
        name, colon, _ = words[-1].partition(":")
        if not colon:
            return {f"{name}:" for name in programs.names()}
        program = programs.find(name)
        return {f"{name}:{function}" for function in program.names} if program else ()

    def run(self, where):
        name, colon, place = where.partition(":")
        if not place:
            raise gdb.GdbError(f"usage: tine {self.name} {self.usage}")
        program = programs.need(name)
        with symbols_of(program):
            for address in addresses(program, place):
                gdb.Breakpoint(f"*{address:#x}")
            programs.mark_breakpoints()
