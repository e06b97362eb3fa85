"""What the kernel uses a frame for that no reference counts: for tine frame (frames.py).

of() gives one text for each use that it finds. A frame of kind PAGE_KERNEL does not say whose it
is; so this looks where such frames are held: page tables of the kernel, the KMAP area (stacks,
large blocks), nodes of files' trees of pages, rings of pipes.
"""
import gdb

import kernel
from commands import described
from entries import KERNEL_BASE, KMAP_END, KMAP_START, LARGE, P, PAGE_BYTES, USER_ENTRIES, pfn_of
from kernel import DIRECT_MAP, LEVEL_ROOT, PAGE_SIZE, constant, number, span
from rules import inode_name

STACK_SLOT = 4 * PAGE_SIZE  # mm/kmap.c: SLOT_SIZE


def of(memory, pfn, page, address):
    give = {"free": free, "boot": boot, "heap": heap, "kernel": kernels}.get(page.kind_name)
    if give is None:
        yield "a kind that does not exist: the struct page is broken"
        return
    found = False
    for text in give(memory, pfn, page, address):
        found = True
        yield text
    if not found:
        yield "nothing that is known here: a buffer, or an object of 2 to 4 KiB (mm/heap.c)"


def free(memory, pfn, page, _):
    """Where on the free lists."""
    for name, what in (("free_list", "of any content"), ("clean_list", "that hold zeros")):
        at, n = memory.pfn_of_page(number(kernel.static("mm/page.c", name))), 1
        while at is not None and at != pfn and n <= memory.npages:
            at, n = memory.pfn_of_page(memory.page(at).next), n + 1
        if at == pfn:
            yield f"number {n} on {name}, the list of free frames {what}"
            return
    yield "on no free list: it is just being taken or given back"


def boot(memory, pfn, page, address):
    """In use since boot."""
    pa = pfn * PAGE_SIZE
    first, last = (number(kernel.variable(name).address) - KERNEL_BASE
                   for name in ("kernel_start", "kernel_end"))
    array = memory.pages - DIRECT_MAP
    info = kernel.variable("boot_info")
    if first <= pa < last:
        exact = address and address >= KERNEL_BASE
        where = symbol(address if exact else KERNEL_BASE + pa)
        yield f"the kernel's image: {where if exact else f'from {where} on'}"
    elif array <= pa < array + memory.npages * PAGE_BYTES:
        yield f"the array of struct page, from pages[{(pa - array) // PAGE_BYTES:#x}] on"
    elif not any(int(r["start"]) <= pa < int(r["end"]) and r["usable"]
                 for r in (info["range"][i] for i in range(int(info["nranges"])))):
        yield "no memory: firmware, or registers of a device"
    else:
        yield "kept since boot: what the firmware uses, or a part of a module"


def symbol(address):
    text = gdb.execute(f"info symbol {address:#x}", False, True).split(" in section ")
    return text[0] if len(text) > 1 else f"{address:#x}"


def heap(memory, pfn, page, address):
    """A slab: of which class, and what of it is known."""
    classes = kernel.static("mm/heap.c", "classes")
    if page.index > classes.type.range()[1]:
        yield "a slab of a class that does not exist: the struct page is broken"
        return
    size = int(classes[page.index]["size_bytes"])
    n = PAGE_SIZE // size
    name = kernel.text(classes[page.index]["lock"]["name"])
    yield f"a slab of {name}: {page.used} of {n} objects of {size} bytes in use"
    unused, at = set(), page.heap_free
    data = kernel.memory(DIRECT_MAP + pfn * PAGE_SIZE, PAGE_SIZE)
    while at and at <= PAGE_SIZE - 4 and at not in unused:
        unused.add(at)
        at = int.from_bytes(data[at - 1:at + 3], "little")
    if address and address % PAGE_SIZE // size < n:
        i, at = divmod(address % PAGE_SIZE, size)
        state = "free" if i * size + 1 in unused else "in use"
        yield f"the address is {at:#x} bytes into object {i}, which is {state}"
    start = DIRECT_MAP + pfn * PAGE_SIZE
    known = {at: what for at, what in known_objects() if start <= at < start + PAGE_SIZE}
    for at, what in sorted(known.items()):
        yield f"object {at % PAGE_SIZE // size}: {what}"


def known_objects():
    """(address, what it is) of the structs that can be found by lists."""
    for process in kernel.processes():
        name = f"process {kernel.task_tid(process['leader'])}"
        yield number(process), f"struct process of {name}"
        for task in kernel.threads(process):
            who = described(task)
            yield number(task), f"struct task of {who}"
            for member in ("mm", "files", "fs", "sighand", "pid"):
                yield number(task[member]), f"struct {member} of {who}"
    for inode in inodes():
        yield number(inode), f"struct inode of {inode_name(number(inode))}"


def inodes():
    return kernel.each(kernel.static("fs/inode.c", "all_inodes"), "struct inode", "all_link")


def kernels(memory, pfn, page, _):
    """PAGE_KERNEL: whoever has it."""
    yield from tables(memory, pfn)
    yield from files(pfn)
    yield from pipes(memory, pfn)


def tables(memory, pfn):
    """The kernel's page tables, and what they map in the KMAP area."""
    if pfn == memory.kernel_root:
        yield "the kernel's own root (kernel_root)"

    def below(table, level, va):
        for index, entry in enumerate(memory.table(table)):
            at = va + index * span(level)
            if not entry & P or (level == LEVEL_ROOT and index < USER_ENTRIES):
                continue
            if level == LEVEL_ROOT:
                at |= 0xFFFF << 48
            if level > 1 and not entry & LARGE:
                if pfn_of(entry) == pfn:
                    yield f"a page table of the kernel's half, level {level - 1}, from {at:#x} on"
                yield from below(pfn_of(entry), level - 1, at)
            elif pfn_of(entry) == pfn and KMAP_START <= at < KMAP_END:
                yield kmap(at)
    yield from below(memory.kernel_root, LEVEL_ROOT, 0)


def all_tasks():
    yield from kernel.tasks()
    for cpu in kernel.cpus():
        if number(cpu["idle"]):
            yield cpu["idle"]


def kmap(va):
    """A page of the KMAP area: a stack or a block."""
    blocks_start = KMAP_START + constant("MAX_SLOTS") * STACK_SLOT
    if va >= blocks_start:
        for block in kernel.each(kernel.static("mm/kmap.c", "blocks"), "struct block", "link"):
            start, n = number(block["start"]), int(block["npages"])
            if start <= va < start + n * PAGE_SIZE:
                return f"page {(va - start) // PAGE_SIZE} of the block of {n} at {start:#x}"
        return f"at {va:#x} in the area of large blocks"
    top = va // STACK_SLOT * STACK_SLOT + STACK_SLOT
    for task in all_tasks():
        if number(task["kstack_top"]) == top:
            return f"kernel stack of {described(task)}: {top - va:#x} below its top, {top:#x}"
    cached, n = number(kernel.static("mm/kmap.c", "cached")), 0
    while cached and n < 100:
        if cached == top:
            return f"a kernel stack that is kept for the next fork, at {va:#x}"
        cached, n = int.from_bytes(kernel.memory(cached - 8, 8), "little"), n + 1
    return f"a kernel stack of a task that has no number any more, at {va:#x}"


def files(pfn):
    """Nodes of a file's tree of pages (fs/pages.c)."""
    kva = DIRECT_MAP + pfn * PAGE_SIZE

    def node(at, height):
        if at == kva:
            return True
        if height < 2:
            return False
        data = kernel.memory(at, PAGE_SIZE)
        slots = (int.from_bytes(data[i:i + 8], "little") for i in range(0, PAGE_SIZE, 8))
        return any(node(slot, height - 1) for slot in slots if slot)
    for inode in inodes():
        height = int(inode["pages_height"])
        if height > 0 and number(inode["pages"]) and node(number(inode["pages"]), height):
            yield f"a node of {inode_name(number(inode))}'s tree of pages (fs/pages.c)"


def pipes(memory, pfn):
    for inode in inodes():
        if int(inode["mode"]) & 0o170000 != constant("S_IFIFO") or not number(inode["private"]):
            continue
        pipe = kernel.pointer(number(inode["private"]), "struct pipe")
        for i in range(int(pipe["nframes"])):
            if memory.pfn_of_page(number(pipe["frame"][i])) == pfn:
                yield f"frame {i} of the ring of pipe {int(inode['number'])}"
