"""What tests/gdb_memory.t has gdb itself check: `source` it there. Each prints one line.

check_frames(): every frame's count, as tine frame finds it, against its struct page; to be compared
with /proc/audit. check_rules(): predicts at each page fault of the programs that run from then on
which rule of kernel/mm/fault.c resolves it, and compares with what the kernel then does.
"""
import collections

import gdb

import entries
import frames
import kernel
import rules

SOURCE = "kernel/mm/fault.c"
BEFORE, AFTER = "result = fault_resolve(mm, va & PAGE_MASK", "count_fault(mm);"
compared, wrong = collections.Counter(), []


def check_frames():
    memory = entries.Memory()
    trees, bad, n = frames.Trees(memory), [], 0
    for pfn in range(memory.npages):
        page = memory.page(pfn)
        if page.kind_name in frames.COUNTED:
            n += 1
            found = [*frames.file_holder(memory, pfn, page), *trees.holders(pfn)]
            if len(found) != page.refs:
                bad.append(f"{pfn:#x} {page.kind_name} refs {page.refs}: {found}")
    print(f"{n} frames counted, {len(bad)} wrong", *bad[:5], sep="\n")


def line_of(text):
    """The line of fault.c, in fault_page, that has this text."""
    with open(SOURCE, encoding="utf-8") as source:
        lines = source.read().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("void fault_page("))
    return next(i + 1 for i in range(start, len(lines)) if text in lines[i])


def switches():
    return int(kernel.cpus()[0]["switches"])


class Predict(gdb.Breakpoint):
    """Where fault_page begins to resolve a fault."""

    def stop(self):
        try:
            frame, task = gdb.newest_frame(), kernel.current()
            va, error = (kernel.number(frame.read_var(name)) for name in ("va", "error_code"))
            access = "write" if error & 2 else "fetch" if error & 16 else "read"
            memory = entries.Memory()
            plan = rules.plan(memory, memory.space(task["mm"]), task, va, access)
            self.last = va, access, plan, switches()
        except Exception as problem:  # pylint: disable=broad-except
            wrong.append(f"no prediction: {type(problem).__name__}: {problem}")
            self.last = None
        return False


class Compare(gdb.Breakpoint):
    """Where it has a result."""

    def stop(self):
        if self.before.last is None:
            return False
        va, access, plan, then = self.before.last
        rule = str(gdb.newest_frame().read_var("result"))
        names = {"FAULT_NOT_MAPPED": "segv", "FAULT_NOT_ALLOWED": "access",
                 "FAULT_BEYOND_FILE": "bus", "FAULT_NO_MEMORY": "oom"}
        rule = names.get(rule, rule[len("FAULT_"):].lower())
        if switches() == then:  # nobody else ran in between
            compared[rule] += 1
            if rule != plan.rule:
                wrong.append(f"{access} at {va:#x}: {rule}, predicted {plan.rule}: {plan.text}")
        return False


def check_rules():
    before = Predict(f"{SOURCE}:{line_of(BEFORE)}", internal=True)
    after = Compare(f"{SOURCE}:{line_of(AFTER)}", internal=True)
    before.last, after.before = None, before
    try:
        gdb.execute("continue", False, True)
    except gdb.error:
        pass  # the machine has ended
    print("rules:", *(f"{rule}={n}" for rule, n in sorted(compared.items())))
    print(f"{sum(compared.values())} faults compared, {len(wrong)} wrong", *wrong[:5], sep="\n")
