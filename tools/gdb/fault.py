"""tine fault: the page fault that a CPU is working on, in words."""
import gdb

import kernel
from commands import Command, described, need_tasks, say
from entries import USER_END, Memory
from kernel import constant, number
from rules import plan, rights, what_lies_at

BITS = (("FAULT_PRESENT", "present"), ("FAULT_WRITE", "write"), ("FAULT_USER", "user"),
        ("FAULT_RESERVED_BIT", "reserved-bit"), ("FAULT_FETCH", "fetch"))
PATH = ("fault_page", "page_fault", "trap_dispatch")  # their arguments tell of the fault
TOUCH = {"fault_touch": "as if the program touched it (mlock, a futex, madvise)",
         "mm_own_page": "to write to it, in the memory of a program that it is about to start"}


def read(frame, name):
    """A variable of a frame as a number; None where the compiler has not kept it."""
    try:
        value = frame.read_var(name)
        return None if value.is_optimized_out else number(value)
    except (ValueError, gdb.error):
        return None


class Fault:
    """What the frames of a kernel stack tell: address, error code, and who was interrupted."""

    def __init__(self):
        self.va = self.error = self.regs = self.mm = self.touch = None
        self.rule, self.found = None, False
        frame = gdb.newest_frame()
        self.here = frame
        while frame and frame.pc() >= USER_END and not self.found:
            self.look_at(frame, frame.name() or "")
            frame = frame.older()

    def look_at(self, frame, name):
        if name in TOUCH and not self.touch:
            self.touch, self.va, self.mm = name, read(frame, "va"), read(frame, "mm")
        if name.startswith("fault_") and name not in PATH and not self.rule:
            self.rule = frame
        if name not in PATH or name == "trap_dispatch" and not self.is_page_fault(frame):
            return
        for member, variables in (("va", ("va", "cr2")), ("error", ("error_code",)),
                                  ("regs", ("regs",))):
            for variable in variables:
                if getattr(self, member) is None:
                    setattr(self, member, read(frame, variable))
        self.found = name == "trap_dispatch"

    def is_page_fault(self, frame):
        """trap_dispatch has all exceptions and interrupts."""
        vector = read(frame, "vector")
        return self.regs is not None if vector is None else vector == constant("FAULT_VECTOR")


def error_words(error):
    words = [word for name, word in BITS if error & constant(name)]
    return " ".join((["not-present"] if not error & constant("FAULT_PRESENT") else []) + words)


def error_sentence(error, why):
    how = {"read": "a read", "write": "a write", "fetch": "an instruction fetch"}[access_of(error)]
    mode = "user mode" if error & constant("FAULT_USER") else "kernel mode"
    return f"{error_words(error)}: {how} in {mode}; {why}"


def access_of(error):
    if error & constant("FAULT_WRITE"):
        return "write"
    return "fetch" if error & constant("FAULT_FETCH") else "read"


def place(pc):
    """function+12 at file:line, and the instruction."""
    where = gdb.execute(f"info symbol {pc:#x}", False, True).split(" in section ")
    where = where[0].replace(" + ", "+") if len(where) > 1 else f"{pc:#x}"
    line = gdb.find_pc_line(pc)
    if line.symtab and line.line:
        where += f" at {line.symtab.filename}:{line.line}"
    try:  # not x/i: print/r would take its format for the last one
        text = gdb.newest_frame().architecture().disassemble(pc)[0]["asm"]
    except gdb.error:
        text = "nothing that can be read"
    return f"{where}: {' '.join(text.split('#')[0].split())}"


def in_call(task):
    """Which system call the task is in."""
    nr = int(kernel.task_regs(task)["orig_rax"])
    if not 0 <= nr < constant("SYSCALL_COUNT"):
        return ""
    name = kernel.call_name(nr)
    return f", in {name}" if name else ""


def may_fault(pc):
    """Whether an instruction of the kernel is one of those that touch user memory."""
    table, end = kernel.variable("uaccess_table_start"), kernel.variable("uaccess_table_end")
    n = (number(end.address) - number(table.address)) // kernel.kind("struct uaccess_fixup").sizeof
    entries = table.address.cast(kernel.kind("struct uaccess_fixup").pointer())
    return any(number(entries[i]["instruction"]) == pc for i in range(n))


def row(name, text):
    say(f"{name:<13}{text}", 2, 13)


class FaultCommand(Command):
    """The page fault that this CPU is working on, in words.

At a stop anywhere on the way from the CPU's exception to its end, for example at one of these:
    break fault_page
    break fault_copy
    tine fault

It shows the error code, what lies at the address, who touched it with which instruction, the rule
of docs/memory.md that applies (by its name in the trace) and what is done by it. While a rule is
being applied its part of the tree has changed already; `tine tree PID ADDR` shows all of it."""
    name = "fault"

    def run(self):
        need_tasks()
        fault = Fault()
        if fault.touch and not fault.found:
            self.show_touch(fault)
        elif not fault.found:
            raise gdb.GdbError(self.none())
        else:
            self.show(fault)

    def none(self):
        """There is none: where the CPU is, and which was the last."""
        where = "user mode" if gdb.newest_frame().pc() < USER_END else "the kernel"
        try:
            last = f"; the last one here was at {number(gdb.parse_and_eval('$cr2')):#x}"
        except gdb.error:
            last = ""
        return f"no page fault: CPU {kernel.cpu_number()} is in {where}, not on a fault's way{last}"

    def show_touch(self, fault):
        memory = Memory()
        space = memory.space(kernel.pointer(fault.mm, "struct mm")) if fault.mm else None
        say(f"No page fault of the CPU: {fault.touch} brings a page in, {TOUCH[fault.touch]}.")
        if space and fault.va is not None:
            row("address", f"{fault.va:#x} in {space}: {what_lies_at(memory, space, fault.va)}")
        self.show_rule(fault)

    def show(self, fault):
        task, memory = kernel.current(), Memory()
        mm = kernel.task_mm(task)
        if fault.va is None:
            fault.va = number(gdb.parse_and_eval("$cr2"))
        regs = kernel.pointer(fault.regs, "struct regs")
        pc, user = number(regs["rip"]), int(regs["cs"]) & 3 == 3
        who = "in its program" if user else "in the kernel" + in_call(task)
        space = memory.space(mm) if mm else None
        cpu = kernel.cpu_number()
        print(f"Page fault on CPU {cpu}: {described(task)}, {who}, at {fault.va:#x}")
        if fault.error is not None:
            root = space.root if space else memory.kernel_root
            why = rights(memory.walk(root, fault.va), user)[access_of(fault.error)]
            row("error code", f"{fault.error:#x}: " +
                error_sentence(fault.error, why or "by now the entries of the walk allow it"))
        row("address", what_lies_at(memory, space, fault.va) if space or fault.va >= USER_END else
            "the user's half, of which this task has none")
        row("instruction", place(pc))
        if not user and not may_fault(pc):
            row("rule", "none: the kernel may not fault here; it panics")
        elif space and fault.error is not None:
            self.show_rule(fault, plan(memory, space, task, fault.va, access_of(fault.error)), user)

    def show_rule(self, fault, found=None, user=True):
        if found and found.rule == "spurious" and fault.rule:
            row("rule", "has been applied: what was touched is there now")
        elif found:
            row("rule", f"{found.rule}: {found.text}")
            if found.rule in ("segv", "access", "bus") and not user:
                row("", "in a copy to or from the program: the system call answers EFAULT")
        if fault.rule:
            line = fault.rule.find_sal()
            row("now in", f"{fault.rule.name()} ({line.symtab.filename}:{line.line})")
