"""What a task waits for, and who could end it: for tine task, tine locks and tine runq.

A sleeper is found by what it has left behind: a struct waiter on its kernel stack whose queue has
it, a futex's bucket, a timer in a CPU's heap, in a debug build the mutex that it asked for last.
What the queue is of is found from the other side, by the open files and processes there are.

Waits answers for all tasks at one moment. A Wait has the words, and the task that holds what is
wanted if exactly one does: chains of these are what a deadlock is made of.
"""
import collections
import contextlib
import struct

import gdb

import kernel
from commands import described
from files import access, all_opened, file_path, holders, inode_path
from futexes import Futex

Wait = collections.namedtuple("Wait", "text holder")


def seconds(ns):
    """A time since boot."""
    return f"{ns // 10**9}.{ns // 1000 % 10**6:06}"


def rank_name(rank):
    return kernel.constants("enum lock_rank").get(int(rank), str(int(rank)))


def timers():
    """(CPU, struct timer *) of all that are set, or go off just now, each CPU's by deadline."""
    heaps = kernel.static("proc/timer.c", "timers")
    for cpu in range(len(kernel.cpus())):
        left, found = [heaps[cpu]["first"]], []
        running = heaps[cpu]["running"]
        if kernel.number(running):
            found.append((int(running["deadline_ns"]), kernel.number(running), running))
        while left and len(found) < kernel.MANY:
            timer = left.pop()
            if kernel.number(timer):
                found.append((int(timer["deadline_ns"]), kernel.number(timer), timer))
                left += [timer["next"], timer["child"]]
        yield from ((cpu, timer) for _, _, timer in sorted(found, key=lambda entry: entry[:2]))


def timer_task(timer):
    """The task that it wakes, or None: it is for something else."""
    if kernel.function_name(timer["fn"]) != "sleep_expired":
        return None
    return kernel.container(timer, "struct sleep_timer", "timer")["task"]


def stack_words(task):
    """[(address, word)] of the part of its kernel stack that a task which does not run uses."""
    start, top = kernel.number(task["thread"]["rsp"]), kernel.number(task["kstack_top"])
    if not 0 < top - start <= kernel.constant("KSTACK_SIZE"):
        return []
    data = kernel.memory(start, top - start)
    return list(zip(range(start, top, 8), struct.unpack(f"<{len(data) // 8}Q", data)))


def queues_of(task):
    """The wait queues that it has joined: struct waitq *, in the order of its stack."""
    at = kernel.offset("struct waiter", "task")
    for address, word in stack_words(task):
        if word != kernel.number(task):
            continue
        waiter = kernel.pointer(address - at, "struct waiter")
        try:
            queue = waiter["queue"]
            waiters = list(kernel.each(queue["waiters"], "struct waiter", "link"))
        except (gdb.error, gdb.GdbError):
            continue  # no waiter: the task's address for another reason
        if any(w == waiter for w in waiters):
            yield queue


def mutexes_of(task):
    """(those that it holds, the one that it waits for or None): in a debug build only."""
    asked = [task["mutexes"][i] for i in range(int(task["nmutexes"]))]
    held = [mutex for mutex in asked if kernel.number(mutex["owner"]) == kernel.number(task)]
    return held, asked[-1] if len(asked) > len(held) else None


def mutex_text(mutex):
    """Its name, and of what it is."""
    rank, name, of = rank_name(mutex["rank"]), kernel.text(mutex["name"]), ""
    with contextlib.suppress(gdb.MemoryError):  # names change meanwhile on other CPUs
        if rank == "RANK_MM":
            of = f"address space {int(kernel.container(mutex, 'struct mm', 'lock')['number'])}"
        elif rank in ("RANK_INODE", "RANK_INODE_DIR", "RANK_INODE_PAGES"):
            member = "pages_lock" if rank == "RANK_INODE_PAGES" else "lock"
            inode = kernel.container(mutex, "struct inode", member)
            of = inode_path(inode) or f"inode {int(inode['number'])}"
    return f"{name} ({of or hex(kernel.number(mutex))})"


def spinning():
    """{CPU: spinlock} of the CPUs that wait for one: in a debug build only."""
    found = {}
    for cpu in range(len(kernel.cpus())):
        held = kernel.static("sync/spinlock.c", "held")[cpu]
        lock = held["lock"][int(held["n"]) - 1] if 0 < int(held["n"]) <= 16 else None
        if lock is not None and int(lock["holder"]) not in (0, cpu + 1):
            found[cpu] = lock
    return found


# ---- All of them -------------------------------------------------------------------------------

class Waits:
    """What all tasks wait for, now."""

    def __init__(self):
        self.everybody = list(kernel.tasks())
        self.by_number = {kernel.task_tid(task): task for task in self.everybody}
        self.deadlines = {}
        for _, timer in timers():
            task = timer_task(timer)
            if task is not None:
                self.deadlines[kernel.number(task)] = int(timer["deadline_ns"])
        self.futexes = {}
        for bucket in array(kernel.static("proc/futex.c", "buckets")):
            for s in kernel.each(bucket["sleepers"], "struct futex_sleeper", "link"):
                self.futexes[kernel.number(s["task"])] = Futex(s)
        self.spinning = spinning()
        self._queues = None

    def queues(self):
        """{address of a wait queue: what who sleeps there waits for}"""
        if self._queues is None:
            locks = kernel.static("fs/lock.c", "lock_wait")
            room = kernel.variable("room_wait")
            self._queues = {kernel.number(locks.address): "a lock on a file (fcntl, flock)",
                            kernel.number(room.address): "room in the queue of another socket"}
            everybody = list(all_opened())
            for entry in everybody:
                with contextlib.suppress(gdb.MemoryError):  # another CPU is just closing it
                    self.add_file(entry.file, everybody)
            for n, tty in enumerate(array(kernel.static("dev/console.c", "ttys"))):
                self.add(tty.address, "struct tty", "read_wait", f"input at terminal {n}")
                self.add(tty.address, "struct tty", "write_wait", f"output of terminal {n}")
            for task in self.everybody:
                process = task["process"]
                self.add(process, "struct process", "child_wait", "a child to end or stop")
                self.add(process, "struct process", "alone_wait", "the other threads to end: exec")
                if kernel.number(task["vfork"]):
                    self.add(task["vfork"], "struct vfork_wait", "queue",
                             f"its vfork child, {described(task)}, to exec or exit")
        return self._queues

    def add(self, owner, type_name, member, text):
        self._queues[kernel.number(owner) + kernel.offset(type_name, member)] = text

    def add_file(self, file, everybody):
        private, name = file["private"], file_path(file)
        if file["ops"] == kernel.variable("socket_ops").address:
            self.add(private, "struct socket", "wait", f"news at {name}")
        elif int(file["inode"]["mode"]) & 0o170000 == 0o010000 and kernel.number(private):
            ends = [o for o in everybody if o.file["inode"] == file["inode"]]
            readers, writers = (holders([o for o in ends if access(o.file)[which]]) or "nobody"
                                for which in (0, 1))
            self.add(private, "struct pipe", "read_wait", f"bytes in {name}; writers: {writers}")
            self.add(private, "struct pipe", "write_wait", f"room in {name}; readers: {readers}")
        elif "eventfd" in name:
            self.add(private, "struct eventfd", "wait", f"a change of {name}")

    def of(self, task):
        """Wait of a task that cannot go on; None if it can."""
        cpu, state = kernel.task_cpu(task), kernel.task_state(task)
        if cpu is not None:
            lock = self.spinning.get(cpu)
            if lock is None:
                return None
            holder = int(lock["holder"]) - 1
            return Wait(f"spinlock {kernel.text(lock['name'])}, which CPU {holder} holds",
                        kernel.cpus()[holder]["task"])
        if state == "T":
            return Wait("SIGCONT", None)
        if state == "Z":
            parent = task["process"]["parent"]
            return Wait(f"{described(parent['leader'])} to wait for it", None)
        return self.of_sleeper(task) if state in "SD" else None

    def of_sleeper(self, task):
        end = self.deadlines.get(kernel.number(task))
        until = f", until {seconds(end)}" if end is not None else ""
        _, mutex = mutexes_of(task)
        if mutex is not None:
            owner = mutex["owner"]
            free = not kernel.number(owner)
            by = "free by now" if free else f"{described(owner)} holds it"
            return Wait(f"mutex {mutex_text(mutex)}: {by}", None if free else owner)
        futex = self.futexes.get(kernel.number(task))
        if futex:
            text, holder = futex.told(self.by_number)
            return Wait(text + until, holder)
        texts = [self.queues().get(kernel.number(queue)) or global_name(queue)
                 for queue in queues_of(task)]
        words = " or ".join(dict.fromkeys(filter(None, texts)))
        return Wait((words or ("time" if until else "a signal")) + until, None)

    def hopeless(self, futex):
        """Whether all who could wake it, the threads with that memory, wait for a word there, too.
        With a limit it must be a lock's: a sleep may be made so."""
        sharers = [task for task in self.everybody if task["mm"] == futex.task["mm"]]
        stuck = [self.futexes.get(kernel.number(task)) for task in sharers]
        return not futex.shared and all(
            other and not other.shared and
            (other.is_lock() or kernel.number(other.task) not in self.deadlines)
            for other in stuck)

    def chain(self, task):
        """The tasks, from this one on, that wait for each other in a circle; [] if they do not."""
        found = []
        while task is not None and kernel.number(task):
            if any(task == other for other in found):
                return found if task == found[0] else []
            found.append(task)
            wait = self.of(task)
            task = wait.holder if wait else None
        return []


def array(value):
    low, high = value.type.range()
    return [value[i] for i in range(low, high + 1)]


def global_name(queue):
    """A queue that is a variable of the kernel, or of one; "" if it is on a stack, or the heap."""
    text = gdb.execute(f"info symbol {kernel.number(queue):#x}", False, True)
    name = text.split(" in section")[0].replace(" ", "")
    return "" if text.startswith("No symbol") else f"a wakeup by {name}"
