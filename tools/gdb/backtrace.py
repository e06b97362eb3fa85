"""tine bt: the frames of any task, in the kernel and on into its program.

gdb unwinds what stands on a CPU. A task that does not run is shown to it as if it had called what
the CPU does just now: Pretend, an unwinder, gives the newest frame a caller with the registers that
thread_switch_stack has left on the task's kernel stack (arch/switch.S). So its kernel frames come
with arguments. The program's frames are gdb's too if a CPU has its address space and its symbols
are in; else unwind.py follows them in the task's own memory, and binutils' addr2line and objdump
tell names, lines and instructions: there are no arguments then.
"""
import contextlib
import os
import re
import shutil
import subprocess
import textwrap

import gdb
import gdb.unwinder

import kernel
import programs
import unwind
from commands import INDENT, LINE, Command, described, need_tasks, pids, task_of

FRAMES_MAX = 64
# What thread_switch_stack pops, from the saved rsp up.
SWITCH_FRAME = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")
MORE = "(More stack frames follow...)\n"
END = re.compile(r"#\d+ +(0x0+ in )?\?\? \(\)\n")  # unwind.py's last frame, without a name
TOOL_S = 20


# ---- A task that does not run ------------------------------------------------------------------

class Pretend(gdb.unwinder.Unwinder):
    """While `registers` is set the CPU's newest frame, which is at `at`, has that caller."""
    registers, at, memory_is_right = None, None, True

    def __init__(self):
        super().__init__("tine-task")
        self.word = kernel.kind("unsigned long")

    def __call__(self, frame):
        if self.at is None:
            return None
        here = [int(frame.read_register(name)) & kernel.WORD for name in ("rip", "rsp")]
        if self.registers and here == self.at:
            return self.info(frame, self.registers, self.registers["rsp"] - 8)
        if here[0] < programs.USER_END and not self.memory_is_right:
            return self.info(frame, {"rip": 0, "rsp": here[1] + 8}, here[1])
        return None

    def info(self, frame, registers, sp):
        value = frame.read_register("rip").cast(self.word)
        found = frame.create_unwind_info(unwind.FrameId(gdb.Value(sp).cast(self.word), value))
        for name, number in registers.items():
            found.add_saved_register(name, gdb.Value(number).cast(self.word))
        return found


pretend = Pretend()


def saved_registers(task):
    """Of a task that does not run: those that the callee preserves, rip and rsp."""
    rsp = kernel.number(task["thread"]["rsp"])
    data = kernel.memory(rsp, 8 * len(SWITCH_FRAME))
    words = [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]
    return {**dict(zip(SWITCH_FRAME, words)), "rsp": rsp + len(data)}


def host_of(task):
    """(CPU on which gdb looks at it, whether that one runs it)"""
    on_cpu = kernel.task_cpu(task)
    if on_cpu is not None:
        return on_cpu, True
    here, mm = kernel.cpu_number(), kernel.number(task["mm"])
    loaded = [i for i, cpu in enumerate(kernel.cpus()) if kernel.number(cpu["mm"]) == mm]
    return here if here in loaded or not loaded else loaded[0], False


@contextlib.contextmanager
def frames_of(task):
    """gdb's frames are the task's meanwhile; the first one is not if this gives 1."""
    before, level = gdb.selected_thread(), gdb.selected_frame().level()
    host, runs = host_of(task)
    threads = {thread.num: thread for thread in gdb.selected_inferior().threads()}
    try:
        threads[host + 1].switch()
        newest = gdb.newest_frame()
        at = [int(newest.read_register(name)) & kernel.WORD for name in ("rip", "rsp")]
        pretend.registers = None if runs else saved_registers(task)
        mm = kernel.number(task["mm"])
        pretend.memory_is_right = mm != 0 and kernel.number(kernel.cpus()[host]["mm"]) == mm
        pretend.at = at
        gdb.invalidate_cached_frames()
        yield 0 if runs else 1
    finally:
        pretend.at = pretend.registers = None
        gdb.invalidate_cached_frames()
        before.switch()
        with contextlib.suppress(gdb.error):
            gdb.execute(f"select-frame {level}", False, True)


def gdb_frames(skip):
    """Up to FRAMES_MAX of the selected thread's."""
    found, frame = [], gdb.newest_frame()
    while frame is not None and len(found) < FRAMES_MAX + skip:
        found.append(frame)
        try:
            frame = frame.older()
        except gdb.error:
            break
    return found[skip:]


# ---- Programs ----------------------------------------------------------------------------------

def tool(name, *arguments):
    """The output of a program of binutils; "" where it is not there, or cannot tell."""
    for found in (name, f"x86_64-linux-gnu-{name}", f"x86_64-elf-{name}", f"llvm-{name}"):
        if shutil.which(found):
            return subprocess.run([found, *arguments], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.DEVNULL, timeout=TOOL_S, check=False).stdout
    return ""


class SavedFrame:
    """What unwind.py's Caller asks for, of a program that gdb cannot see."""

    def __init__(self, mm, registers, exact):
        self.mm, self.registers, self.exact = mm, registers, exact

    def register(self, name):
        return self.registers.get(name, 0)

    def memory(self, address, n_bytes):
        data = kernel.user_memory(self.mm, address, n_bytes)
        return data if len(data) == n_bytes else b""

    def code(self, program, start, end):
        """{address: (text, length)}, as unwind.py's disassemble."""
        listing = tool("objdump", "-d", "--no-show-raw-insn", f"--start-address={start}",
                       f"--stop-address={end}", program.path)
        lines = re.findall(r"^ +([0-9a-f]+):\s+(.*)", listing, re.M)
        at = [int(address, 16) for address, _ in lines] + [end]
        texts = [re.sub(r"\b(j\w+ +|call +)([0-9a-f]+)\b", r"\1 0x\2", text) for _, text in lines]
        return {a: (text, after - a) for a, text, after in zip(at, texts, at[1:])}


def user_pcs(mm, program, registers):
    """[(address, whether it is behind a call)] of the program's frames."""
    found, exact = [], True
    while len(found) < FRAMES_MAX:
        caller = unwind.Caller(program, SavedFrame(mm, registers, exact))
        found.append((caller.pc, not exact and bool(program) and caller.after_call(caller.pc)))
        _, cfa, values = caller.find()
        if not values.get("rip"):
            break
        kept = {name: registers.get(name, 0) for name in unwind.KEPT}
        registers, exact = {**kept, "rsp": cfa, **values}, False
    return found


def source_lines(program, addresses):
    """{address: [(function, "user/cow.c:12" or "")]}, the innermost first if it is inlined."""
    if not program:
        return {}
    text = tool("addr2line", "-a", "-f", "-i", "-e", program.path, *map(hex, addresses))
    found = {}
    for part in re.split(r"^(?=0x)", text, flags=re.M)[1:]:
        lines = part.splitlines()
        places = [re.sub(r" \(disc.*", "", place) for place in lines[2::2]]
        found[int(lines[0], 16)] = [
            (name, "" if place.endswith("?") else os.path.relpath(place))
            for name, place in zip(lines[1::2], places)]
    return found


def user_lines(mm, registers, first):
    """The program's frames as gdb would show them, without arguments."""
    program = programs.of_mm(mm)
    pcs = user_pcs(mm, program, registers)
    sources = source_lines(program, [pc - called for pc, called in pcs])
    number = first
    for pc, called in pcs:
        function = program and program.function(pc - called)
        name = function[2] if function else "??"
        for inner, place in sources.get(pc - called) or [(name, "")]:
            inner = inner if place else name
            at = f" at {place}" if place else ""
            print(shown(f"#{number:<3}{'' if function else f'{pc:#x} in '}{inner} (){at}"))
            number += 1
        if name == "main":
            break  # as gdb does


# ---- The command -------------------------------------------------------------------------------

def shown(line):
    """A line of a backtrace: broken where it is too long for the projector."""
    return textwrap.fill(line, LINE, subsequent_indent=INDENT, break_long_words=False,
                         break_on_hyphens=False)


def bt_text(count, skip):
    """gdb's own lines for so many frames, numbered from 0 behind those that are skipped."""
    text = gdb.execute("with print entry-values no -- with print pretty off -- "
                       f"bt {count + skip}", False, True)
    parts = re.split(r"^(?=#\d+ )", text.replace(MORE, ""), flags=re.M)[1 + skip:]
    lines = [re.sub(r"^#(\d+) *(0x\w+ in (?!\?))?", lambda m: f"#{int(m[1]) - skip:<3}", part)
             for part in parts]
    # A pointer into a program whose memory is not the CPU's just now: its address will do.
    lines = [re.sub(r" <error: Cannot access\s+memory at address 0x\w+>", "", line) for line in lines]
    # What gdb calls a signal handler: arch/entry.S.
    return [line.replace("<signal handler called>", "<entry into the kernel>")
            for line in lines if not END.fullmatch(line)]


def struct_registers(task):
    """What the task came into the kernel with, by name."""
    regs = kernel.task_regs(task)
    names = [field.name for field in kernel.kind("struct regs").fields()]
    return {name: kernel.number(regs[name]) for name in names}


def registers_of(task):
    """({name: value} of where it is now, whether it does not run and they were saved)."""
    cpu = kernel.task_cpu(task)
    if cpu is None:
        return saved_registers(task), True
    with frames_of(task):
        names = [field.name for field in kernel.kind("struct regs").fields()]
        names = [n for n in names if n not in ("orig_rax", "rflags")]
        frame = gdb.newest_frame()
        found = {name: int(frame.read_register(name)) & kernel.WORD for name in names}
        return {**found, "rflags": int(frame.read_register("eflags")) & kernel.WORD}, False


def first_registers(frames, task):
    """The program's registers: of its newest frame, or what the kernel's entry has saved."""
    for frame in frames:
        if frame.pc() < programs.USER_END:
            return {name: int(frame.read_register(name)) & kernel.WORD
                    for name in (*unwind.KEPT, "rsp", "rip")}
    return struct_registers(task)


def show(task):
    """Prints all frames."""
    mm = kernel.task_mm(task)
    with frames_of(task) as skip:
        frames = gdb_frames(skip)
        in_kernel = sum(frame.pc() >= programs.USER_END for frame in frames)
        ours = mm is not None and pretend.memory_is_right and in_kernel < len(frames) and \
            programs.current is not None and programs.of_mm(mm) is programs.current
        text = bt_text(len(frames) if ours else in_kernel, skip) if frames else []
        registers = None if ours or mm is None else first_registers(frames, task)
    for line in text:
        print(shown(line))
    if registers:
        user_lines(mm, registers, in_kernel)


def state_text(task):
    """running on CPU 0; sleeping; ..."""
    cpu = kernel.task_cpu(task)
    if cpu is not None:
        return f"running on CPU {cpu}"
    return {"R": "waits for a CPU", "S": "sleeping", "D": "sleeping, signals do not wake it",
            "T": "stopped", "Z": "zombie"}.get(kernel.task_state(task), "in no known state")


class Bt(Command):
    """Backtrace of any task, running or sleeping: kernel, then its program.
The kernel's frames show arguments. Those of the program do if a CPU has its memory loaded and its
symbols are in gdb (as at a stop in it). Without PID it is the selected CPU's task."""
    name, usage, completes = "bt", "[PID]", (pids,)

    def run(self, pid=None):
        need_tasks()
        task = task_of(pid)
        print(f"{described(task)}, {state_text(task)}")
        show(task)
