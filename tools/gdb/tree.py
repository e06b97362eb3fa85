"""tine tree: the page-table tree of a process, or the walk of one address (docs/memory.md)."""
import collections

import gdb

import kernel
import rules
from commands import LINE, Command, described, mm_of, pids, say, task_of
from entries import (A, ADDR, D, LEAF, NX, P, SHARED, USER_END, USER_ENTRIES, W, WRITE, Memory,
                     Space, canonical, cpu_words, is_page, is_table, our_words, pfn_of,
                     prot_letters, size_words)
from kernel import ENTRIES, LEVEL_ROOT, number, span

SHARERS_SHOWN = 8
INDENT, REFS = 34, 78  # where in a line of the tree the kind stands, and the references

# A table, or a run of equal neighbours. way: the Steps above it; last: its last entry's index.
Run = collections.namedtuple("Run", "va way level table first last entries")


def equal(memory, a, b, level):
    """One line for both? As in fs/proc_pagetable.c: frames may differ, if nothing else does."""
    untold = ADDR | A | D
    if (a ^ b) & ~untold or is_table(b, level):
        return False
    if not is_page(a, level) or a == b:
        return True
    p, q = memory.page(pfn_of(a)), memory.page(pfn_of(b))
    return bool(p and q and p.kind == q.kind and p.refs == q.refs) and \
        memory.zero_page not in (pfn_of(a), pfn_of(b)) and \
        (p.kind_name != "file" or p.owner == q.owner)


def runs(memory, table, level=LEVEL_ROOT, va=0, way=()):
    """All Runs below a table, each table before what is in it."""
    entries, first = memory.table(table), 0
    length = USER_ENTRIES if level == LEVEL_ROOT else ENTRIES
    while first < length:
        entry, end = entries[first], first + 1
        if not entry:
            first += 1
            continue
        while not is_table(entry, level) and end < length and entries[end] and \
                equal(memory, entry, entries[end], level):
            end += 1
        at = va + first * span(level)
        yield Run(at, way, level, table, first, end - 1, entries[first:end])
        if is_table(entry, level) and level > LEAF:
            yield from runs(memory, pfn_of(entry), level - 1, at, way + (entry,))
        first = end


def pid_list(numbers):
    more = len(numbers) - SHARERS_SHOWN
    return " ".join(map(str, numbers[:SHARERS_SHOWN])) + (f" and {more} more" if more > 0 else "")


def sharing(memory, space, va, entry, level):
    """(references of the table below an entry, what they mean)."""
    table = pfn_of(entry)
    refs = memory.refs(table)
    if refs > 1:
        others = memory.sharers(space, va, level - 1, table)
        return refs, f"also of {pid_list(others)}" if others else "shared"
    return refs, "" if entry & W else "alone again"


def own_state(memory, way, entry):
    """Whose a page is that the program may write: what the next write to it does."""
    pfn = pfn_of(entry)
    if not entry & WRITE or entry & SHARED:
        return ""
    if pfn != memory.zero_page and all(e & W for e in way + (entry,)):
        return "own"
    shared = pfn == memory.zero_page or any(memory.refs(pfn_of(e)) > 1 for e in way + (entry,))
    return "copy-on-write" if shared else "alone again"


def some(entries, bit, word):
    """The word if all of a run have the bit; if not all, that some have."""
    n = sum(bool(entry & bit) for entry in entries)
    return [] if n == 0 else [word] if n == len(entries) else [f"some-{word}"]


def run_words(run):
    """The bits, without those that all have: present and user."""
    entry = run.entries[0]
    words = ["writable"] if entry & W else []
    words += some(run.entries, A, "accessed") + some(run.entries, D, "dirty")
    if entry & NX:
        words.append("nx")
    return " ".join(words + [word for word in (our_words(entry),) if word])


def name_of_run(memory, run):
    """The file that its pages are of, or promise, or are copies of."""
    of = rules.file_of(memory, run.va, run.entries[0])
    return rules.inode_name(of[0]) if of else ""


def print_run(memory, space, run):
    """One line, or two where a line is too short."""
    entry, level, n = run.entries[0], run.level, run.last - run.first + 1
    kind, index = memory.kind(entry, level), f"[{run.first}" + (f"-{run.last}]" if n > 1 else "]")
    left = f"{run.va:012x} {' ' * (LEVEL_ROOT - level)}{level} {index}"
    left = f"{left:<27}{size_words(n * span(level)):>6} "
    if n == 1 and (is_table(entry, level) or is_page(entry, level)):
        kind += f" {pfn_of(entry):#x}"
    prot, tail = prot_letters(entry), ""
    if is_table(entry, level):
        refs, others = sharing(memory, space, run.va, entry, level)
        prot, tail = "", f"refs {refs}" + (f", {others}" if others else "")
    elif is_page(entry, level):
        state = own_state(memory, run.way, entry)
        tail = "" if kind.startswith("zero") else f"refs {memory.refs(pfn_of(entry))}"
        tail = ", ".join(word for word in (tail, state) if word)
    line, name = f"{left}{kind:<14}{prot:<4}{run_words(run)}", name_of_run(memory, run)
    line = f"{line:<{REFS}} {tail}" if tail or name else line
    fits = [n for n in (name, name.rsplit("/", 1)[-1]) if n and len(line) + 2 + len(n) <= LINE]
    print(f"{line}  {fits[0]}" if fits else line.rstrip())
    if name and not fits:
        print(f"{'':<{INDENT}}{name}")


def print_tree(memory, space):
    root, tables, shared = memory.page(space.root), {space.root}, 0
    found = list(runs(memory, space.root))
    for run in found:
        if is_table(run.entries[0], run.level):
            tables.add(pfn_of(run.entries[0]))
    shared = sum(memory.refs(table) > 1 for table in tables)
    print(f"{space}: root in frame {space.root:#x}, refs {root.refs}")
    print(f"{len(tables)} tables, {shared} of them with more than one reference; "
          f"{root.mapped} pages mapped, {root.resident} there")
    print("address      level [entries] size kind, frame   may bits beside present, user  refs")
    for run in found:
        print_run(memory, space, run)


# ---- The walk of one address -------------------------------------------------------------------

def entry_words(memory, va, step):
    """One entry: what it is, the frame that it names and its references, its bits."""
    entry, level, pfn = step.entry, step.level, pfn_of(step.entry)
    kind, size = memory.kind(entry, level), size_words(span(level))
    if not entry:
        return f"empty: nothing in all {size} of it"
    if kind in ("promise", "mapping", "unknown"):
        words = f"not present, stands for {size}; {our_words(entry)}".rstrip("; ")
    else:
        words = f"{cpu_words(entry)} {our_words(entry) if va < USER_END else ''}"
    if kind == "large":
        kind = f"{size} page"
    frame = f" {pfn:#x}" if kind not in ("promise", "unknown") else ""
    counted = va < USER_END and kind not in ("promise", "unknown", "zero", "device")
    refs = f", refs {memory.refs(pfn)}" if counted else ""
    may = f" {prot_letters(entry)}" if va < USER_END and not is_table(entry, level) else ""
    return f"{kind}{frame}{may}{refs}: {words.rstrip()}"


def print_step(memory, space, va, step):
    entry, level = step.entry, step.level
    left = f"level {level} {f'[{step.index}]':<6}{entry:#018x}"
    say(f"{left}  {entry_words(memory, va, step)}", 0, 14)
    if va >= USER_END:
        return
    if is_table(entry, level):
        refs, others = sharing(memory, space, va, entry, level)
        if refs > 1:
            say(f"{others}: shared, and so are all below it", 14)
        elif others:
            say("alone again: nobody else has it any more, but W is still clear", 14)
    elif is_page(entry, level) and memory.refs(pfn_of(entry)) > 1:
        file = memory.page(pfn_of(entry)).kind_name == "file"
        say(f"{'the file itself has one of them; ' if file else ''}who has it: "
            f"tine frame {pfn_of(entry):#x}", 14)


def print_rights(steps, user):
    """What the CPU allows, by all bits of the walk."""
    allowed = rules.rights(steps, user)
    who = "The CPU" if user else "In kernel mode the CPU"
    if not steps[-1].entry & P:
        say(f"{who} may do nothing here: {allowed['read']}.")
        return
    verbs = {"read": "read", "write": "write", "fetch": "execute"}
    say(f"{who} may " + ", ".join(f"{verbs[how]}" if why is None else f"not {verbs[how]} ({why})"
                                  for how, why in allowed.items()) + ".")


def print_walk(memory, space, task, va):
    say(f"{va:#x} in {space}: {rules.what_lies_at(memory, space, va)}")
    steps = memory.walk(space.root, va)
    for step in steps:
        print_step(memory, space, va, step)
    print_rights(steps, va < USER_END)
    for access in ("read", "write") if va < USER_END else ():
        say(f"A {access} now: {rules.plan(memory, space, task, va, access).text}.")


def address(word):
    """An address as typed: any expression of gdb."""
    try:
        return number(gdb.parse_and_eval(word))
    except gdb.error as error:
        raise gdb.GdbError(f"no address {word}: {str(error).rstrip('.')}") from None


class Tree(Command):
    """The page-table tree of a process, or the walk of one address.

Without an address: each table, and each run of equal neighbours in it, indented by level, as
/proc/PID/pagetable has them. A line has the address, level, [entries], size, what it is and its
frame, what the program may (rwx), the CPU's bits, and how many references the frame has; of a
table also the other processes that share it. The last word is what a write would meet:
    own             the CPU writes: W is set at every level
    copy-on-write   others can see the page: a copy takes its place
    alone again     the others are gone: W is set again, nothing is copied

With one: each level's entry, what the CPU makes of all of them together, and what a read and a
write would do now: which rule of the page fault applies (kernel/mm/fault.c).

    tine tree 2
    tine tree 2 0x401000
    tine tree 2 &failures"""
    name, usage, completes = "tree", "PID [ADDR]", (pids,)

    def run(self, pid, *expression):
        task = task_of(pid)
        memory = Memory()
        if not expression:
            print_tree(memory, memory.space(mm_of(task)))
            return
        va = address(" ".join(expression))
        if not canonical(va):
            raise gdb.GdbError(f"{va:#x} is no address: not canonical, bits 63 to 47 differ")
        if va < 1 << 47 or kernel.task_mm(task):
            space = memory.space(mm_of(task))
        else:
            space = Space.of_kernel(memory, described(task))
        print_walk(memory, space, task, va)
