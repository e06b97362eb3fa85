"""tine runq: what the scheduler sees: each CPU's task and queue, and the timers that are set.

proc/sched.c is a weighted round robin: who is first in a CPU's list is next, for what is left of
his slice. So the order is the list's, and the key is slice_left_ns.
"""
import gdb

import kernel
import programs
from commands import Command, columns, described, need_tasks
from waits import seconds, timer_task, timers

MS = 10**6


def place(cpu):
    """Where a CPU is: a function of the kernel, or of its own program."""
    thread = next((t for t in gdb.selected_inferior().threads() if t.num == cpu + 1), None)
    before, level = gdb.selected_thread(), gdb.selected_frame().level()
    if thread is None:
        return ""
    try:
        thread.switch()
        pc = gdb.newest_frame().pc()
    finally:
        before.switch()
        gdb.execute(f"select-frame {level}", False, True)
    if pc >= kernel.USER_END:
        return kernel.function_name(pc)
    mm = kernel.task_mm(kernel.cpus()[cpu]["task"])
    program = programs.of_mm(mm) if mm is not None else None
    function = program.function(pc) if program else None
    return f"{program.name}:{function[2]}" if function else f"{pc:#x}"


def milliseconds(ns):
    return f"{ns / MS:.1f}"


def task_row(cpu, what, task, at):
    """nice weighs the slice; slice_left may be less than 0: that is taken off the next one."""
    weight = kernel.static("proc/sched.c", "nice_weight")[int(task["nice"]) + 20]
    full = 20 * MS * int(weight) // 1024
    usage = task["usage"]
    return (cpu, what, described(task), int(task["nice"]), milliseconds(int(task["slice_left_ns"])),
            milliseconds(full), milliseconds(int(usage["run_ns"])),
            f"{int(usage['user_ticks'])}/{int(usage['system_ticks'])}", at)


def queue_rows():
    queues = kernel.variable("runqs")
    for i, cpu in enumerate(kernel.cpus()):
        task = cpu["task"]
        idle = task == cpu["idle"]
        more = ", asked to switch" if cpu["need_resched"] else ""
        yield task_row(i, "idle" if idle else "runs", task, place(i) + more)
        for n, task in enumerate(kernel.each(queues[i]["tasks"], "struct task", "runq_link"), 1):
            yield task_row("", f"{n}.", task, "")


def timer_rows():
    for cpu, timer in timers():
        task, handler = timer_task(timer), kernel.function_name(timer["fn"])
        whose = described(task) if task is not None else handler
        if handler == "expired" and task is None:
            whose = "alarm or timer of a process"
        yield cpu, seconds(int(timer["deadline_ns"])), whose


class Runq(Command):
    """The scheduler: what each CPU runs, who is next, and which timers are set.
Below each CPU's task stands its queue in the order of turns. LEFT is what is left of the slice (of
SLICE, in milliseconds, by the weight of NICE); RAN is the time since the start up to the last
switch, TICKS are samples of it, user/system. Timers: when they are due, since boot."""
    name = "runq"

    def run(self):
        need_tasks()
        rows = list(queue_rows())
        head = ("CPU", "TURN", "TASK", "NICE", "LEFT", "SLICE", "RAN", "TICKS", "AT")
        columns([head, *rows], right=(0, 3, 4, 5, 6))
        due = list(timer_rows())
        if due:
            columns([("CPU", "TIMER AT", "WAKES"), *due], right=(0, 1))
