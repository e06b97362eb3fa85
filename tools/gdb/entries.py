"""Entries of page tables, struct page, walks and address spaces as numbers: part of `make gdb`.

tree.py, frames.py, fault.py and printers.py put them into words. A Memory is one look at the
machine while it stands still, so it reads each table and each part of the array `pages` only once.
Sources: kernel/arch/pte.h, kernel/mm/page.h, kernel/mm/tree.h; docs/memory.md.
"""
import collections
import struct

import gdb

import kernel
from kernel import ENTRIES, LEVEL_ROOT, PAGE_SIZE, constant, number, span

LEAF, USER_ENTRIES = 1, 256
USER_END = 0x7FFFFFFFF000  # arch/pte.h: a page less than half of all
KMAP_START, KMAP_END = 0xFFFFC00000000000, 0xFFFFC08000000000
KERNEL_BASE = 0xFFFFFFFF80000000
CHUNK = 128  # struct pages that are read at once: one page of their array

P, W, U, A, D, NX, PWT, PCD, LARGE, GLOBAL = (constant("PTE_" + name) for name in (
    "P", "W", "U", "A", "D", "NX", "PWT", "PCD", "LARGE", "G"))
READ, WRITE, EXEC, PROT, SHARED, FRAME, RESERVED, MAPPING, NOWRITE, LOCKED, ADDR = (
    constant("PTE_" + name) for name in ("READ", "WRITE", "EXEC", "PROT", "SHARED", "FRAME",
                                         "RESERVED", "MAPPING", "NOWRITE", "LOCKED", "ADDR"))
CPU_WORDS = ((W, "writable"), (U, "user"), (PWT, "write-through"), (PCD, "uncached"),
             (A, "accessed"), (D, "dirty"), (GLOBAL, "global"), (NX, "nx"))
OUR_WORDS = ((SHARED, "MAP_SHARED"), (FRAME, "PROT_NONE"), (NOWRITE, "never-writable"),
             (LOCKED, "locked"))

Step = collections.namedtuple("Step", "level table index entry")  # table: number of its frame

# ---- One entry ---------------------------------------------------------------------------------


def is_table(entry, level):
    return level > LEAF and bool(entry & P) and not entry & LARGE


def is_page(entry, level):
    return level == LEAF and bool(entry & (P | FRAME))


def is_mapping(entry):
    return not entry & P and bool(entry & MAPPING)


def has_frame(entry):
    """As entry_has_frame: it counts as a reference."""
    return bool(entry & (P | FRAME | MAPPING))


def pfn_of(entry):
    return (entry & ADDR) // PAGE_SIZE


def index_of(va, level):
    return va // span(level) % ENTRIES


def prot_letters(entry):
    """What mmap or mprotect asked for, as /proc/PID/maps shows it."""
    return "".join(letter if entry & bit else "-"
                   for bit, letter in ((READ, "r"), (WRITE, "w"), (EXEC, "x")))


def cpu_words(entry):
    """What the CPU reads in it."""
    if not entry & P:
        return "not present"
    return " ".join(["present"] + [word for bit, word in CPU_WORDS if entry & bit])


def our_words(entry):
    return " ".join(word for bit, word in OUR_WORDS if entry & bit)


def canonical(va):
    return va < 1 << 47 or va >= (1 << 64) - (1 << 47)


def size_words(size):
    """4096 is "4K", 6 MiB "6M"."""
    unit = "KMGT"
    size //= 1024
    while size >= 1024 and size % 1024 == 0 and len(unit) > 1:
        size, unit = size // 1024, unit[1:]
    return f"{size}{unit[0]}"


# ---- Frames ------------------------------------------------------------------------------------

def formats(type_name):
    """{member: (offset, struct format)} of a C struct's numbers, those in unions too."""
    letters = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}

    def members(fields, base):
        for field in fields:
            at, kind = base + field.bitpos // 8, field.type.strip_typedefs()
            if kind.code in (gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_STRUCT):
                yield from members(kind.fields(), at)
            else:
                yield field.name, (at, letters[kind.sizeof])
    return dict(members(kernel.kind(type_name).fields(), 0))


PAGE_FORMATS = formats("struct page")
PAGE_BYTES = kernel.kind("struct page").sizeof
KINDS = {value: name[len("PAGE_"):].lower()
         for value, name in kernel.constants("enum page_kind").items()}


class Page:
    """A struct page: its members by the names of mm/page.h."""

    def __init__(self, data):
        self.data = data

    def __getattr__(self, name):
        offset, letter = PAGE_FORMATS[name]
        return struct.unpack_from(letter, self.data, offset)[0]

    @property
    def kind_name(self):
        return KINDS.get(self.kind, f"kind {self.kind}")


class Space:
    """An address space: a struct mm, and the processes that run in it."""

    def __init__(self, mm):
        self.mm, self.address = mm, number(mm)
        self.number, self.root = int(mm["number"]), int(mm["root"]) // PAGE_SIZE
        self.pids, self.tasks = [], []

    @classmethod
    def of_kernel(cls, memory, name):
        """Of a task without memory of its own, which runs with the kernel's root."""
        space = cls.__new__(cls)
        space.mm, space.address, space.number, space.root = None, 0, 0, memory.kernel_root
        space.pids, space.tasks, space.name = [], [], name
        return space

    def owners(self):
        word = "pid" if len(self.pids) == 1 else "pids"
        numbers = " ".join(map(str, self.pids))
        return f'{word} {numbers} "{kernel.task_name(self.tasks[0])}"' if self.tasks else ""

    def __str__(self):
        if self.mm is None:
            return self.name
        return f"mm {self.number} of {self.owners()}" if self.tasks else f"mm {self.number}"

    def short(self):
        return f"mm {self.number} ({self.owners()})" if self.tasks else f"mm {self.number}"


class Memory:
    """What is in the frames, and whose, now."""

    def __init__(self):
        self.tables, self.chunks, self._spaces = {}, {}, None
        self.npages = int(kernel.variable("npages"))
        self.pages = number(kernel.variable("pages"))
        if not self.pages:
            raise gdb.GdbError("the kernel has no frames yet: continue (break kmain, page_init)")
        self.zero_page = self.pfn_of_page(number(kernel.variable("zero_page")))
        self.kernel_root = int(kernel.variable("kernel_root")) // PAGE_SIZE

    def table(self, pfn):
        """The 512 entries of a frame."""
        if pfn not in self.tables:
            self.tables[pfn] = kernel.table(pfn * PAGE_SIZE)
        return self.tables[pfn]

    def page(self, pfn):
        """The struct page of a frame; None where there is none: device registers, a wild entry."""
        if not 0 <= pfn < self.npages:
            return None
        first = pfn - pfn % CHUNK
        if first not in self.chunks:
            n = min(CHUNK, self.npages - first)
            self.chunks[first] = kernel.memory(self.pages + first * PAGE_BYTES, n * PAGE_BYTES)
        at = (pfn - first) * PAGE_BYTES
        return Page(self.chunks[first][at:at + PAGE_BYTES])

    def pfn_of_page(self, address):
        """The frame whose struct page that is; None if it is not one."""
        pfn, rest = divmod(address - self.pages, PAGE_BYTES)
        return pfn if 0 <= pfn < self.npages and rest == 0 else None

    def refs(self, pfn):
        page = self.page(pfn)
        return page.refs if page else 0

    def walk(self, root, va):
        """The Steps from the root to the entry that decides about va."""
        table, level, steps = root, LEVEL_ROOT, []
        while True:
            index = index_of(va, level)
            entry = self.table(table)[index]
            steps.append(Step(level, table, index, entry))
            if not is_table(entry, level) or pfn_of(entry) >= self.npages:
                return steps
            table, level = pfn_of(entry), level - 1

    def kind(self, entry, level):
        """What an entry is: a word for docs/memory.md's kinds; for a page, that of its frame."""
        if entry == 0:
            return "empty"
        if is_table(entry, level):
            return "table"
        if is_page(entry, level) or entry & P:
            page = self.page(pfn_of(entry))
            if not page or entry & PCD:
                return "device"
            if level > LEAF:
                return "large"
            return "zero" if pfn_of(entry) == self.zero_page else page.kind_name
        if entry & RESERVED:
            return "mapping" if entry & MAPPING else "promise"
        return "unknown"

    def spaces(self):
        """All address spaces: those of programs, and one that exec is just making."""
        if self._spaces is None:
            head = kernel.static("mm/mm.c", "all_mms")
            self._spaces = [Space(mm) for mm in kernel.each(head, "struct mm", "all_link")]
            by_address = {space.address: space for space in self._spaces}
            for task in kernel.tasks():
                space = by_address.get(number(task["mm"]))
                if space:
                    space.tasks.append(task)
                    pid = kernel.task_tgid(task)
                    if pid not in space.pids:
                        space.pids.append(pid)
        return self._spaces

    def space(self, mm):
        return next((s for s in self.spaces() if s.address == number(mm)), None) or Space(mm)

    def leads_to(self, space, va, level, table):
        """Whether a walk to va comes through this table."""
        return any(s.level == level and s.table == table for s in self.walk(space.root, va))

    def sharers(self, space, va, level, table):
        """The pids of the other processes that have this table at va; fork alone shares it, so
        they have it at the same place."""
        return sorted(pid for other in self.spaces() for pid in other.pids
                      if pid not in space.pids[:1] and self.leads_to(other, va, level, table))
