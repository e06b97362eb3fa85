#!/usr/bin/env python3
"""Guest programs on several CPUs: the storms at full size, what else has threads, and the scale.

    tests/smp.t [NAME...]      all, or those named

tests/guest.t runs the same programs on one CPU, the storms small. Here they meet each other on 4
CPUs, some again on 2; output and exit status must be Linux's (the record in tests/guest/expected),
the audit ok, all memory back. A storm that fails is run again by hand:

    TINE_STRICT=1 tools/guest -c 4 -f build/tests/guest/NAME:/bin/NAME -- NAME PERCENT
"""
import concurrent.futures
import difflib
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import programs  # noqa: E402
import runs  # noqa: E402
from tap import Tap  # noqa: E402

# How much of a storm's usual work: the longest first.
STORMS = {
    "storm_forkmunmap": "60", "storm_lastthread": "60", "storm_waitexit": "60", "storm_tlb": "60",
    "storm_kill": "100", "storm_execexit": "100", "storm_execkill": "50",
    "storm_sharers": "150", "storm_procread": "100",
    "storm_attackers": "60", "storm_fds": "150", "storm_sockets": "100",
    "storm_sched": "100", "storm_sigrace": "100", "storm_masks": "100", "storm_timers": "100",
    "storm_wakeups": "100", "storm_forktree": "150", "storm_locks": "100",
    "storm_trace": "60", "storm_stacks": "100",
    # These take rounds.
    "smp_proc": "120", "smp_exec": "60", "smp_locks": "200", "smp_names": "800", "smp_dirs": "400",
    "smp_mounts": "150", "smp_fork_thread": "100",
    "smp_descriptors": "1000", "smp_pipes": "800", "smp_truncate": "600", "smp_poll": "300",
    "smp_exec_locks": "60", "smp_console": "40",
}
ON_TWO_CPUS = ("storm_tlb", "storm_sharers", "storm_wakeups", "storm_execexit")
ALSO = ("cpu_shares", "threads_basic", "threads_exit", "threads_races", "threads_stop",
        "futex_shared", "cow_history", "fork_fanout", "clone_thread", "clone_vfork", "sig_mask",
        "pipe_rules", "orphans", "fuzz_proc", "fuzz_files")
LIMIT_S = 180


def check(tap, program, args, options, title):
    if not program.is_built():
        tap.ok(False, title, f"{program.binary} is not built: make tests says why")
        return
    guest = runs.run_guest(program.name, args, options, files=program.files(), limit_s=LIMIT_S)
    wanted = program.recorded()
    if program.spec.says("tine-only", "yes"):
        wanted = runs.Result(guest.output, 0, "")
    if wanted is None:
        tap.ok(False, title, "no record of Linux's output: make record-expected")
        return
    ours, theirs = (program.spec.compared(x.output) for x in (guest, wanted))
    diff = list(difflib.unified_diff(theirs, ours, "Linux", "Tine", lineterm="", n=2))
    comments = [x for x in guest.output.decode("utf-8", "replace").splitlines() if x[:2] == "# "]
    tap.ok(ours == theirs and guest.status == wanted.status, title,
           f"exit status: Linux {wanted.status}, Tine {guest.status}", "\n".join(diff[:60]),
           "\n".join(comments), guest.notes)


def main():
    tap = Tap()
    known = {p.name: p for p in programs.all_programs()}
    jobs = [(name, [percent], ["-c", "4"], f"{name} on 4 CPUs") for name, percent in STORMS.items()]
    jobs += [(name, ["50"], ["-c", "2"], f"{name} on 2 CPUs") for name in ON_TWO_CPUS]
    jobs += [(name, known[name].spec.args(), ["-c", "4"], f"{name} on 4 CPUs") for name in ALSO]
    jobs += [("scale_processes", ["smp"], ["-c", "4", "-m", "2048"], "10,000 processes on 4 CPUs")]
    wanted = sys.argv[1:]
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("TINE_JOBS", "2"))) as pool:
        for done in [pool.submit(check, tap, known[name], *rest) for name, *rest in jobs
                     if not wanted or name in wanted]:
            done.result()
    tap.done()


main()
