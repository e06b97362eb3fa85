#!/usr/bin/env python3
"""Checks the commands of `make gdb` that look at tasks, files, locks, the log and the trace, and
the breakpoints of one call or one program: scripts of gdb commands, their output compared.

Where the guest tells the same by /proc, ps, ls or dmesg, both must say the same. Deadlocks inside
the kernel are made by writing into its memory, which the commands themselves never do. The guest
has some of tests/guest besides its own programs.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from gdb_session import Session, check, check_lines, missing  # noqa: E402
from tap import Tap  # noqa: E402

GUEST_TESTS = ("mutex_circle", "sock_stream")
COMMANDS = ("break-syscall break-user bt events fds leave locks log maps ps runq task user").split()
EARLY = "^the kernel has no tasks yet: continue"
EVERY = "\n".join(f"tine {name}" for name in (
    "ps", "task", "bt", "maps", "fds 1", "locks", "runq", "log", "events", "leave"))
HELPS = "".join(f"@ help {name}\nhelp tine {name}\n" for name in COMMANDS)
# All commands before there is anything, in the boot, and when it is over.
EARLY_SCRIPT = f"""
        @ help
        help tine
        @ tine
        tine
        {HELPS}
        @ unknown
        tine frobnicate
        @ surplus
        tine ps 1
        @ void
        print $task
        @ first
        {EVERY}
        @ later
        tine break-syscall execve
        tine break-user forkdemo:main
        @ kmain
        break kmain
        continue
        {EVERY}
        @ boot
        break fs_init
        continue
        {EVERY}
        @ completion
        complete tine break-sys
        complete tine break-syscall getpp
        complete tine break-user forkdemo:chi
        complete tine user forkd
        continue
        complete tine task 1
        complete tine bt 1
        @ errors
        tine task 99
        tine bt x
        tine maps 99
        tine fds -1
        tine break-syscall frok
        tine break-syscall fork me
        tine break-user busybox:main
        tine break-user forkdemo:chidl
        tine break-user forkdemo
        tine user nothing
        tine log many
        @ end
        delete
        continue
        {EVERY}
"""


def check_early(tap, session):
    """Help, completion, and all commands before there is anything, in the boot, and after it."""
    parts, _ = session.run("forkdemo", EARLY_SCRIPT)
    for name in COMMANDS:
        check(tap, parts, [(f"help {name}", rf"^Usage: tine {name}\b", f"help tine {name}")])
    tap.ok(all(re.search(rf"^tine {name} -- \S", parts["help"], re.M) for name in COMMANDS),
           "help tine lists them all, with a line each", parts["help"])
    tap.equal(parts["tine"], parts["help"], "tine alone says the same")
    check(tap, parts, [
        ("unknown", r"\Ano command tine frobnicate: help tine lists them\n\Z", "an unknown one"),
        ("surplus", r"\Ausage: tine ps\n\Z", "a word too many"),
        ("void", r"= void$", "$task is void before there is one"),
        ("completion", r"^tine break-syscall getppid$", "completion of system calls"),
        ("completion", r"^tine break-user forkdemo:child$", "completion of functions"),
        ("completion", r"^tine user forkdemo$", "completion of programs"),
        ("completion", r"^tine task 1$", "completion of tasks"),
        ("errors", "^no task 99: tine ps lists them\nno task x: .*\nno task 99: .*\n"
         "no task -1: .*\n"
         "no frok in kernel/syscall/table.c: perhaps fork\\b.*\nnot a number: me .*\n"
         "no symbols of busybox: .*\nno chidl in forkdemo: perhaps child\n"
         r"usage: tine break-user .*\n"
         r"no symbols of nothing: .*\nnot a number: many .*\n\Z", "errors are one line each"),
        ("later", r"^Breakpoint \d+ at 0xf\w+: file kernel/.*\nBreakpoint \d+ at 0x4\w+: file user/"
         r"forkdemo.c, line \d+", "breakpoints can be set at the first instruction"),
        ("boot", f"{EARLY}|no processes yet", "in the boot there are no processes yet"),
        ("boot", r'^task 0 "idle", running on CPU 0\n#0  fs_init \(\) at kernel/fs/init.c:\d+\n'
         r"#1  files_init \(\) .*\n#2  kmain ", "tine bt in the boot"),
        ("boot", r"^\[ +0\.\d+\] smp: 1 of 1 CPUs online$", "tine log in the boot"),
        ("boot", r'^task 0 "idle" has no memory of its own: a kernel task$',
         "a task without memory"),
    ])
    for name in ("first", "kmain"):
        lines = parts[name].splitlines()
        told = [line for line in lines
                if re.match(f"{EARLY}|the log is empty|The kernel was", line)]
        tap.ok(len(told) == 10, f"{name}: each says that it is too early", parts[name])
    tap.equal(parts["end"].split("\n")[-11:], ["The machine has ended."] * 10 + [""],
              "and at the end that it is over")
    check_lines(tap, {name: parts[name] for name in parts if name}, "too early and too late")


def check_twins(tap, session):
    """maps, fds, ps, log and events against the guest's own words."""
    parts, console = session.run("sh -c cat</proc/self/maps|cat", """
        tine break-user sh:main
        continue
        delete
        tine break-syscall write
        continue
        @ maps
        tine maps
        @ other
        tine ps
        tine maps 2
        tine fds
        tine fds 4
    """ + "delete\ncontinue\n")
    wanted = "".join(re.findall(r"^[0-9a-f]+-[0-9a-f]+ .*\n", console, re.M))
    tap.ok(wanted and parts["maps"] == wanted, "tine maps is /proc/PID/maps", parts["maps"],
           "wanted", wanted)
    check(tap, parts, [
        ("other", r"^00400000-00401000 r--p 00000000 00:02 \d+ +/usr/bin/sh$", "of another task"),
        ("other", r"^lr-x------ +0 +\d+ +- +-> /proc/\d+/maps\nl-wx------ +1 +0 +- +-> pipe:\[1\]\n"
         r' +\d+ bytes in it; readers: task \d+ "\w+" fd \d', "tine fds, with a pipe's other end"),
    ])
    check_lines(tap, {"other": parts["other"]}, "maps and fds")

    space = "${IFS}"
    parts, console = session.run(
        f"sh -c echo{space}process{space}syscall>/proc/sys/kernel/trace;cat</proc/trace;dmesg;"
        f"ls{space}-l{space}/proc/self/fd;ps{space}-o{space}pid,ppid,stat,comm", """
        tine break-syscall exit_group
        continue
        @ events
        tine events all
        @ some
        tine events 3
        tine events
        @ log
        continue
        tine log
        tine log 2
        @ fds
        continue
        tine fds
        @ ps
        delete
        tine break-syscall write
        continue
        continue
        tine ps
    """ + "delete\ncontinue\n")
    traced = re.findall(r"^\d+\.\d{9} \d+ \d+ .*\n", console, re.M)
    tap.ok(len(traced) > 20 and parts["events"].startswith("".join(traced)),
           "tine events all is /proc/trace", parts["events"], "wanted", "".join(traced))
    check(tap, parts, [("some", r"\A(\d+\.\d{9} 0 \d+ .*\n){23}\Z", "tine events N")])
    stamped = re.findall(r"^\[ *\d+\.\d{6}\] .*\n", console[console.find("\n0."):], re.M)
    tap.ok(len(stamped) > 5 and "".join(stamped) in parts["log"], "tine log is dmesg", parts["log"],
           "wanted", "".join(stamped))
    listed = re.findall(r"^(l[r-][w-]x------) .* ([012]) (-> .*)$", console, re.M)
    ours = re.findall(r"^(l[r-][w-]x------) +([012]) +\d+ +\S+ +(-> .*)$", parts["fds"], re.M)
    tap.equal(ours, listed, "tine fds is ls -l /proc/PID/fd", parts["fds"], console)
    listed = re.findall(r"^ +(\d+) +(\d+) +([RSDTZ])\S* +(\S+)\n", console, re.M)
    ours = re.findall(r"^ *(\d+) +\d+ +(\d+) +([RSDTZ]) +\d+\*? +\d+ +(\S+)", parts["ps"], re.M)
    tap.ok(listed and ours == listed, "tine ps is ps", ours, listed, parts["ps"], console)


def check_tasks(tap, session):
    """Sleeping, ended, half ended and broken tasks; breakpoints of one call and one program."""
    parts, _ = session.run("forkdemo", """
        tine break-syscall wait4 2
        tine break-user forkdemo:child
        tine break-user cow:main
        tine break-user forkdemo:54
        continue
        @ variables
        print $task->pid->number
        print $mm == $task_of(2)->mm
        print $mm_of(1) == $mm
        print $task_of(99)
        @ calls
        continue
        tine bt
        tine bt 2
        tine bt 1
        tine task 2
        tine task
        @ half
        delete
        break exit_leave
        continue
        tine bt
        tine task
        tine maps
        tine fds
        @ zombie
        break process_reap
        continue
        tine ps
        tine bt 3
        tine task 3
        tine maps 3
        tine fds 3
    """)
    check(tap, parts, [
        ("", r"^Breakpoint \d, (sys_wait4|child) \(.*\) at ", "the first stop is forkdemo's"),
        ("variables", r"= [23]\n.*= [01]\n.*= 0\nno task 99: tine ps lists them\n",
         "$task and $mm are those of the CPU, $task_of and $mm_of of any task"),
        ("calls", r"^task [23] \"forkdemo\", running on CPU 0\n#0  ", "tine bt of the CPU's task"),
        ("calls", r'^task 1 "init", sleeping\n#0  thread_switch .*\n(.*\n)*?#\d+ +sys_wait4 \(pid='
         r"[^)]*status=0x7[^)]*\) at(.*\n)*?#\d+ +<entry into the kernel>\n(.*\n)*?"
         r"#\d+ +waitpid \(\)\n#\d+ +wait_for \(\) at user/init.c:\d+\n"
         r"#\d+ +run_shell \(\) at user/init.c:\d+\n"
         r"#\d+ +main \(\) at user/init.c:\d+\n",
         "tine bt of a task that sleeps, in another program"),
        ("calls", r'^task 2 "forkdemo", (.*\n)*parent +task 1 "init"; group 2, session 2\n(.*\n)*'
         r"^memory +address space \d+ of /usr/bin/forkdemo, 1 users; (.*\n)*^files +0 /dev/tty, "
         r"(.*\n)*^user registers.*\n rip +0x4\w+ +rsp +0x7ff", "tine task"),
        ("half", r'^task 3 "forkdemo", running on CPU 0\n#0  exit_leave \(',
         "bt of a task that ends"),
        ("half", r"^memory +none\nfiles +none\n", "which has neither memory nor files any more"),
        ("half", r'^task 3 "forkdemo" has no memory of its own: it is about to exit\n'
         r'task 3 "forkdemo" has no open files: it is about to exit\n', "and the commands say so"),
        ("zombie", r"^ +3 +3 +2 +Z +0 +0 +forkdemo +status 0x0$", "tine ps shows a zombie"),
        ("zombie", r'^task 3 "forkdemo", zombie\n#0  thread_switch \(.*\n(.*\n)*#\d +exit_task \(',
         "tine bt of it"),
        ("zombie", r'^exited +status 0x0\nwaits for +task 2 "forkdemo" to wait for it\n',
         "tine task"),
        ("zombie", r'^task 3 "forkdemo" has no memory of its own: it has exited\n'
         r'task 3 "forkdemo" has no open files: it has exited\n', "it has nothing"),
    ])
    check_lines(tap, {n: parts[n] for n in parts if n}, "tasks")


def check_broken(tap, session):
    """A circle of mutexes, and structs that make no sense: both are written into memory here."""
    parts, _ = session.run("forkdemo", """
        tine break-syscall wait4 2
        continue
        @ circle
        set var $a = $task_of(1)
        set var $b = $task_of(2)
        set var $a->mm->lock.owner = $a
        set var $b->mm->lock.owner = $b
        set var $a->mutexes[0] = &$a->mm->lock
        set var $a->mutexes[1] = &$b->mm->lock
        set var $b->mutexes[0] = &$b->mm->lock
        set var $b->mutexes[1] = &$a->mm->lock
        set var $a->nmutexes = 2
        set var $b->nmutexes = 2
        set var $b->on_cpu = 0
        set var cpus[0].task = cpus[0].idle
        set var $b->state = TASK_SLEEPING
        tine locks
        @ broken
        set var $a->kstack_top = 4096
        tine task 1
        set var $a->thread.rsp = 8
        tine bt 1
        set var $b->mm->root = 0x7ffffffff000
        tine maps 2
        set var $b->files = 3
        tine fds 2
        set var all_processes.next = 0x1234
        tine ps
        tine bt 1
        tine locks
        tine runq
    """)
    check(tap, parts, [
        ("circle", r'^task 1 "init" +mm \(address space \d+\) +RANK_MM +task 2 "forkdemo"\n'
         r'task 2 "forkdemo" +mm \(address space \d+\) +RANK_MM +task 1 "init"\n',
         "tine locks: mutexes with holder and waiters"),
        ("circle", r'^DEADLOCK: task 1 "init" waits for task 2 "forkdemo", which waits for task 1 '
         r'"init"\n', "and the circle"),
        ("broken", r"^tine task: no memory at 0x\w+: something is broken, or just being changed\n"
         r"(.*\n)*tine bt: no memory at 0x8: .*\nno memory at 0x7ffffffff000: .*\n"
         r"tine fds: .*\ntine ps: no memory at .*\ntine bt: .*\ntine locks: .*\nCPU ",
         "what is broken is one line"),
    ])
    check_lines(tap, {n: parts[n] for n in parts if n}, "broken")


def check_locks(tap, session):
    """Futexes with their holders, the scheduler's queues, sockets."""
    parts, _ = session.run("mutex_circle", """
        tine break-syscall getppid
        tine break-user mutex_circle:child
        continue
        @ circle
        tine locks
        tine task 3
        tine runq
        @ join
        tbreak sleep_expired
        continue
        tine locks
        @ copy
        continue
        continue
        tine locks
    """, cpus=2)
    holds = (r'waits\s+for futex at 0x\w+ \(fork_%s\+4\), value 0x8000000%d:\s+task %d\s+'
             '"mutex_circle"')
    check(tap, parts, [
        ("circle", '^task 3 "mutex_circle" ' + holds % ("right", 4, 4), "a futex with its holder"),
        ("circle", '^task 4 "mutex_circle" ' + holds % ("left", 3, 3), "and the other one"),
        ("circle", r'^DEADLOCK: task (3|4) "mutex_circle" waits for task \d "mutex_circle", which '
         r'waits for\s+task \1\s+"mutex_circle"\n', "two threads wait for each other"),
        ("circle", r"^system call  futex\(addr=0x\w+, op=128, (.*\n)+waits for    futex at ",
         "tine task says what it waits for"),
        ("circle", r'^ +[01] +runs +task 2 "mutex_circle" +0 +-?\d+\.\d +20\.0 +\d.*sys_getppid$',
         "tine runq: who runs, and where"),
        ("circle", r'^ +[01] +\d+\.\d{6} +task 3 "mutex_circle"$', "and the timers of sleepers"),
        ("join", r'^task 2 "mutex_circle" waits for task 3 "mutex_circle" to end: futex at 0x7f',
         "a thread that another one joins"),
        ("copy", r'^task 5 "mutex_circle" waits for futex (.*\n)*?.*holds it, in another\s+copy of '
         r"this\s+memory", "a lock that fork has copied"),
    ])
    check_lines(tap, {n: parts[n] for n in parts if n}, "locks")

    parts, _ = session.run("sock_stream", """
        tine break-syscall socketpair
        continue
        finish
        @ pair
        tine fds
    """)
    check(tap, parts, [
        ("pair", r"^lrwx------ +3 +0 +\S+ +-> socket:\[\d+\]\n +connected; peer: task 2 "
         r'"sock_stream" fd 4\nlrwx------ +4 ', "tine fds: sockets' other ends")])


def check_cpus(tap, session):
    """Different programs on 4 CPUs, and spinlocks."""
    parts, _ = session.run("sh -c cow&forkdemo&deadlock&forkjoin", """
        tine break-user cow:main
        tine break-user forkdemo:main
        tine break-user forkjoin:main
        continue
        @ second
        continue
        @ third
        continue
        tine ps
        @ threads
        thread apply all print $task_of() == cpus[$_thread - 1].task
        thread 1
        print $task == cpus[0].task
        thread 2
        print $task == cpus[1].task
        thread 3
        print $task == cpus[2].task
        thread 4
        print $task == cpus[3].task
        tine runq
        @ spin
        delete
        break process_join_pgrp
        continue
        tine locks
        set var $other = ($_thread % 4)
        set var held[$other].n = 1
        set var held[$other].lock[0] = &proc_lock
        tine locks
    """, cpus=4)
    text = parts[""] + parts.get("second", "") + parts.get("third", "")
    mains = re.findall(r"Breakpoint \d, main \(.*\) at user/(\w+).c:\d+", text)
    tap.equal(sorted(mains), ["cow", "forkdemo", "forkjoin"],
              "4 CPUs: each program stops in its own main, by its own symbols", parts)
    tap.equal(re.findall(r"= (\d)$", parts["threads"], re.M), ["1"] * 8,
              "$task follows thread N, $task_of() thread apply", parts["threads"])
    check(tap, parts, [
        ("spin", r"^ +[0-3] +task \d+ .* proc_lock +RANK_PROC +\w+ at kernel/proc/\w+.c:\d+$",
         "a spinlock, and where it was taken"),
        ("spin", r"^ +[0-3] +task \d+ .* proc_lock +RANK_PROC +waits: CPU [0-3] holds it$",
         "and who spins for it"),
    ])
    check_lines(tap, {"spin": parts["spin"]}, "CPUs")


def main():
    tap = Tap()
    if missing():
        tap.skip("gdb", missing())
    else:
        with Session(*GUEST_TESTS) as session:
            for part in (check_early, check_twins, check_tasks, check_broken, check_locks,
                         check_cpus):
                part(tap, session)
    tap.done()


main()
