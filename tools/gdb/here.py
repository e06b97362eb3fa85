"""$task and $mm: the task of the selected CPU (gdb's thread) and its address space.

They are set at each stop and when `thread` selects another CPU, and void where there is none. gdb
keeps the value of a variable: in conditions, which are looked at before the stop, and in `thread
apply`, take the functions $task_of() and $mm_of(); with a number they are those of any task.
"""
import gdb

import kernel


def no_pointer(type_name):
    return gdb.Value(0).cast(kernel.kind(type_name).pointer())


def task_of(*tid):
    found = kernel.task(int(tid[0])) if tid else kernel.current()
    return found if found is not None else no_pointer("struct task")


class TaskOf(gdb.Function):
    """$task_of([TID]): the struct task * of that thread or process, or of the CPU; 0: none yet."""

    def __init__(self):
        super().__init__("task_of")

    def invoke(self, *tid):
        return task_of(*tid)


class MmOf(gdb.Function):
    """$mm_of([TID]): the struct mm * of that thread or process, or of the CPU's; 0: it has none."""

    def __init__(self):
        super().__init__("mm_of")

    def invoke(self, *tid):
        task = task_of(*tid)
        return task["mm"] if kernel.number(task) else no_pointer("struct mm")


def follow():
    """At each stop, and when another CPU is selected."""
    try:
        task = kernel.current()
        mm = kernel.task_mm(task) if task is not None else None
    except (gdb.error, gdb.GdbError):
        task = mm = None  # too early, or over
    gdb.set_convenience_variable("task", task)
    gdb.set_convenience_variable("mm", mm)
