"""Values of the kernel in a few words: flags, entries, and what a pointer points to (printers.py).
"""
import gdb

import kernel
from entries import (ENTRIES, PAGE_BYTES, PROT, P, cpu_words, is_mapping, our_words, pfn_of,
                     prot_letters)
from kernel import DIRECT_MAP, PAGE_SIZE, constant, number
from rules import inode_name

UNREADABLE = "<unreadable>"


def unreadable(function):
    """What a printer says where there is nothing to read."""
    def call(*args):
        try:
            return function(*args)
        except (gdb.error, gdb.GdbError, gdb.MemoryError, UnicodeDecodeError, OverflowError):
            return UNREADABLE
    return call


# ---- Numbers -----------------------------------------------------------------------------------

def enum_words(name, value):
    """O_WRONLY|O_APPEND: the names of an enum's bits that a number has, then what is left."""
    fields = kernel.kind(f"enum {name}").fields()
    bits = {field.enumval & kernel.WORD: field.name for field in fields}
    if value in bits:
        return bits[value]
    words, left = [], value
    for bit in sorted(bits, reverse=True):
        if bit and left & bit == bit and bin(bit).count("1") <= 2:
            words.insert(0, bits[bit])
            left &= ~bit
    if left:
        words.append(f"{left:#x}")
    return "|".join(words) or "0"


def enum_name(name, value):
    return kernel.constants(f"enum {name}").get(value, f"{value}, which is none of enum {name}")


def open_words(value):
    """The access mode is a number, not bits."""
    mode = ("O_RDONLY", "O_WRONLY", "O_RDWR", "3")[value & 3]
    return mode + (f"|{enum_words('open_flags', value & ~3)}" if value & ~3 else "")


def mode_words(value):
    kinds = {0o140000: "s", 0o120000: "l", 0o100000: "-", 0o060000: "b", 0o040000: "d",
             0o020000: "c", 0o010000: "p"}
    letters = "".join(c if value >> 8 - i & 1 else "-" for i, c in enumerate("rwxrwxrwx"))
    return f"{value:#o} {kinds.get(value & 0o170000, '?')}{letters}"


def flag_words(name, value):
    if name == "mode":
        return mode_words(value)
    if name == "prot":
        return prot_letters(value)
    if name == "clone_flags" and value & 0xFF:  # CSIGNAL: the exit signal
        words = enum_words(name, value & ~0xFF) + "|" if value & ~0xFF else ""
        return words + kernel.constants("enum signal_number").get(value & 0xFF, str(value & 0xFF))
    return open_words(value) if name == "open_flags" else enum_words(name, value)


def signal_words(value):
    """A signal set: {SIGINT SIGCHLD}; of many, those that are not in it."""
    names = kernel.constants("enum signal_number")

    def words(bits):
        return " ".join(names.get(n, f"SIGRTMIN+{n - 32}" if n > 32 else str(n))
                        for n in range(1, 65) if bits >> n - 1 & 1)
    if bin(value).count("1") <= 32:
        return "{" + words(value) + "}"
    missing = words(~value & kernel.WORD)
    return "{all but " + missing + "}" if missing else "{all}"


def entry_text(value):
    """An entry, of which the level is not known: tables have no protection of their own."""
    if value == 0:
        return "0 (empty)"
    if value & P and not value & PROT:
        what = f"table {pfn_of(value):#x}"
    elif value & (P | constant("PTE_FRAME")):
        what = f"page {pfn_of(value):#x} {prot_letters(value)}"
    elif value & constant("PTE_RESERVED"):
        name = f"mapping {pfn_of(value):#x}" if is_mapping(value) else "promise"
        return f"{value:#x} ({name} {prot_letters(value)} {our_words(value)}".rstrip() + ")"
    else:
        return f"{value:#x} (no entry that Tine makes)"
    return f"{value:#x} ({what}: {cpu_words(value)} {our_words(value)}".rstrip() + ")"


# ---- What a pointer points to: a few words -----------------------------------------------------

def task_text(task):
    tid = kernel.task_tid(task)
    return f'task {tid} "{kernel.task_name(task)}"' if tid else f'idle "{kernel.task_name(task)}"'


def process_text(process):
    leader = process["leader"]
    return f'process {kernel.task_tid(leader)} "{kernel.task_name(leader)}"'


def pid_text(pid):
    task = pid["task"]
    return f"{int(pid['number'])}" + (f' "{kernel.task_name(task)}"' if number(task) else "")


def mm_text(mm):
    exe = mm["exe"]
    name = f' "{kernel.text(exe["dentry"]["name"])}"' if number(exe) else ""
    return f"mm {int(mm['number'])}{name}"


def page_text(page):
    pfn, rest = divmod(number(page.address) - number(kernel.variable("pages")), PAGE_BYTES)
    if rest or not 0 <= pfn < int(kernel.variable("npages")):
        return "not in pages[]"
    kind = kernel.constants("enum page_kind").get(int(page["kind"]), "?")
    level = f" level {int(page['level'])}" if kind == "PAGE_TABLE" else ""
    return f"frame {pfn:#x} {kind[5:].lower()}{level} refs {int(page['refs'])}"


def inode_text(inode):
    return inode_name(number(inode.address))


def file_text(file):
    return f"{inode_text(file['inode'].dereference())} {open_words(int(file['flags']))}"


def dentry_text(dentry):
    return f'"{kernel.text(dentry["name"])}"'


def regs_text(regs):
    mode = "user" if int(regs["cs"]) & 3 == 3 else "kernel"
    return f"{mode} rip {number(regs['rip']):#x}"


def path_text(path):
    return f"walk to {number(path['va']):#x}, own down to level {int(path['own'])}"


def spinlock_text(lock):
    holder = int(lock["holder"])
    name = f"{kernel.text(lock['name'])} " if number(lock["name"]) else ""
    return name + (f"held by CPU {holder - 1}" if holder else "free")


def mutex_text(mutex):
    owner, waiting = mutex["owner"], int(mutex["nwaiting"])
    name = f"{kernel.text(mutex['name'])} " if number(mutex["name"]) else ""
    held = f"held by {task_text(owner.dereference())}" if number(owner) else "free"
    return name + held + (f", {waiting} wait" if waiting else "")


def waitq_text(queue):
    waiters = kernel.each(queue["waiters"], "struct waiter", "link")
    return ", ".join(task_text(w["task"].dereference()) for w in waiters) or "nobody waits"


def entry_at(pointer):
    """A pte_t *: which entry of which table."""
    at = number(pointer)
    where = ""
    if 0 <= at - DIRECT_MAP < int(kernel.variable("npages")) * PAGE_SIZE:
        where = f"[{at // 8 % ENTRIES}] of {(at - DIRECT_MAP) // PAGE_SIZE:#x}: "
    return where + entry_text(number(pointer.dereference()))


TEXTS = {"task": task_text, "process": process_text, "pid": pid_text, "mm": mm_text,
         "page": page_text, "inode": inode_text, "file": file_text, "dentry": dentry_text,
         "regs": regs_text, "path": path_text, "spinlock": spinlock_text, "mutex": mutex_text,
         "waitq": waitq_text}
LOCKS = ("spinlock", "mutex", "waitq")  # these are shown as their text, not as structs
