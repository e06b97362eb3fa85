"""What lies at an address, and which rule a page fault there meets: for tine tree and tine fault.

plan() takes the way of fault_resolve in kernel/mm/fault.c without changing anything: it looks at
the tree as the kernel would, and says what the kernel would do. When fault.c changes, so must it;
tests/gdb_memory.t compares them at every fault of some programs.
"""
import collections

import gdb

import kernel
from entries import (EXEC, KERNEL_BASE, KMAP_END, KMAP_START, LEAF, NX, P, PROT, READ, SHARED, U,
                     USER_END, W, WRITE, canonical, index_of, is_mapping, is_page, pfn_of,
                     prot_letters, size_words)
from files import inode_path
from kernel import PAGE_SIZE, constant, number, span

STACK_STEP, STACK_GUARD_GAP, MAP_AREA_END = 32 << 10, 1 << 20, 0x7F8000000000  # mm/layout.h
MAP_AREA_START = 0x10000
THREAD_STACK = 8 << 20  # none is larger
NEEDS = {"read": PROT, "write": WRITE, "fetch": EXEC}
PROT_NAMES = {"read": "PROT_READ", "write": "PROT_WRITE", "fetch": "PROT_EXEC"}

# rule: a word, as in the trace's fault events; function: of mm/fault.c, which applies it
Plan = collections.namedtuple("Plan", "rule function text")

# ---- What lies there ---------------------------------------------------------------------------


def inode_name(address):
    """Path of a struct inode; its number if it has no name."""
    inode = kernel.pointer(address, "struct inode")
    return inode_path(inode) or f"nameless file {int(inode['number'])}"


def file_of(memory, va, entry):
    """(inode's address, page's number in it) that an entry is of, as mapping_of_entry; or None."""
    page = memory.page(pfn_of(entry)) if entry & (P | constant("PTE_FRAME")) or \
        is_mapping(entry) else None
    if not page or page.kind_name not in ("file", "anon", "mapping") or not page.owner:
        return None
    return page.owner, (va // PAGE_SIZE - page.delta) % (1 << 64) \
        if page.kind_name == "mapping" else page.index


def place_in(space, va):
    """Which part of a program's memory an address is in, by what exec and brk noted; or ''."""
    mm, layout = space.mm, space.mm["layout"]
    top, bottom = int(layout["stack_top"]), int(layout["stack_bottom"])
    if bottom <= va < top:
        return f"the stack, {top - va:#x} below its top"
    if int(mm["brk_start"]) <= va < -(-int(mm["brk"]) // PAGE_SIZE) * PAGE_SIZE:
        return "the heap (brk)"
    if int(layout["code_start"]) <= va < int(layout["code_end"]):
        return "the program's code"
    if int(layout["data_start"]) <= va < int(layout["data_end"]):
        return "the program's data"
    if int(layout["data_end"]) <= va < int(mm["brk_start"]):
        return "the program's zeroed data (bss)"
    return ""


def accessible(memory, space, low, high):
    """Whether all of [low, high) is mapped, and not as a guard is: without any right."""
    while low < high:
        step = memory.walk(space.root, low)[-1]
        if not step.entry & PROT:
            return False
        low = (low // span(step.level) + 1) * span(step.level)
    return True


def thread_stack(memory, space, va):
    """The stack of a thread: mmap's memory, in which its stack pointer is; or ''."""
    for task in space.tasks:
        regs = kernel.task_regs(task)
        rsp = int(regs["rsp"]) if regs else 0
        if rsp <= MAP_AREA_END and abs(rsp - va) < THREAD_STACK and \
                accessible(memory, space, *sorted((va, rsp))):
            return f"the stack of thread {kernel.task_tid(task)}"
    return ""


def nearest(memory, space, va):
    """How far it is to what is mapped above, where nothing is."""
    if va < MAP_AREA_START:
        return "a null pointer, or near one"
    bottom = int(space.mm["layout"]["stack_bottom"])
    if MAP_AREA_END <= va < bottom:
        return f"{bottom - va:#x} below the stack's bottom"
    return "nothing is mapped"


def kernel_part(memory, va):
    """Of an address that is not the user's."""
    if not canonical(va):
        return "no address at all: not canonical"
    if va < 1 << 47:
        return "the last page below the hole, which nobody may map"
    if va >= KERNEL_BASE:
        symbol = gdb.execute(f"info symbol {va:#x}", False, True).split(" in section")[0]
        return "the kernel" + ("" if symbol.startswith("No symbol") else f": {symbol}")
    if KMAP_START <= va < KMAP_END:
        return "kernel stacks and large blocks (mm/kmap.c)"
    if 0 <= va - kernel.DIRECT_MAP < memory.npages * PAGE_SIZE:
        return f"the direct map, frame {(va - kernel.DIRECT_MAP) // PAGE_SIZE:#x}"
    return "the kernel's half"


def what_lies_at(memory, space, va):
    """One phrase: the part of the program, and of which file."""
    if va >= USER_END:
        return kernel_part(memory, va)
    step = memory.walk(space.root, va)[-1]
    if step.entry == 0:
        return nearest(memory, space, va)
    part = place_in(space, va) or (va < MAP_AREA_END and thread_stack(memory, space, va)) or \
        ("shared memory" if step.entry & SHARED else "")
    of = file_of(memory, va, step.entry)
    kind = memory.kind(step.entry, step.level)
    if of:
        how = "a private copy of " if kind == "anon" else ""
        name = f"{how}page {of[1]} of {inode_name(of[0])}"
        return f"{part}: {name}" if part else name
    return part or "anonymous memory (mmap)"


# ---- The rules ---------------------------------------------------------------------------------

def rights(steps, user=True):
    """{"read": None if the CPU may, else why not} as it combines a walk's bits (SDM 4.6)."""
    last = steps[-1]
    if not last.entry & P:
        why = f"level {last.level} is not present"
        return {"read": why, "write": why, "fetch": why}

    def levels(missing):
        found = [str(s.level) for s in steps if missing(s.entry)]
        return f"level{'s' * (len(found) > 1)} {' '.join(found)}" if found else None
    not_user, no_w, nx = (levels(missing) for missing in (
        lambda e: not e & U, lambda e: not e & W, lambda e: e & NX))
    read = f"U is clear at {not_user}" if user and not_user else None
    return {"read": read, "write": read or no_w and f"W is clear at {no_w}",
            "fetch": read or nx and f"NX is set at {nx}"}


def level_words(levels):
    words = [str(level) for level in levels]
    if len(words) == 1:
        return f"the table of level {words[0]}"
    return f"the tables of levels {', '.join(words[:-1])} and {words[-1]}"


def own_way(memory, steps):
    """(what tree_own does, whether the leaf table is copied) for a walk."""
    done, copied, taken = collections.defaultdict(list), False, False
    for step in steps[:-1]:  # these lead to a table
        table, level = pfn_of(step.entry), step.level - 1
        if copied or memory.refs(table) > 1:
            copied = True
            done["copies"].append(level)
        elif taken or not step.entry & W:
            taken = True
            done["takes back"].append(level)
    missing = list(range(steps[-1].level - 1, 0, -1))
    if missing:
        done["splits" if steps[-1].entry else "makes"] = missing
    more = {"splits": f"the promise of level {steps[-1].level} into ", "makes": "new: "}
    texts = [f"{verb} {more.get(verb, '')}{level_words(levels)}" for verb, levels in done.items()]
    return " and ".join(texts), copied and not missing


def first_own(way):
    return f"tree_own first {way}; then " if way else ""


def last_used(memory, space, low, high):
    """As tree_last_used: is anything mapped in [low, high)?"""
    while high > low:
        step = memory.walk(space.root, high - 1)[-1]
        if step.entry:
            return True
        high = (high - 1) // span(step.level) * span(step.level)
    return False


def soft_limit(task, name):
    return int(task["process"]["rlimit"][constant(name)]["soft"])


def grows_to(memory, space, task, va):
    """Where the stack's bottom would be after a touch below it; or why it does not grow."""
    layout = space.mm["layout"]
    bottom, top = int(layout["stack_bottom"]), int(layout["stack_top"])
    if va < MAP_AREA_END or va >= bottom:
        return None, "nothing is mapped there"
    for to in (va // STACK_STEP * STACK_STEP, va // PAGE_SIZE * PAGE_SIZE):
        mapped = memory.page(space.root).mapped * PAGE_SIZE
        if top - to > soft_limit(task, "RLIMIT_STACK"):
            why = "the stack may not grow so far (RLIMIT_STACK)"
        elif mapped + bottom - to > soft_limit(task, "RLIMIT_AS"):
            why = "the stack may not grow so far (RLIMIT_AS)"
        elif last_used(memory, space, to - STACK_GUARD_GAP, bottom):
            why = "the stack would come too near to what is mapped below it"
        else:
            return to, ""
    return None, why


def file_page(inode, index):
    """The address of the struct page that a file has at this index, as fs/pages.c; 0: a hole."""
    height, at = int(inode["pages_height"]), number(inode["pages"])
    if index >> 9 * height:
        return 0
    while at and height > 0:
        slot = index >> 9 * (height - 1) & 511
        at = int.from_bytes(kernel.memory(at + 8 * slot, 8), "little")
        height -= 1
    return at


def plan_mapping(memory, va, entry, access, steps):
    """A promise of a file's page."""
    of = file_of(memory, va, entry)
    if not of:
        return Plan("bus", "fault_file", "SIGBUS (BUS_ADRERR): the promise is of no file")
    inode, name = kernel.pointer(of[0], "struct inode"), inode_name(of[0])
    if of[1] >= -(-int(inode["size_bytes"]) // PAGE_SIZE):
        return Plan("bus", "fault_file", f"SIGBUS (BUS_ADRERR): page {of[1]} of {name} is beyond "
                                         "its end")
    way, _ = own_way(memory, steps)
    text = f"{first_own(way)}fault_file enters page {of[1]} of {name}"
    if not file_page(inode, of[1]):
        text += ", a hole, which it fills with a zeroed frame"
    if access == "write" and not entry & SHARED:
        return Plan("copy", "fault_copy", text + "; fault_copy makes the private copy of it")
    return Plan("file", "fault_file", text)


def ahead(space, va):
    """How many pages the first write of one brings in: touch_span."""
    mm = space.mm
    in_row = int(mm["touched_in_row"]) + 1 if va == int(mm["touched_up_to"]) else 0
    most = constant("AHEAD_PAGES")
    return most - index_of(va, LEAF) % most if in_row >= constant("AHEAD_AFTER") else 1


def plan_promise(memory, space, va, access, steps):
    """Memory that was promised and is touched for the first time."""
    way, _ = own_way(memory, steps)
    if access != "write":
        return Plan("zero", "fault_zero",
                    f"{first_own(way)}fault_zero maps the one page of zeros")
    n = ahead(space, va)
    more = f", and up to {n - 1} more behind it: it is one of many in a row" if n > 1 else ""
    return Plan("untouched", "fault_untouched",
                f"{first_own(way)}fault_untouched gives it a zeroed frame{more}")


def plan_write(memory, steps):
    """A write to a page that the program may write, but not the CPU."""
    entry = steps[-1].entry
    way, copied = own_way(memory, steps)
    refs, pfn = memory.refs(pfn_of(entry)) + copied, pfn_of(entry)
    if entry & SHARED:
        return Plan("reuse", "fault_reuse", f"{first_own(way)}fault_reuse sets W: MAP_SHARED "
                                            "memory is never copied")
    if pfn == memory.zero_page:
        return Plan("copy", "fault_copy", f"{first_own(way)}fault_copy puts a zeroed frame in "
                                          "place of the zero page")
    if refs == 1:
        return Plan("reuse", "fault_reuse", f"{first_own(way)}fault_reuse sets W: nobody else has "
                                          f"the page {pfn:#x}")
    return Plan("copy", "fault_copy", f"{first_own(way)}fault_copy copies the page {pfn:#x}, which "
                f"{'then has' if copied else 'has'} {refs} references")


def plan(memory, space, task, va, access):
    """What a "read", "write" or "fetch" by the program would meet now."""
    if not canonical(va):
        return Plan("segv", "", "SIGSEGV (SI_KERNEL): the address is not canonical; this is a "
                                "general protection fault, no page fault")
    if va >= USER_END:
        return Plan("segv", "fault_failed",
                    "SIGSEGV (SEGV_MAPERR): the address is not in the user's half")
    steps = memory.walk(space.root, va)
    if rights(steps)[access] is None:
        return Plan("spurious", "", "no fault: the CPU may")
    step, grown = steps[-1], ""
    entry = step.entry
    if not entry:
        bottom, why = grows_to(memory, space, task, va)
        if bottom is None:
            return Plan("segv", "fault_failed", f"SIGSEGV (SEGV_MAPERR): {why}")
        lowest = memory.walk(space.root, int(space.mm["layout"]["stack_bottom"]))[-1].entry
        entry = constant("PTE_RESERVED") | (lowest & PROT if lowest else READ | WRITE)
        more = size_words(int(space.mm["layout"]["stack_bottom"]) - bottom)
        grown = f"fault_grow promises {more} more of stack; "
    if not entry & NEEDS[access]:
        return Plan("access", "fault_failed", "SIGSEGV (SEGV_ACCERR): it is mapped "
                    f"{prot_letters(entry)}, without {PROT_NAMES[access]}")
    if is_mapping(entry):
        return plan_mapping(memory, va, entry, access, steps)
    if not is_page(entry, step.level):
        if grown:  # it makes the way, so that nothing but the leaf is left
            steps = [step._replace(level=LEAF, entry=entry)]
        found = plan_promise(memory, space, va // PAGE_SIZE * PAGE_SIZE, access, steps)
        return Plan("grow" if grown else found.rule, found.function, grown + found.text)
    if access == "write":
        return plan_write(memory, steps)
    return Plan("spurious", "", "nothing to do: the entry allows it already")
