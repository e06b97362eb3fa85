"""tine task: one task: who it is, what it does or waits for, registers, stack, files, signals."""
import gdb

import kernel
from backtrace import registers_of, state_text, struct_registers
from commands import Command, described, pids, say, task_of
from files import dentry_path, file_path, opened
from ps import wait_text
from waits import Waits

FEW = 8
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")  # psABI A.2.1


def signal_names(mask):
    """SIGINT SIGCHLD 34, of a sigset_t; - if it is empty."""
    names = kernel.constants("enum signal_number")
    found = [names.get(n, str(n)) if n < 32 else str(n) for n in range(1, 65) if mask >> n - 1 & 1]
    return " ".join(found) if len(found) <= 32 else f"all but {signal_names(~mask & (1 << 64) - 1)}"


def handler_masks(task):
    """(ignored, caught) by its sighand, as sets."""
    ignored = caught = 0
    hand = task["sighand"]
    taken = int(hand["set"]) if kernel.number(hand) else 0
    for n in range(1, 65):
        if taken >> n - 1 & 1:
            handler = int(hand["action"][n]["handler"])
            ignored |= (handler == 1) << n - 1
            caught |= (handler > 1) << n - 1
    return ignored, caught


def show_who(task):
    process = task["process"]
    if not kernel.number(process):
        print(f"{described(task)}, {state_text(task)}: a kernel task")
        return
    parent = process["parent"]
    threads = [kernel.task_tid(t) for t in kernel.threads(process)]
    print(f"{described(task)}, {state_text(task)}; process {kernel.task_tgid(task)}" + (
        f", threads {' '.join(map(str, threads))}" if len(threads) > 1 else ""))
    print(f"parent       {described(parent['leader']) if kernel.number(parent) else 'none'}; "
          f"group {int(process['pgrp']['number'])}, session {int(process['session']['number'])}")
    creds = task["creds"]
    print(f"user         uid {int(creds['uid'])} euid {int(creds['euid'])} gid {int(creds['gid'])}"
          f" egid {int(creds['egid'])}; nice {int(task['nice'])}")


def arguments(registers):
    """fd=5, buf=0x7f7ffffffebf, n=1: by the parameters of the call's handler."""
    handler = kernel.variable("syscall_table")[registers["orig_rax"]]["handler"]
    block = gdb.block_for_pc(kernel.number(handler)) or ()
    names = [symbol for symbol in block if symbol.is_argument]
    shown = []
    for symbol, register in zip(names, ARGUMENTS):
        value = gdb.Value(registers[register]).cast(symbol.type)
        is_pointer = symbol.type.strip_typedefs().code == gdb.TYPE_CODE_PTR
        shown.append(f"{symbol.name}={registers[register]:#x}" if is_pointer else
                     f"{symbol.name}={int(value)}")
    return ", ".join(shown)


def show_doing(task):
    call, is_zombie = wait_text(task), kernel.task_state(task) == "Z"
    if is_zombie:
        print(f"exited       {call}")
    elif call:
        back = registers_of(task)[0]["rip"] < kernel.USER_END
        say(f"{'last call' if back else 'system call':<13}{call}"
            f"({arguments(struct_registers(task))})", more=13)
    wait = Waits().of(task)
    if wait:
        say(f"waits for    {wait.text}", more=13)


def show_stack(task):
    top, size = kernel.number(task["kstack_top"]), kernel.constant("KSTACK_SIZE")
    if not top:
        print("kernel stack that of the boot")
        return
    registers, _ = registers_of(task)
    rsp = registers["rsp"]
    used = f"{top - rsp} bytes used" if top - size <= rsp <= top else \
        "empty: in user mode" if rsp < kernel.USER_END else "another one is in use"
    print(f"kernel stack {top - size:#x}-{top:#x}, {size} bytes, {used}")


def show_memory(task):
    mm = kernel.task_mm(task)
    if mm is None:
        print("memory       none")
        return
    root = kernel.variable("pages")[int(mm["root"]) >> kernel.PAGE_SHIFT]
    exe = file_path(mm["exe"]) if kernel.number(mm["exe"]) else "no program"
    print(f"memory       address space {int(mm['number'])} of {exe}, {int(mm['users'])} users; "
          f"{int(root['mapped']) * 4} KiB mapped, {int(root['resident']) * 4} resident")


def show_files(task):
    if not kernel.number(task["files"]):
        print("files        none")
        return
    entries = list(opened(task))
    shown = ", ".join(f"{e.fd} {file_path(e.file)}" for e in entries[:FEW])
    say(f"files        {shown}" + (f" and {len(entries) - FEW} more" if len(entries) > FEW else ""),
        more=13)
    if kernel.number(task["fs"]):
        print(f"directory    {dentry_path(task['fs']['cwd'], task['fs']['root'])}")


def show_signals(task):
    process = task["process"]
    ignored, caught = handler_masks(task)
    sets = (("pending", int(task["pending"]["set"]) | int(process["pending"]["set"])),
            ("blocked", int(task["blocked"])), ("ignored", ignored), ("caught", caught))
    for name, mask in sets:
        if mask:
            say(f"{name:<13}{signal_names(mask)}", more=13)
    fault = task["fault"]
    if int(fault["vector"]):
        print(f"exception    {int(fault['vector'])}, error {int(fault['error_code']):#x}, "
              f"address {int(fault['cr2']):#x}")


def show_registers(task):
    """The program's, and where in the kernel it is if it is there."""
    registers, _ = registers_of(task)
    if registers["rip"] >= kernel.USER_END:
        at = {name: f"{registers[name]:#x}" for name in ("rip", "rsp", "rbp")}
        say(f"in kernel    {kernel.function_name(registers['rip'])}, rip {at['rip']} "
            f"rsp {at['rsp']} rbp {at['rbp']}", more=13)
    if not kernel.task_mm(task):
        return
    user = struct_registers(task) if registers["rip"] >= kernel.USER_END else registers
    print("user registers" + (", as they were when it came into the kernel"
                              if registers["rip"] >= kernel.USER_END else ""))
    names = ("rip rsp rbp rflags rax rbx rcx rdx rsi rdi r8 r9 r10 r11 r12 r13 r14 r15").split()
    shown = [(name.replace("rflags", "flags"), f"{user[name]:#x}") for name in names]
    for i in range(0, len(shown), 4):
        print("".join(f" {name:<6}{value:<18}" for name, value in shown[i:i + 4]).rstrip())


class Task(Command):
    """One task: state, what it waits for, kernel stack, memory, files, signals, registers.
Of a task in the kernel the user registers are those with which it came (struct regs, at the top of
its kernel stack). Without PID it is the selected CPU's task."""
    name, usage, completes = "task", "[PID]", (pids,)

    def run(self, pid=None):
        task = task_of(pid)
        show_who(task)
        if kernel.number(task["process"]):
            show_doing(task)
        show_stack(task)
        if kernel.number(task["process"]):
            show_memory(task)
            show_files(task)
            show_signals(task)
        show_registers(task)
