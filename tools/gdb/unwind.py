"""Backtraces through code without call-frame information: part of `make gdb` (see tine.py).

musl's libc is built without it, so gdb cannot find who called _Fork. The unwinder does, in three
steps: it follows the function's instructions from its start and counts what each path has pushed;
where that does not lead to a return address it takes the first word up the stack that points just
behind a call; and where there is none the backtrace ends, with a last line of address 0. Kernel
code, and programs' own functions, have call-frame information and are left to gdb.

Sources: System V psABI for AMD64 3.2 (registers, frames); rt_sigreturn(2), signal frame 3.4.
"""
import collections
import re

import gdb
import gdb.unwinder

import programs

KEPT = ("rbx", "rbp", "r12", "r13", "r14", "r15")  # by the callee
SCAN_WORDS = 512
# depth: bytes from rsp to the caller's rsp (the CFA), None if not known; frame: the same from rbp;
# saved: {register: offset from the CFA, or the register that holds it}.
State = collections.namedtuple("State", "depth frame saved")
# ModRM of an indirect CALL (opcode 0xFF /2), by the length of the instruction.
CALLS = {2: {*range(0x10, 0x18), *range(0xD0, 0xD8)} - {0x14, 0x15},
         3: {0x14, *range(0x50, 0x58)} - {0x54}, 4: {0x54},
         6: {0x15, *range(0x90, 0x98)} - {0x94}, 7: {0x14, 0x94}}
SIGNAL_RETURN = ("__restore_rt", "__restore")  # musl's two names of one address
# Where registers are in struct sigcontext, which lies 40 bytes up in struct ucontext.
SIGCONTEXT = ("r8 r9 r10 r11 r12 r13 r14 r15 rdi rsi rbp rbx rdx rax rcx rsp rip").split()
SIZED = ("pushq", "popq", "subq", "addq", "movq", "leaq", "retq", "jmpq", "leaveq")
INSTRUCTION = re.compile(r"(?:(?:bnd|notrack|repz|rep|data16|cs|lock) )*(\S+)\s*([^<#]*)")


def signed(text):
    value = int(text, 0)
    return value - (1 << 64) if value >= 1 << 63 else value


def push(state, operand):
    depth, saved = state.depth + 8, state.saved
    register = operand.lstrip("%")
    if register in KEPT and register not in saved:
        saved = {**saved, register: -depth}
    return state._replace(depth=depth, saved=saved)


def pop(state, operand):
    register = operand.lstrip("%")
    saved = dict(state.saved)
    if saved.get(register) == -state.depth:
        del saved[register]
    if state.depth == 8:
        saved["rip"] = register  # vfork keeps its return address there
    return State(state.depth - 8, None if register == "rbp" else state.frame, saved)


def change_rsp(state, op, operands):
    """The state after an instruction that writes rsp."""
    source = operands[:-len(",%rsp")]
    number = re.fullmatch(r"\$(-?\w+)", source)
    offset = re.fullmatch(r"(-?\w*)\(%(rsp|rbp)\)", source)
    depth = None
    if op in ("sub", "add") and number and state.depth is not None:
        depth = state.depth + signed(number[1]) * (1 if op == "sub" else -1)
    elif op == "mov" and source == "%rbp":
        depth = state.frame
    elif op == "lea" and offset:
        base = state.depth if offset[2] == "rsp" else state.frame
        depth = None if base is None else base - signed(offset[1] or "0")
    return state._replace(depth=depth)


def step(text, state):
    """(state after the instruction, target of a jump or None, goes on behind it)."""
    op, operands = INSTRUCTION.match(text).groups()
    operands = operands.strip()
    if op in SIZED:
        op = op[:-1]
    target = None
    if op.startswith("j"):
        target = int(operands, 16) if operands.startswith("0x") else None
    elif op in ("push", "pushf") and state.depth is not None:
        state = push(state, operands)
    elif op in ("pop", "popf") and state.depth is not None:
        state = pop(state, operands)
    elif op == "leave":
        state = State(state.frame, state.frame, state.saved)
        state = pop(state, "%rbp") if state.depth is not None else state
    elif op == "mov" and operands == "%rsp,%rbp":
        state = state._replace(frame=state.depth)
    elif operands.endswith(",%rsp") and op not in ("cmp", "test", "cmpq", "testq"):
        state = change_rsp(state, op, operands)
    elif operands.endswith((",%rbp", ",%ebp")) and not op.startswith(("cmp", "test")):
        state = state._replace(frame=None)
    return state, target, op not in ("jmp", "ret", "hlt", "ud2")


def disassemble(architecture, start, end):
    """{address: (text, length)}, in AT&T's notation."""
    flavor = gdb.parameter("disassembly-flavor")
    if flavor != "att":
        gdb.execute("set disassembly-flavor att", False, True)
    try:
        found = architecture.disassemble(start, end - 1)
    finally:
        if flavor != "att":
            gdb.execute(f"set disassembly-flavor {flavor}", False, True)
    return {i["addr"]: (i["asm"], i["length"]) for i in found}


def analyse(code, start):
    """{address: State before the instruction there}, along all paths from the start."""
    states, paths = {}, [(start, State(8, None, {}))]
    while paths:
        address, state = paths.pop()
        while address in code and address not in states:
            states[address] = state
            text, length = code[address]
            state, target, goes_on = step(text, state)
            if target is not None:
                paths.append((target, state))
            if not goes_on:
                break
            address += length
    # Cases of a switch are reached through a table: there the frame is mostly the usual one.
    usual = collections.Counter((s.depth, s.frame) for s in states.values()).most_common(1)[0][0]
    model = next(s for s in states.values() if (s.depth, s.frame) == usual)
    return {address: states.get(address, model) for address in code}


class LiveFrame:
    """A frame of gdb's: registers and memory as gdb sees them."""

    def __init__(self, frame):
        self.frame = frame
        self.exact = hasattr(frame, "level") and frame.level() == 0

    def register(self, name):
        return int(self.frame.read_register(name)) & (1 << 64) - 1

    def memory(self, address, n_bytes):
        """All of them, or none where memory ends."""
        try:
            return gdb.selected_inferior().read_memory(address, n_bytes).tobytes()
        except (gdb.error, gdb.MemoryError):
            return b""

    def code(self, program, start, end):
        del program
        return disassemble(self.frame.architecture(), start, end)


class Caller:
    """One frame's registers (a LiveFrame's or its like), and the search for those of its caller."""

    def __init__(self, program, frame):
        self.program, self.frame = program, frame
        self.pc, self.sp = self.read("rip"), self.read("rsp")

    def read(self, register):
        return self.frame.register(register)

    def words(self, address, count):
        """Up to count words from there, fewer where memory ends."""
        while count:
            data = self.frame.memory(address, 8 * count)
            if len(data) == 8 * count:
                return [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]
            count //= 2
        return []

    def after_call(self, address):
        """Whether address is in the program, just behind a call instruction (SDM vol. 2, CALL)."""
        if address - 1 not in self.program:
            return False
        code = self.frame.memory(address - 7, 7)
        return len(code) == 7 and (code[2] == 0xE8 or any(
            code[7 - n] == 0xFF and code[8 - n] in modrm for n, modrm in CALLS.items()))

    def by_code(self, function, at):
        """(CFA, {register: value}) by what the function has pushed before `at`; or None."""
        start, end, _ = function
        if start not in self.program.states:
            code = self.frame.code(self.program, start, end)
            if not code:
                return None  # there is no objdump
            self.program.states[start] = analyse(code, start)
        states = self.program.states[start]
        state = states[max(a for a in states if a <= at)]
        if state.depth is not None:
            cfa = self.sp + state.depth
        elif state.frame is not None:
            cfa = self.read("rbp") + state.frame
        else:
            return None
        values = {}
        for register, where in {"rip": -8, **state.saved}.items():
            if isinstance(where, str):
                values[register] = self.read(where)
            else:
                values[register], = self.words(cfa + where, 1) or [0]
        return (cfa, values) if cfa >= self.sp and self.after_call(values["rip"]) else None

    def by_scan(self):
        """The same by the first return address up the stack."""
        for i, word in enumerate(self.words(self.sp, SCAN_WORDS)):
            if self.after_call(word):
                return self.sp + 8 * (i + 1), {"rip": word}
        return None

    def by_sigcontext(self):
        """The same behind a signal handler: rsp points to the signal frame's struct ucontext."""
        values = dict(zip(SIGCONTEXT, self.words(self.sp + 40, len(SIGCONTEXT))))
        return (values.pop("rsp"), values) if len(values) == len(SIGCONTEXT) else None

    def find(self):
        """(start of the function, CFA, registers). rip 0 where the backtrace ends."""
        called = bool(self.program) and not self.frame.exact and self.after_call(self.pc)
        at = self.pc - called  # a call that does not return may end its function
        function = self.program and self.program.function(at)
        found = None
        if not function:
            pass  # another's program
        elif function[2] in SIGNAL_RETURN:
            found = self.by_sigcontext()
        elif function[2] != "_start" and not (function[2] == "__clone" and called):
            found = self.by_code(function, at) or self.by_scan()
        cfa, values = found or (self.sp + 8, {"rip": 0})
        return function[0] if function else self.pc, cfa, values


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    """For user code of which gdb knows no source line."""

    def __init__(self):
        super().__init__("tine-user")
        self.word = gdb.lookup_type("unsigned long")

    def __call__(self, frame):
        try:
            pc = int(frame.read_register("rip")) & (1 << 64) - 1
            if pc >= programs.USER_END or gdb.find_pc_line(pc).symtab:
                return None
            if not programs.current and programs.running() is False:
                return None  # the kernel's first steps, below its later addresses
            return self.unwind(frame)
        except (gdb.error, ValueError, OverflowError):
            return None

    def unwind(self, frame):
        start, cfa, values = Caller(programs.current, LiveFrame(frame)).find()
        info = frame.create_unwind_info(FrameId(self.value(cfa), self.value(start)))
        for register in KEPT:
            info.add_saved_register(register, frame.read_register(register))
        for register, value in {**values, "rsp": cfa}.items():
            info.add_saved_register(register, self.value(value))
        return info

    def value(self, number):
        return gdb.Value(number).cast(self.word)
