"""tine maps: an address space line by line, as /proc/PID/maps.

The tree has no list of regions (docs/memory.md): neighbours that look the same make a line, as in
mm/walk.c (mm_next_region) and fs/proc_maps.c, whose twin this is.
"""
import kernel
from commands import Command, mm_of, pids, task_of
from files import inode_path, root_of

NAME_COLUMN = 73
LAST_PAGE_END = (1 << 47) - kernel.PAGE_SIZE  # USER_END of arch/pte.h
PAGES_AT_ONCE = 128


class Frames:
    """struct page of a frame: (kind, owner, index, delta), read many at a time."""

    def __init__(self):
        self.array = kernel.number(kernel.variable("pages"))
        self.count = int(kernel.variable("npages"))
        self.size = kernel.kind("struct page").sizeof
        self.blocks = {}
        names = kernel.constants("enum page_kind")
        self.kinds = {name: value for value, name in names.items()}

    def page(self, entry):
        pfn = kernel.frame_of(entry) >> kernel.PAGE_SHIFT
        if pfn >= self.count:
            raise ValueError(f"entry {entry:#x} names no frame")
        first = pfn - pfn % PAGES_AT_ONCE
        if first not in self.blocks:
            n = min(PAGES_AT_ONCE, self.count - first)
            self.blocks[first] = kernel.memory(self.array + first * self.size, n * self.size)
        at = (pfn - first) * self.size
        data = self.blocks[first][at:at + self.size]
        word = [int.from_bytes(data[i:i + 8], "little") for i in range(0, self.size, 8)]
        return data[4], word[2], word[1] >> 32, word[3]

    def owner(self, entry, va):
        """(inode, page number in it) of an entry, by mm/mapping.c's mapping_of_entry; (0, 0)."""
        if not entry & (kernel.constant("PTE_P") | kernel.constant("PTE_FRAME") |
                        kernel.constant("PTE_MAPPING")):
            return 0, 0
        kind, inode, index, delta = self.page(entry)
        if kind == self.kinds["PAGE_MAPPING"]:
            return inode, (va >> kernel.PAGE_SHIFT) - delta if inode else 0
        if kind not in (self.kinds["PAGE_FILE"], self.kinds["PAGE_ANON"]):
            return 0, 0  # the zero page
        return inode, index if inode else 0


def regions(mm):
    """[start, end, protection, shared, inode, offset in it] of each, from address 0 up."""
    frames, last = Frames(), None
    prot_bits, shared_bit = kernel.constant("PTE_PROT"), kernel.constant("PTE_SHARED")
    for va, level, entry in kernel.entries(mm):
        inode, index = frames.owner(entry, va)
        same = (entry & prot_bits, bool(entry & shared_bit), inode)
        offset = index << kernel.PAGE_SHIFT
        if last and last[1] == va and tuple(last[2:5]) == same and (
                not inode or last[5] + va - last[0] == offset):
            last[1] += kernel.span(level)
            continue
        if last:
            yield last
        last = [va, va + kernel.span(level), *same, offset]
    if last:
        yield last


def region_name(mm, start, end, inode, root):
    if inode:
        path = inode_path(kernel.pointer(inode, "struct inode"), root)
        return path or "/dev/zero (deleted)"
    if start < int(mm["brk"]) and end > int(mm["brk_start"]):
        return "[heap]"
    return "[stack]" if start < int(mm["layout"]["stack_top"]) <= end else ""


def line(mm, region, root):
    start, end, prot, shared, inode, offset = region
    end = min(end, LAST_PAGE_END)
    bits = "".join(letter if prot & kernel.constant(bit) else "-" for letter, bit in
                   (("r", "PTE_READ"), ("w", "PTE_WRITE"), ("x", "PTE_EXEC")))
    node = kernel.pointer(inode, "struct inode") if inode else None
    dev = int(node["super"]["dev"]) if node else 0
    text = (f"{start:08x}-{end:08x} {bits}{'s' if shared else 'p'} {offset:08x} "
            f"{dev >> 8:02x}:{dev & 255:02x} {int(node['number']) if node else 0} ")
    name = region_name(mm, start, end, inode, root)
    return text.ljust(NAME_COLUMN) + name if name else text


class Maps(Command):
    """Address space of a process, as /proc/PID/maps.
Each line: addresses, protection (r w x; p private, s shared), offset in the file, device, inode,
name. What protects is what mmap asked for: whether a page may be written now is in the tree (tine
tree). Without PID it is the selected CPU's task."""
    name, usage, completes = "maps", "[PID]", (pids,)

    def run(self, pid=None):
        task = task_of(pid)
        mm = mm_of(task)
        for region in regions(mm):
            print(line(mm, region, root_of(task)))
