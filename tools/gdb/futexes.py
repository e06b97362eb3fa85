"""The words that sleepers in futex(2) wait for, and what they say of their holders.

The kernel knows an address and who sleeps; what the word means is a libc's business. Of mutexes
musl and glibc tell the holder by its number, but for a normal mutex of musl; and a word that
announces a thread's end is told by its place. What does not look like that is only shown.
Sources: futex(2), set_robust_list(2); musl's pthread_impl.h, glibc's struct_mutex.h.
"""
import kernel
import programs
from commands import described

TID_MASK = 0x3FFFFFFF  # futex(2), FUTEX_TID_MASK
MUSL_LOCKED = 16  # EBUSY, in a normal mutex of musl: it does not name its owner
MUSL_DESCRIPTOR = 200  # bytes: struct pthread
NORMAL, KINDS = 0, (1, 2, 4, 5, 6)  # _m_type: normal; recursive, error-checking, robust


def symbol_of(mm, va):
    """lock+4: what the program calls that address; "" if it has no name there."""
    program = programs.of_mm(mm) if mm is not None and va else None
    return program.variable(va) if program else ""


class Futex:
    """A sleeper's word: where it is, what is in it now, whose it is as far as it says so."""

    def __init__(self, sleeper):
        self.task, key = sleeper["task"], sleeper["key"]
        self.mm = kernel.task_mm(self.task)
        at, of = int(key["at"]), int(key["of"])
        self.shared = at & 3 == kernel.constant("KEY_FRAME")
        self.va = None if self.shared else at & ~3
        if self.shared:
            first = kernel.number(kernel.variable("pages"))
            frame = (of - first) // kernel.kind("struct page").sizeof
            self.base = (frame << kernel.PAGE_SHIFT) + (at & ~3)
        self.value = self.word(0)

    def word(self, distance):
        """32 bits so many bytes from the word; None if that is not mapped, or another page."""
        if not self.shared:
            return kernel.user_word(self.mm, self.va + distance, 4) if self.mm else None
        if (self.base + distance) >> kernel.PAGE_SHIFT != self.base >> kernel.PAGE_SHIFT:
            return None
        return int.from_bytes(kernel.physical(self.base + distance, 4), "little")

    def owner(self):
        """(number of the thread that holds a mutex there or None, what can be said of it)."""
        value = self.value or 0
        tid = value & TID_MASK
        before, after = self.word(-4), self.word(8)
        if before is not None and before & ~128 in KINDS and tid:  # musl: _m_type, _m_lock
            return tid, ""
        if before is not None and before & ~128 == NORMAL and value & 0x7FFFFFFF == MUSL_LOCKED:
            return None, "a normal mutex of musl, locked: it does not say by whom"
        if value in (1, 2) and after and self.word(16) is not None and self.word(16) & ~0xF7 == 0:
            return after, ""  # glibc: __lock, __owner, __kind
        return None, ""

    def is_lock(self):
        """Whether the word is known to be that of a mutex which is held."""
        return self.owner() != (None, "")

    def joined(self):
        """The thread whose end the word tells, or None: it is cleared then (CLONE_CHILD_CLEARTID),
        or in musl's descriptor of the thread, to which FS points (detach_state)."""
        for task in kernel.tasks() if self.va and self.mm is not None else ():
            if self.mm != task["mm"] or task == self.task:
                continue
            descriptor = kernel.number(task["thread"]["fs_base"])
            if kernel.number(task["clear_tid"]) == self.va or \
                    0 <= self.va - descriptor < MUSL_DESCRIPTOR:
                return task
        return None

    def told(self, tasks):
        """(text, the task that holds it or None); tasks: by number."""
        where = f"{self.va:#x}" if self.va else f"{self.base:#x} of physical memory, shared"
        symbol = symbol_of(self.mm, self.va)
        value = "not mapped" if self.value is None else f"{self.value:#x}"
        text = f"futex at {where}{f' ({symbol})' if symbol else ''}, value {value}"
        ends = self.joined()
        if ends is not None:
            return f"{described(ends)} to end: {text}", ends
        tid, note = self.owner()
        if tid is None:
            return text + (f", {note}" if note else ""), None
        holder = tasks.get(tid)
        if holder is None:
            return f"{text}: thread {tid} holds it, which is not there any more", None
        text = f"{text}: {described(holder)} holds it"
        if self.shared or holder["mm"] == self.task["mm"]:
            return text, holder
        return text + (", in another copy of this memory: fork has copied the lock, not the "
                       "thread"), None
