"""tine ps: all tasks."""
import gdb

import kernel
from commands import Command, columns, need_tasks


def cpu_text(task):
    """The CPU's number; * if it runs there now."""
    here = kernel.task_cpu(task)
    return f"{int(task['cpu'])} " if here is None else f"{here}*"


def wait_text(task):
    """The system call that it is in; what else there is to say of it."""
    if kernel.task_state(task) == "Z":
        return f"status {int(task['process']['exit_status']):#x}"
    regs = kernel.task_regs(task)
    nr = int(regs["orig_rax"]) if regs else -1
    if not 0 <= nr < kernel.constant("SYSCALL_COUNT") or kernel.task_mm(task) is None:
        return ""
    return kernel.call_name(nr) or str(nr)


class Ps(Command):
    """All processes and threads, as ps -L shows them.

S is the state: R runs or could, S sleeps, D sleeps through signals, T stopped, Z zombie. CPU is
where it runs (with a *) or ran last. RSS is its memory in KiB. CALL is the system call that it
is in, or made last; of a zombie the status that wait will report."""
    name = "ps"

    def run(self):
        need_tasks()
        rows = [("PID", "TID", "PPID", "S", "CPU ", "RSS", "NAME", "CALL")]
        for process in kernel.processes():
            for task in kernel.threads(process):
                mm = kernel.task_mm(task)
                resident = 0
                if mm:
                    root = kernel.variable("pages")[int(mm["root"]) >> kernel.PAGE_SHIFT]
                    resident = int(root["resident"]) * 4
                rows.append((kernel.task_tgid(task), kernel.task_tid(task),
                             int(process["parent_number"]), kernel.task_state(task),
                             cpu_text(task), resident, kernel.task_name(task), wait_text(task)))
        if len(rows) == 1:
            raise gdb.GdbError("no processes yet: break start_init is the first one's beginning")
        columns(rows, right=(0, 1, 2, 4, 5))
