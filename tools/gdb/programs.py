"""Which user program runs, and its symbols: part of `make gdb` (see tine.py).

All user programs are static and lie at the same addresses, so gdb may know one of them at a time:
follow() asks the kernel at each stop which file the current task executes, and swaps the symbols of
build/debug/user/NAME (or tests/guest/NAME) in. A program that was not built here has none.

A breakpoint in a program (break main) is one address in every address space. So it gets a
condition, $_runs("NAME"); and before that program's symbols go, it becomes a breakpoint at its
address (with another number), because by name gdb would move it into the next program.
"""
import bisect
import difflib
import os
import struct

import gdb

import kernel

FOLDERS = ("user", "tests/guest")
USER_END = 1 << 47
ET_EXEC, SHT_SYMTAB, SHF_EXECINSTR, STT_NOTYPE, STT_OBJECT, STT_FUNC = 2, 2, 4, 0, 1, 2


def is_static(path):
    """Whether it is an ELF file whose addresses are those in memory: neither PIE nor dynamic."""
    with open(path, "rb") as f:
        head = f.read(18)
    return head[:5] == b"\x7fELF\x02" and head[16:] == struct.pack("<H", ET_EXEC)


class Program:
    """An ELF file: its symbols are in gdb. Functions come from its symbol table."""

    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        self.states = {}  # unwind.py's results, by function start
        with open(path, "rb") as f:
            image = f.read()
        self.size = len(image)
        shoff, = struct.unpack_from("<Q", image, 40)
        shentsize, shnum = struct.unpack_from("<HH", image, 58)
        sections = [struct.unpack_from("<IIQQQQIIQQ", image, shoff + i * shentsize)
                    for i in range(shnum)]
        self.text = [(s[3], s[3] + s[5]) for s in sections if s[2] & SHF_EXECINSTR]
        names, self.variables = {}, []
        for s in sections:
            if s[1] == SHT_SYMTAB:
                self.read_symbols(image, s, sections[s[6]], names)
        self.starts = sorted(names)
        self.names = [names[start] for start in self.starts]

    def read_symbols(self, image, table, strings, names):
        for at in range(table[4], table[4] + table[5], 24):
            name, info, _, _, value, size = struct.unpack_from("<IBBHQQ", image, at)
            start = strings[4] + name
            text = image[start:image.index(b"\0", start)].decode("ascii", "replace")
            if info & 15 == STT_OBJECT:
                self.variables.append((value, size, text))
            elif info & 15 in (STT_FUNC, STT_NOTYPE) and value in self and name:
                if size or value not in names:
                    names[value] = text

    def __contains__(self, address):
        return any(start <= address < end for start, end in self.text)

    def variable(self, address):
        """lock+4: the variable that lies there; "" if none does."""
        for value, size, name in self.variables:
            if value <= address < value + size:
                return f"{name}+{address - value}" if address > value else name
        return ""

    def function(self, address):
        """(start, end, name) of the function there, or None. Padding belongs to what it follows."""
        i = bisect.bisect_right(self.starts, address) - 1
        if i < 0 or address not in self:
            return None
        end = next(end for start, end in self.text if start <= address < end)
        if i + 1 < len(self.starts):
            end = min(end, self.starts[i + 1])
        return self.starts[i], end, self.names[i]


current = None  # the Program whose symbols are in gdb
_programs = {}  # by path
_switching = False
_others = {}  # name: path, by `tine user FILE`
_build = None


def setup(build):
    global _build
    _build = os.path.abspath(build)


def find(name):
    """The Program of that name, or None if it was not built here. A path makes any static program
    known, by the last part of its name."""
    if name and "/" in name and os.path.isfile(name):
        _others[os.path.basename(name)] = name
        name = os.path.basename(name)
    paths = [_others.get(name)] + [os.path.join(_build, folder, name) for folder in FOLDERS]
    for path in paths:
        if path and name and "/" not in name and os.path.isfile(path):
            if path not in _programs:
                _programs[path] = Program(path) if is_static(path) else None
            return _programs[path]
    return None


def need(name):
    """The Program of that name, for a command."""
    found = find(name)
    if found is None:
        near = difflib.get_close_matches(name, names(), 3)
        raise gdb.GdbError(f"no symbols of {name}: " + (
            f"perhaps {', '.join(near)}?" if near else "not built here, or no static program "
            "(tine user FILE makes one known)"))
    return found


def names():
    """Of all programs that were built here, or made known."""
    folders = [os.path.join(_build, folder) for folder in FOLDERS]
    return set(_others).union(*(os.listdir(f) for f in folders if os.path.isdir(f)))


def file_of(mm):
    """(name, length in bytes) of the file that an address space executes."""
    exe = mm["exe"]
    return exe["dentry"]["name"].string(), int(exe["inode"]["size_bytes"])


def of_mm(mm):
    """The Program of an address space; None if it was not built here. Another file of that name is
    told by its length."""
    if kernel.number(mm) == 0 or kernel.number(mm["exe"]) == 0:
        return None
    name, size = file_of(mm)
    found = find(name)
    return found if found and found.size == size else None


def running():
    """What of_mm says of the CPU's task; False where it has no program, or that is not known."""
    try:
        task = kernel.current()
        mm = kernel.task_mm(task) if task else None
        return of_mm(mm) if mm and kernel.number(mm["exe"]) else False
    except (gdb.error, gdb.GdbError, UnicodeDecodeError):
        return False  # too early: the kernel's memory is not there yet


def follow():
    """At each stop. A kernel task, or one that exits, has no program: the symbols stay."""
    program = running()
    if program is False or program is current:
        mark_breakpoints()
    else:
        load(program)


def load(program):
    """Makes its symbols the ones that gdb knows."""
    global current
    if program is current:
        return
    if current:
        keep_breakpoints()
        gdb.execute(f"remove-symbol-file {current.path}", False, True)
    current = program
    if current:
        gdb.execute(f"add-symbol-file {current.path}", False, True)
        mark_breakpoints()


def before_switch():
    """Before `thread` selects another CPU, and prints where that is: not by the names of the
    program that runs on this one."""
    global _switching
    on_cpus = [of_mm(cpu["task"]["mm"]) for cpu in kernel.cpus() if kernel.number(cpu["task"])]
    _switching = any(program not in (None, current) for program in on_cpus)
    if _switching:
        load(None)


def after_switch():
    """And once more by the right ones."""
    follow()
    if _switching and current and gdb.selected_frame().pc() < USER_END:
        gdb.execute("frame")


# ---- Breakpoints in programs -----------------------------------------------------------------

def code_breakpoints():
    """(breakpoint, its addresses) of all that the user set in code."""
    kinds = [gdb.BP_BREAKPOINT, getattr(gdb, "BP_HARDWARE_BREAKPOINT", gdb.BP_BREAKPOINT)]
    for breakpoint in gdb.breakpoints() or ():
        if breakpoint.type not in kinds or not breakpoint.visible or not breakpoint.location:
            continue
        try:
            yield breakpoint, [sal.pc for sal in gdb.decode_line(breakpoint.location)[1] or ()]
        except gdb.error:
            pass  # pending


def condition():
    return f'$_runs("{current.name}")'


def mark_breakpoints(_=None):
    """Conditions for the breakpoints in the current program that have none of ours yet."""
    if not current:
        return
    for breakpoint, addresses in code_breakpoints():
        own = breakpoint.condition
        if any(a in current for a in addresses) and "$_runs(" not in (own or ""):
            breakpoint.condition = f"{condition()} && ({own})" if own else condition()


def keep_breakpoints():
    """Breakpoints by name in the program that goes become breakpoints by address."""
    mark_breakpoints()
    for old, addresses in list(code_breakpoints()):
        if old.location.startswith("*") or not all(a in current for a in addresses):
            continue
        kind = ("t" if old.temporary else "") + \
            ("break" if old.type == gdb.BP_BREAKPOINT else "hbreak")
        for address in addresses:
            gdb.execute(f"{kind} *{address:#x}", False, True)
            new = max(gdb.breakpoints(), key=lambda b: b.number)
            new.condition, new.enabled = old.condition, old.enabled
            new.silent, new.ignore_count = old.silent, old.ignore_count
            if old.commands:
                new.commands = old.commands
        old.delete()


class Runs(gdb.Function):
    """$_runs("NAME"): the program NAME runs on this CPU, or the kernel. For conditions."""

    def __init__(self):
        super().__init__("_runs")

    def invoke(self, name):
        if int(gdb.parse_and_eval("(unsigned long)$pc")) >= USER_END:
            return True
        program = running()
        return bool(program) and program.name == name.string()
