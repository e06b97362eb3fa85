"""tine frame: one frame of physical memory, and everyone who points to it.

Like mm/audit.c it looks for all pointers to a frame and compares with what its struct page says;
but it names them. Who may hold a frame depends on its kind (kernel/mm/page.h): Counted does those
whose references are counted, holders.py the kernel's own.
"""
import gdb

import holders
import kernel
from commands import Command, described, need_tasks, say
from entries import (KERNEL_BASE, KMAP_END, KMAP_START, PAGE_BYTES, USER_END, USER_ENTRIES, W,
                     Memory, canonical, has_frame, is_mapping, is_table, pfn_of,
                     prot_letters)
from kernel import DIRECT_MAP, ENTRIES, LEVEL_ROOT, PAGE_SIZE, number, span
from rules import file_page, inode_name

SHOWN = 12  # holders that are listed; the others are counted
COUNTED = ("anon", "file", "table", "mapping")  # their references are pointers that can be found


class Trees:
    """Every entry of every user tree: those of a table once, however many trees it is in."""

    def __init__(self, memory):
        self.memory = memory
        self.to = {}  # frame: [(table, level, index, va, entry)]
        self.below = {}  # table: [(frame of the table below, va)]
        self.spaces = {}  # table: the address spaces whose trees it is in
        self.roots = {}
        for space in memory.spaces():
            self.roots.setdefault(space.root, []).append(space)
            self.visit(space, space.root, LEVEL_ROOT, 0)

    def visit(self, space, table, level, va):
        if table not in self.below:
            self.below[table] = list(self.read(table, level, va))
        self.spaces.setdefault(table, []).append(space)
        for pfn, at in self.below[table]:
            self.visit(space, pfn, level - 1, at)

    def read(self, table, level, va):
        """Notes what the entries of a table point to; the tables among that."""
        length = USER_ENTRIES if level == LEVEL_ROOT else ENTRIES
        for index, entry in enumerate(self.memory.table(table)[:length]):
            if not entry or not has_frame(entry) or pfn_of(entry) >= self.memory.npages:
                continue
            pfn, at = pfn_of(entry), va + index * span(level)
            self.to.setdefault(pfn, []).append((table, level, index, at, entry))
            if is_table(entry, level):
                yield pfn, at

    def holders(self, pfn):
        """One text for each pointer to a frame."""
        for space in self.roots.get(pfn, ()):
            yield f"the root of {space.short()}"
        for table, level, index, va, entry in self.to.get(pfn, ()):
            spaces = self.spaces[table]
            names = ", ".join(space.short() for space in spaces[:3])
            more = f" and {len(spaces) - 3} more" if len(spaces) > 3 else ""
            bits = "" if is_table(entry, level) else f" {prot_letters(entry)}"
            bits += " promise" if is_mapping(entry) else " W" if entry & W else ""
            yield f"{va:#x}{bits}: level {level} [{index}] of table {table:#x}, {names}{more}"

    def seen_by(self, pfn):
        """How many address spaces can reach it."""
        found = {space.address for space in self.roots.get(pfn, ())}
        for table, *_ in self.to.get(pfn, ()):
            found.update(space.address for space in self.spaces[table])
        return len(found)


def file_holder(memory, pfn, page):
    """The file that has it among its pages."""
    if page.kind_name == "file" and page.owner:
        inode = kernel.pointer(page.owner, "struct inode")
        if file_page(inode, page.index) == memory.pages + pfn * PAGE_BYTES:
            yield f"{inode_name(page.owner)}, inode {int(inode['number'])}: its page " \
                  f"{page.index}, offset {page.index * PAGE_SIZE:#x}"


def futex_holders(memory, pfn):
    """Those who sleep on a futex in shared memory."""
    buckets = kernel.static("proc/futex.c", "buckets")
    for i in range(buckets.type.range()[1] + 1):
        for sleeper in kernel.each(buckets[i]["sleepers"], "struct futex_sleeper", "link"):
            if memory.pfn_of_page(number(sleeper["key"]["page"])) == pfn:
                yield f"{described(sleeper['task'])} sleeps on a futex in it"


# ---- Which frame is meant ----------------------------------------------------------------------

def mapped_frame(memory, root, va, whose):
    """The frame behind an address that some tree maps."""
    step = memory.walk(root, va)[-1]
    if not has_frame(step.entry) or is_mapping(step.entry):
        kind = memory.kind(step.entry, step.level)
        raise gdb.GdbError(f"{va:#x} has no frame: {kind} in {whose}")
    return pfn_of(step.entry) + va % span(step.level) // PAGE_SIZE


def frame_at(memory, address, is_pointer):
    """The frame that an address lies in, or that a number is."""
    if not canonical(address):
        raise gdb.GdbError(f"{address:#x} is no address: not canonical, bits 63 to 47 differ")
    if KMAP_START <= address < KMAP_END or address >= KERNEL_BASE:
        return mapped_frame(memory, memory.kernel_root, address, "the kernel's half")
    if address >= DIRECT_MAP:
        return (address - DIRECT_MAP) // PAGE_SIZE
    task = kernel.current()
    if is_pointer and address < USER_END and kernel.task_mm(task):
        return mapped_frame(memory, int(task["mm"]["root"]) // PAGE_SIZE, address, described(task))
    return address if address < memory.npages else address // PAGE_SIZE


def frame_of(memory, expression):
    """(frame, address in it or None) that an expression means."""
    try:
        value = gdb.parse_and_eval(expression)
        kind = value.type.strip_typedefs()
        if str(value.type.unqualified()) == "pte_t":
            return pfn_of(number(value)), None
        if kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ARRAY,
                         gdb.TYPE_CODE_FUNC):
            value = value.address
            kind = value.type
        address = number(value)
    except gdb.error as error:
        raise gdb.GdbError(f"no frame {expression}: {str(error).rstrip('.')}") from None
    if kind.code == gdb.TYPE_CODE_PTR and \
            kind.target().unqualified() == kernel.kind("struct page"):
        pfn = memory.pfn_of_page(address)
        if pfn is None:
            raise gdb.GdbError(f"{expression} points to no struct page: {address:#x}")
        return pfn, None
    pfn = frame_at(memory, address, kind.code == gdb.TYPE_CODE_PTR)
    return pfn, address if address >= memory.npages else None


class Frame(Command):
    """A frame of physical memory: what it is, and everyone who points to it.

A frame is meant by its number, by an address in it (physical, of the direct map, of a kernel
stack, of the kernel), by a pointer to its struct page, by an entry that names it, or by a pointer
of the current program. Each line is one pointer, and one reference: an entry of a page table with
the address spaces that lead to it, a root, a file's page. Since tables are shared, one reference
may be seen by many. What the kernel holds has no count; there it says for what it is used.

    tine frame 0x7fb6
    tine frame cpus[0].task
    tine frame page"""
    name, usage = "frame", "PFN|ADDR"

    def run(self, *expression):
        need_tasks()
        if not expression:
            raise gdb.GdbError(f"usage: tine frame {self.usage}")
        memory = Memory()
        pfn, address = frame_of(memory, " ".join(expression))
        page = memory.page(pfn)
        if page is None:
            raise gdb.GdbError(f"no frame {pfn:#x}: the last one is {memory.npages - 1:#x}")
        print(f"frame {pfn:#x}: physical {pfn * PAGE_SIZE:#x}, direct map "
              f"{DIRECT_MAP + pfn * PAGE_SIZE:#x}, pages[{pfn:#x}]")
        say(self.struct_page(memory, pfn, page))
        if page.kind_name in COUNTED or pfn == memory.zero_page:
            self.show_counted(memory, pfn, page)
        else:
            for text in holders.of(memory, pfn, page, address):
                say(text, 2)
            if page.kind_name != "boot":
                wanted = 0 if page.kind_name == "free" else 1
                print(f"refs {page.refs}, as every frame of this kind" if page.refs == wanted else
                      f"refs {page.refs}, but frames of this kind have {wanted}: a bug")

    def struct_page(self, memory, pfn, page):
        """What its struct page says, by kind."""
        kind = page.kind_name
        if pfn == memory.zero_page:
            return "the page of zeros, which nobody counts; reads of untouched memory map it"
        text = f"{kind}, refs {page.refs}"
        if kind == "table":
            text += f", level {page.level}: {page.used} entries in use, {page.resident} pages " \
                    f"below it there, {page.used if page.level == 1 else page.mapped} mapped"
        elif kind == "anon" and page.owner:
            text += f": a private copy of page {page.index} of {inode_name(page.owner)}"
        elif kind == "mapping":
            text += ": promises pages of " + (inode_name(page.owner) if page.owner else "no file")
        return text

    def show_counted(self, memory, pfn, page):
        trees = Trees(memory)
        found = [*file_holder(memory, pfn, page), *trees.holders(pfn), *futex_holders(memory, pfn)]
        for text in found[:SHOWN]:
            say(text, 2)
        if len(found) > SHOWN:
            print(f"  and {len(found) - SHOWN} more")
        if pfn == memory.zero_page:
            print(f"{len(found)} entries point to it")
            return
        seen = trees.seen_by(pfn)
        text = f"refs {page.refs}, found {len(found)}: "
        text += "they agree" if page.refs == len(found) else \
            "they differ: a task is in the middle of a change, or a count is wrong"
        if seen > len(found):
            text += f"; {seen} address spaces see it, because they share tables above"
        say(text)
