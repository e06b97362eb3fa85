#!/usr/bin/env python3
"""Checks `make gdb` with scripts of gdb commands: the entry, backtraces from the kernel into main,
stepping on both sides and across, breakpoints in programs, and that QEMU never stays behind.

It needs the debug build: make DEBUG=1 kernel root. Where that is missing, it makes it.
"""
import os
import re
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from debugger import Debugger, check_kills, debug_build  # noqa: E402
from tap import Tap  # noqa: E402

LIBC = r"#\d+  0x0000[0-9a-f]+ in "
FRAMES = r"(#[1-9].*\n)*"  # of one backtrace
FROM_CALL = r"#1  .* in syscall_dispatch .*\n#2  <signal handler called>\n"


def check(tap, parts, points):
    for name, pattern, what in points:
        text = parts.get(name, "")
        tap.ok(re.search(pattern, text), what, text or "no such part:", "" if text else parts)


def check_backtraces(tap, session):
    parts = session.script("run", """
        @ user breakpoint
        break main
        @ init
        tbreak sys_fork
        continue
        bt
        tbreak sys_execve
        continue
        bt
        @ main
        continue
        bt
        delete
        @ fork
        tbreak sys_fork
        continue
        bt
        @ rest
        echo in whatever order they come: the child may run before the parent waits, or after\\n
        tbreak sys_wait4 if pid > 0
        tbreak fault_copy
        break sys_exit_group
        continue
        bt
        continue
        bt
        continue
        bt
        continue
        bt
        continue
        bt
        continue
        bt
    """, PROG="forkdemo")
    fork = FROM_CALL + LIBC + r"_Fork \(\)\n" + LIBC + r"fork \(\)\n" + LIBC
    exits = "#0  sys_exit_group .*\n" + FROM_CALL + r"#3 .* _Exit \(\)\n#4 .* exit \(\)\n"
    tap.ok("entry_pvh () at boot/entry.S" in parts[""] and "?" not in parts[""].split("Temp")[-1],
           "gdb stops at the kernel's entry, without a question", parts[""])
    check(tap, parts, [
        ("user breakpoint", r"Breakpoint \d+ at 0x4\w+: file user/forkdemo.c",
         "break main is set in PROG"),
        ("init", fork + r"run_shell \(.*\) at user/init.c:\d+\n.* main \(.*user/init.c:\d+\n",
         "bt in sys_fork leads into init, which has other symbols"),
        ("init", r"sys_execve \((.*\n)*#.* execve \(\)\n(.*\n)*.* main \(.*user/init.c:\d+\n",
         "bt in sys_execve leads into init"),
        ("main", r"Breakpoint \d+, main \(argc=1, .*\) at user/forkdemo.c:\d+\n",
         "the breakpoint stops in main of PROG, in no other program"),
        ("fork", fork + r"main \(.*\) at user/forkdemo.c:\d+\n\Z",
         "bt in sys_fork leads into PROG"),
        ("rest", "#0  sys_wait4 .*\n" + FROM_CALL + FRAMES +
         r"#\d+ .* waitpid \(\)\n#.* main \(.*user/forkdemo.c:\d+\n", "bt in sys_wait4"),
        ("rest", "#0  fault_copy .*\n" + FRAMES +
         r"#\d+ .* trap_dispatch .*\n#\d+  <signal handler called>\n" + FRAMES +
         r"#\d+ .* main \(.*user/forkdemo.c:\d+\n", "bt in fault_copy leads into PROG"),
        ("rest", exits + r"#\d+ .* child \(.*\n.* main \(.*user/forkdemo.c:\d+\n",
         "bt in sys_exit_group of the child"),
        ("rest", exits + r"#5 .*\n#6 .* _start \(\)\n#7  0x0+ in \?\? \(\)\n",
         "bt behind main ends at _start"),
    ])
    tap.ok(session.gone(), "no QEMU is left when gdb ends")


def check_steps(tap, session):
    parts = session.script("run", """
        tbreak main
        continue
        @ next
        next
        next
        @ step into
        tbreak relation
        continue
        finish
        @ kernel
        tbreak sys_fork
        continue
        next
        step
        bt
        @ finish
        finish
        @ leave
        tine leave
        @ stepi
        stepi
        stepi
        bt
        @ out
        finish
        finish
        next
        next
        @ through
        tbreak *getpid
        continue
        stepi
        stepi
        stepi
        stepi
        bt
        @ back
        tine leave
        finish
    """, PROG="forkdemo")
    check(tap, parts, [
        ("next", r"\A\d+\t\s+volatile int variable = 1;\n\d+\t", "next in main"),
        ("step into", r"relation \(what=(.*\n)*.*main \(.*user/forkdemo.c:\d+\n",
         "finish returns to main"),
        ("kernel", r"\n#\d+ .* in syscall_dispatch (.*\n)*#.* main \(.*user/forkdemo.c",
         "next and step in the kernel"),
        ("finish", r"Value returned is \$\d+ = ", "finish in the kernel shows the result"),
        ("leave", r"0x0000[0-9a-f]+ in _Fork \(\)\n\Z", "tine leave goes back to user mode"),
        ("stepi", r"#0  .* in _Fork \(\)\n.* fork \(\)\n.* main \(", "stepi in libc"),
        ("out", r" fork \(\)\n(.*\n)*.* main \(.*user/forkdemo.c:\d+\n\d+\t.*\n\d+\t.*\n\d+\t",
         "finish twice and next twice lead on in main"),
        ("through", r"#0  <signal handler called>\n.* getpid \(\)\n(.*\n)*.* main \(.*forkdemo.c",
         "stepi goes into the kernel with SYSCALL"),
        ("back", r"in getpid \(\)\n(Run.*\n)?(0x\w+ in )?(main|child) \(.*user/forkdemo.c",
         "and tine leave and finish back to the caller"),
    ])


def check_others(tap, session):
    """Programs without symbols, and with."""
    parts = session.script("run", """
        tbreak main
        continue
        @ sh
        bt
        @ busybox
        tbreak sys_uname
        continue
        bt
    """, PROG="sh -c uname")
    check(tap, parts, [
        ("sh", r"#0  main \(argc=3, .*user/sh/", "break main in sh"),
        ("busybox", FROM_CALL + r"#3  0x\w+ in \?\? \(\)\n#4  0x0+ in \?\? \(\)\n(\[.*\n)?\Z",
         "a program without symbols is one frame"),
    ])


def check_cpus(tap, session):
    """The start of another CPU, and its panic, which stops the rest."""
    parts = session.script("run", """
        @ start
        break ap_main if ap_cpu->id == 2
        continue
        bt
        delete
        @ idle
        break sched_start_cpu if ((struct cpu *)$gs_base)->id == 2
        continue
        info threads
        @ panic
        set $rdi = exceptions[3].name
        jump panic
    """, PROG="cow", CPUS="4")
    check(tap, parts, [
        ("start", r"#0  ap_main \(\) .*\n#1 .* ap_start64_high \(\) at boot/ap.S:\d+\n\Z",
         "a CPU comes from boot/ap.S to ap_main"),
        ("idle", r"\* 3 .* sched_start_cpu \(\)",
         "and goes on to sched_start_cpu"),
    ])
    tap.ok(session.gone(), "a panic of CPU 2 ends the machine")
    with open(os.path.join(session.tmp, "console.log"), encoding="utf-8") as f:
        console = f.read()
    told = r"panic: breakpoint\n.*on CPU 2, before the first task\n.* ap_main\+"
    tap.ok(re.search(told, console), "and names the CPU and the way there", console)


def main():
    tap = Tap()
    if not shutil.which(os.environ.get("GDB") or "gdb"):
        tap.skip("gdb", "there is no gdb")
        tap.done()
        return
    debug_build()
    with Debugger() as session:
        for part in (check_backtraces, check_steps, check_others, check_cpus):
            part(tap, session)
        check_kills(tap, session, "run", PROG="forkdemo")
    tap.done()


main()
