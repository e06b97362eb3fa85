"""tine locks: who holds what, who waits for whom, and whether that is a circle."""
import collections

import kernel
from backtrace import source_lines
from commands import Command, columns, described, need_tasks, say
from waits import Waits, mutex_text, mutexes_of, rank_name


def places(addresses):
    """{return address: "sys_wait4 at kernel/proc/wait.c:191"}, not the inline functions there."""
    kernel_file = collections.namedtuple("File", "path")(kernel.objfile().filename)
    found = source_lines(kernel_file, [address - 1 for address in addresses]) if addresses else {}
    return {address: " at ".join(found[address - 1][-1]) if address - 1 in found else
            kernel.function_name(address - 1) for address in addresses}


def spinlock_rows(waits):
    """A row for each lock of each CPU, in the order in which it took them."""
    rows = []
    for i, cpu in enumerate(kernel.cpus()):
        held = kernel.static("sync/spinlock.c", "held")[i]
        for n in range(min(int(held["n"]), 16)):
            lock = held["lock"][n]
            waiting = i in waits.spinning and n + 1 == int(held["n"])
            where = f"waits: CPU {int(lock['holder']) - 1} holds it" if waiting else \
                kernel.number(lock["taken_at"]) if int(lock["holder"]) == i + 1 else \
                "is about to take it"
            rows.append((i, described(cpu["task"]), kernel.text(lock["name"]),
                         rank_name(lock["rank"]), where))
    sites = places([row[-1] for row in rows if isinstance(row[-1], int)])
    return [(*row[:-1], sites.get(row[-1], row[-1])) for row in rows]


def mutex_rows(waits, tasks):
    """A row for each that is held, with those who wait."""
    waiters = {}
    for task in tasks:
        wanted = mutexes_of(task)[1]
        if wanted is not None:
            waiters.setdefault(kernel.number(wanted), []).append(described(task))
    return [(described(task), mutex_text(mutex), rank_name(mutex["rank"]),
             ", ".join(waiters.get(kernel.number(mutex), ["-"])))
            for task in tasks for mutex in mutexes_of(task)[0]]


def show_futexes(waits):
    for futex in waits.futexes.values():
        wait = waits.of(futex.task)
        if wait:
            say(f"{described(futex.task)} waits for {wait.text}")


def show_deadlocks(waits, tasks):
    """Each circle once; and processes whose threads all wait for each other to wake them."""
    seen = set()
    for task in tasks:
        circle = waits.chain(task)
        if not circle or kernel.number(task) in seen:
            continue
        seen |= {kernel.number(member) for member in circle}
        names = [described(member) for member in [*circle, circle[0]]]
        say(f"DEADLOCK: {names[0]} waits for " + ", which waits for ".join(names[1:]))
    hopeless = {}
    for futex in waits.futexes.values():
        if waits.hopeless(futex) and kernel.number(futex.task) not in seen:
            hopeless.setdefault(kernel.number(futex.mm), []).append(futex.task)
    for stuck in hopeless.values():
        limits = any(kernel.number(task) in waits.deadlines for task in stuck)
        say("DEADLOCK: " + ", ".join(map(described, stuck)) + ": every thread that could wake them "
            "waits itself. Only " + ("the time limit, " if limits else "") +
            "a signal or another process can end it")


class Locks(Command):
    """Locks that are held, with their holders and waiters; deadlocks are named.
Spinlocks by CPU, with where each was taken; mutexes of the kernel; what sleepers in futex(2) wait
for, with what the word says of its holder (libc's own business: a normal mutex of musl does not
name it). A circle of tasks that wait for each other is a line that begins with DEADLOCK."""
    name = "locks"

    def run(self):
        need_tasks()
        waits = Waits()
        tasks = list({kernel.number(t): t for t in
                      [*waits.everybody, *(cpu["task"] for cpu in kernel.cpus())]}.values())
        spin, mutex = spinlock_rows(waits), mutex_rows(waits, tasks)
        if spin:
            columns([("CPU", "TASK", "SPINLOCK", "RANK", "TAKEN BY"), *spin], right=(0,))
        if mutex:
            columns([("HOLDER", "MUTEX", "RANK", "WAITERS"), *mutex])
        show_futexes(waits)
        show_deadlocks(waits, tasks)
        if not spin and not mutex and not waits.futexes:
            print("No lock is held, and nobody waits for a futex.")
