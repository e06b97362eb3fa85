"""The kernel's data, read by its debug information: what the commands of `tine` share (tine.py).

Names are looked up in the kernel's symbols, whatever program or frame is selected: variable() and
static() give a gdb.Value, constant() an enumerator, kind() a type. Structs are then used as in C:
task["mm"]["number"]. each() goes along a list; processes(), tasks(), task() and cpus() are the
usual ones. Memory of programs is read through their own tables (user_memory), so a task need not
run, and nothing is loaded or faulted in.

Nothing here writes memory or calls a function of the guest. What cannot be is a gdb.GdbError of
one line; gdb.error where memory is not there (commands.py words both).
"""
import functools
import struct

import gdb

DIRECT_MAP = 0xFFFF800000000000  # arch/pte.h
PAGE_SIZE, PAGE_SHIFT, ENTRIES, LEVEL_ROOT = 4096, 12, 512, 4
USER_END = 1 << 47
WORD = (1 << 64) - 1
MANY = 1 << 17  # no chain is longer: it is broken, or just being changed

# ---- Names -------------------------------------------------------------------------------------


def objfile():
    """The kernel's symbols, not a program's."""
    return gdb.lookup_objfile("tine.elf")


def variable(name):
    """A global variable of the kernel; a program's own of that name does not come into the way."""
    symbol = objfile().lookup_global_symbol(name)
    if symbol is None:
        raise gdb.GdbError(f"This kernel has no variable {name}.")
    return symbol.value()


def static(path, name):
    """A static variable of one file: static("lib/log.c", "ring")."""
    for symbol in gdb.lookup_static_symbols(name):
        if symbol.symtab.filename.endswith("kernel/" + path):
            return symbol.value()
    raise gdb.GdbError(f"This kernel has no variable {name} in {path}.")


@functools.lru_cache(None)
def kind(name):
    """A type: kind("struct task")."""
    return gdb.lookup_type(name)


@functools.lru_cache(None)
def constant(name):
    """The value of an enumerator: constant("PTE_W")."""
    symbol = objfile().lookup_static_symbol(name) or objfile().lookup_global_symbol(name)
    if symbol is None:
        raise gdb.GdbError(f"This kernel has no constant {name}.")
    return int(symbol.value()) & WORD


@functools.lru_cache(None)
def constants(enum):
    """{value: name} of an enum with a name: constants("enum task_state")."""
    return {field.enumval: field.name for field in kind(enum).fields()}


def number(value):
    """A pointer's address, or an integer, as one without a sign."""
    return int(value.cast(kind("unsigned long")) if hasattr(value, "cast") else value) & WORD


def pointer(address, type_name):
    """The struct at an address: pointer(0xffff..., "struct task") is a struct task *."""
    return gdb.Value(address & WORD).cast(kind(type_name).pointer())


def text(value):
    """A string: a char array or a char *."""
    return value.string("utf-8", "replace")


def call_name(nr):
    """A system call's name, which is its handler's; "" for one that there is not."""
    handler = number(variable("syscall_table")[nr]["handler"])
    return function_name(handler).removeprefix("sys_") if handler else ""


def function_name(value):
    """Of a pointer to a function, or an address in one: "sys_read"; hexadecimal without a name."""
    found = gdb.block_for_pc(number(value)) if number(value) >= USER_END else None
    while found and not found.function:
        found = found.superblock
    return found.function.name if found else f"{number(value):#x}"


# ---- Lists -------------------------------------------------------------------------------------

@functools.lru_cache(None)
def offset(type_name, member):
    """Where a member is in a struct, in bytes: offset("struct task", "runq_link")."""
    return next(f.bitpos // 8 for f in kind(type_name).fields() if f.name == member)


def container(link, type_name, member):
    """container_of: the struct whose member the pointer (or number) points to."""
    return pointer(number(link) - offset(type_name, member), type_name)


def each(head, type_name, member):
    """Pointers to the structs on a list (lib/list.h), in its order. An empty one may be all 0."""
    link, seen = head["next"], {number(head.address), 0}
    while number(link) not in seen:
        seen.add(number(link))
        yield container(link, type_name, member)
        link = link["next"]
    if number(link) not in (number(head.address), 0):
        raise gdb.GdbError("a list runs in a circle: it is broken, or just being changed")


# ---- CPUs, processes, tasks --------------------------------------------------------------------

def cpus():
    """struct cpu of each CPU that has started, by number."""
    array = variable("cpus")
    return [array[i] for i in range(int(variable("ncpus")))]


def cpu_number():
    """The CPU of gdb's selected thread: QEMU has one for each, from 1 on."""
    thread = gdb.selected_thread()
    if thread is None or not thread.is_valid():
        raise gdb.GdbError("The machine has ended.")
    return thread.num - 1


def current():
    """The task of the selected CPU, as a pointer; None before the scheduler is there."""
    found = variable("cpus")[cpu_number()]["task"]
    return found if number(found) else None


def processes():
    """All that have a number, zombies too, in the order in which they were made."""
    return each(variable("all_processes"), "struct process", "all_link")


def threads(process):
    """The tasks of a process, its leader first, also when that is a zombie."""
    return each(process["tasks"], "struct task", "group_link")


def tasks():
    for process in processes():
        yield from threads(process)


def task(tid):
    """The task of that number: a thread's, or a process's, whose leader has the same."""
    for found in tasks():
        if task_tid(found) == tid:
            return found
    raise gdb.GdbError(f"no task {tid}: tine ps lists them")


def task_tid(which):
    """0: an idle task, which has no number."""
    return int(which["pid"]["number"]) if number(which["pid"]) else 0


def task_tgid(which):
    return task_tid(which["process"]["leader"]) if number(which["process"]) else 0


def task_name(which):
    return text(which["name"])


def task_state(which):
    """The letter that ps shows (fs/proc_status.c)."""
    state = int(which["state"])
    if state == constant("TASK_SLEEPING") and not which["wake_on_signal"]:
        return "D"
    return "RSTZ"[state] if state < 4 else "?"


def task_mm(which):
    """Its struct mm *, or None: a kernel task, or one that has let go of it."""
    return which["mm"] if number(which["mm"]) else None


def task_cpu(which):
    """The CPU that runs it now, or None."""
    for i, cpu in enumerate(cpus()):
        if number(cpu["task"]) == number(which):
            return i
    return None


def task_regs(which):
    """struct regs *: what it came into the kernel with; None: it never was a program."""
    if not number(which["mm"]) and not number(which["pid"]):
        return None
    top = number(which["kstack_top"]) - constant("FPU_AREA")
    return pointer(top - kind("struct regs").sizeof, "struct regs")


# ---- Memory ------------------------------------------------------------------------------------

def memory(address, n_bytes):
    """Bytes at a kernel address."""
    return gdb.selected_inferior().read_memory(address, n_bytes).tobytes()


def physical(pa, n_bytes):
    """Bytes of physical memory, through the direct map. Only RAM: devices do things when read."""
    if pa + n_bytes > int(variable("npages")) << PAGE_SHIFT:
        raise gdb.GdbError(f"no memory at {pa:#x}: the tables are broken, or just being changed")
    return memory(direct(pa), n_bytes)


def direct(pa):
    """The kernel address of a physical one."""
    return DIRECT_MAP + pa


def table(pa):
    """The 512 entries of the page table in that frame."""
    return struct.unpack(f"<{ENTRIES}Q", physical(pa, PAGE_SIZE))


def span(level):
    """Bytes that one entry of a table of this level stands for."""
    return 1 << (PAGE_SHIFT + 9 * (level - 1))


def frame_of(entry):
    """The physical address in an entry."""
    return entry & constant("PTE_ADDR")


def is_table(entry, level):
    return level > 1 and bool(entry & constant("PTE_P"))


def walk(mm, va):
    """[(level, frame of the table, entry)] from the root to the entry that decides about va."""
    steps, at, level = [], number(mm["root"]), LEVEL_ROOT
    while True:
        index = va >> (PAGE_SHIFT + 9 * (level - 1)) & ENTRIES - 1
        entry, = struct.unpack("<Q", physical(at + 8 * index, 8))
        steps.append((level, at, entry))
        if not is_table(entry, level):
            return steps
        at, level = frame_of(entry), level - 1


def entries(mm):
    """(va, level, entry) of all that is mapped, untouched or not, from address 0 up."""
    def below(frame, level, start):
        for i, entry in enumerate(table(frame)[:ENTRIES // 2 if level == LEVEL_ROOT else ENTRIES]):
            va = start + i * span(level)
            if is_table(entry, level):
                yield from below(frame_of(entry), level - 1, va)
            elif entry:
                yield va, level, entry
    return below(number(mm["root"]), LEVEL_ROOT, 0)


def user_memory(mm, va, n_bytes):
    """Bytes of a program, whether it runs or not; fewer where nothing is mapped. What has not been
    touched reads as zeros, and stays untouched (mm/walk.c, mm_read)."""
    done = b""
    while len(done) < n_bytes and va + len(done) < USER_END:
        at = va + len(done)
        chunk = min(n_bytes - len(done), PAGE_SIZE - at % PAGE_SIZE)
        level, _, entry = walk(mm, at)[-1]
        if not entry:
            break
        if level == 1 and entry & (constant("PTE_P") | constant("PTE_FRAME")):
            done += physical(frame_of(entry) + at % PAGE_SIZE, chunk)
        else:
            done += bytes(chunk)
    return done


def user_word(mm, va, n_bytes=8):
    """An unsigned number in a program's memory; None where nothing is mapped."""
    data = user_memory(mm, va, n_bytes)
    return int.from_bytes(data, "little") if len(data) == n_bytes else None
