#!/usr/bin/env python3
"""Magic keys, the watchdog, and the lines that tell of fatal signals.

Each key is pressed on the serial line (BREAK, then the letter), some on the PS/2 keyboard and by
/proc/sysrq-trigger, and what it says of tasks, CPUs and memory is compared with what runs. CPUs are
stuck and tasks hang in every way that lib/provoke_stuck.c knows, on 1 and 4 CPUs, and the report must
name function, file and line; a storm on 4 CPUs must raise no alarm. Machines run two at a time;
tests/sysrq.t NAME... runs some of the parts (look_keys, alone, four, end_keys, silent, paused,
fatal_lines).
"""
import concurrent.futures
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from machine import Machine  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

PROMPT = r"(?m)^[^\n]*[#$] ?\Z"
LIMIT_S = float(os.environ.get("SYSRQ_LIMIT", 60))
BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
STAMP = r"\[ *\d+\.\d+\] "
LETTERS = "bcdeilmostwz"  # of the keys; h is the list of them


class Console(Machine):
    """A shell on the serial line, and the keys."""

    def __init__(self, cpus, append):
        self.qmp = f"tine-sysrq-{os.getpid()}-{id(self)}"  # an abstract address
        super().__init__(["-m", "256", "-smp", str(cpus), "-vga", "std",
                          "-qmp", f"unix:{self.qmp},abstract=on,server=on,wait=off",
                          "-kernel", os.path.join(BUILD, "tine.elf"),
                          "-initrd", os.path.join(BUILD, "root.cpio"), "-append", append])

    def booted(self):
        return self.wait_for(PROMPT, LIMIT_S)

    def keys(self, *changes):
        """(key, whether it goes down)..., in any order, which the monitor's sendkey cannot do."""
        events = [{"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}
                  for key, down in changes]
        with socket.socket(socket.AF_UNIX) as qmp:
            qmp.connect("\0" + self.qmp)
            for call in ({"execute": "qmp_capabilities"},
                         {"execute": "input-send-event", "arguments": {"events": events}}):
                qmp.sendall(json.dumps(call).encode())
                while b'"return"' not in (said := qmp.recv(65536)):
                    assert said and b'"error"' not in said, said

    def shell(self, line):
        """A command; what it prints comes after its own text."""
        self.serial.sendall(line.encode() + b"\n")
        return self.wait_for(re.escape(line) + r"\n", LIMIT_S)

    def key(self, letter):
        """BREAK and a letter; what was said before does not count any more."""
        self.text = ""
        self.monitor_does("chardev-send-break s")
        self.serial.sendall(letter.encode())

    def ended(self, limit_s):
        """Reads on meanwhile: the line takes no more than a few hundred bytes that nobody reads."""
        self.wait_for(r"(?!)", limit_s)
        return super().ended(limit_s)

    def monitor_does(self, line):
        """A command of the monitor's, and its end: the next prompt."""
        while self.monitor_says(0.1):
            pass
        said, end = b"", time.monotonic() + LIMIT_S
        self.monitor.sendall(line.encode() + b"\n")
        while b"\n(qemu)" not in said.replace(b"\r", b""):
            data = self.monitor_says(end - time.monotonic())
            if not data:
                return  # what is looked for then does not come, and says so
            said += data


def says(tap, m, name, *patterns):
    """Lines of the log, in this order; the text of all."""
    seen = ""
    for pattern in patterns:
        before = m.text
        match = m.wait_for(STAMP + pattern, LIMIT_S)
        if not tap.ok(match, f"{name}: {pattern[:60]}", seen[-2000:], before, m.text):
            return None
        seen += match.group(0) + "\n"
    return seen


# ---- Keys ----------------------------------------------------------------------------------------

def look_keys(tap):
    """Those after which the machine goes on as before."""
    with Console(2, "trace=process") as m:
        if not tap.ok(m.booted(), "keys: the shell", m.text):
            return
        m.shell("busybox sleep 1000 | cat &")
        m.booted()
        m.key("h")
        says(tap, m, "h lists the keys", r"sysrq: HELP",
             *(rf"  {letter}  [A-Z][A-Za-z ]+\n" for letter in sorted(LETTERS)))
        m.key("t")
        says(tap, m, "t shows tasks", r"sysrq: Show State", r"  tid  ppid  S  CPU name +sleeps in",
             r" +1 +0  S +\d init +wait_for", r" +\d+ +1  S +\d sh +\S+",
             r" +\d+ +\d+  S +\d busybox +time_sleep_until .*sys_(clock_)?nanosleep",
             r" +\d+ +\d+  S +\d cat +\w+ .*rw_fd")
        m.key("m")
        says(tap, m, "m shows memory", r"sysrq: Show Memory", r"KiB: total \d{6} free \d{6} anon \d+ file \d+")
        m.key("l")
        says(tap, m, "l shows CPUs", r"sysrq: Show backtrace of all active CPUs",
             r"CPU 0: task 0 \(idle\), in lapic_send",
             r"  uart_interrupt\+\S+ \(kernel/dev/serial\.c:\d+\)",
             r"  (sched|halt_if)_idle\+\S+ \(kernel/\w+/\w+\.[ch]:\d+\)",
             r"  kmain\+\S+ \(kernel/main\.c:\d+\)",
             r"CPU 1: task 0 \(idle\), in (halt_if|sched)_idle",
             r"  sched_start_cpu\+\S+ \(kernel/proc/sched\.c:\d+\)")
        m.key("d")
        says(tap, m, "d shows locks", r"sysrq: Show Locks Held", r"no locks are held")
        m.key("w")
        says(tap, m, "w: nothing is blocked", r"sysrq: Show Blocked State")
        m.key("s")
        says(tap, m, "s", r"sysrq: Emergency Sync", r"Emergency Sync complete")
        m.key("z")
        says(tap, m, "z shows the trace", r"sysrq: Dump ftrace buffer", r".* fork child=\d+")
        m.key("?")
        says(tap, m, "a key that is none", r"sysrq: HELP")
        ways(tap, m)
        limits(tap, m)
        signals(tap, m)


def ways(tap, m):
    """How keys come."""
    m.wait_for(r"  z  .*\n", LIMIT_S)
    m.serial.sendall(b"echo quiet\n")
    tap.ok(m.wait_for(r"(?m)^\s*(# )?echo quiet\nquiet\n", LIMIT_S), "no key has reached the shell", m.text)
    m.monitor_does("sendkey alt-sysrq-m")
    says(tap, m, "keyboard, Alt+SysRq+m", r"sysrq: Show Memory")
    time.sleep(1)  # it lets go of the keys by itself
    m.text = ""
    m.type("echo not a key\n")
    tap.ok(m.wait_for(r"\nnot a key\n", LIMIT_S), "and then it types again", m.text)
    m.keys(("alt", True), ("print", True), ("alt", False), ("print", False))
    m.text = ""
    m.type("echo nor now\n")
    tap.ok(m.wait_for(r"\nnor now\n", LIMIT_S), "also if Alt is let go of first", m.text)
    m.shell("echo m >/proc/sysrq-trigger")
    says(tap, m, "/proc/sysrq-trigger", r"sysrq: Show Memory")
    m.shell("stat -c %a:%u /proc/sysrq-trigger")
    tap.ok(m.wait_for(r"200:0\n", LIMIT_S), "only root may write there", m.text)


def limits(tap, m):
    """kernel.sysrq"""
    m.shell("echo 8 >/proc/sys/kernel/sysrq; cat /proc/sys/kernel/sysrq")
    m.wait_for(r"8\n", LIMIT_S)
    m.key("e")
    says(tap, m, "kernel.sysrq=8: e", r"sysrq: This sysrq operation is disabled")
    m.key("m")
    says(tap, m, "kernel.sysrq=8: m", r"sysrq: Show Memory")
    m.shell("echo 0 >/proc/sys/kernel/sysrq")
    m.booted()
    m.key("m")
    m.shell("echo m >/proc/sysrq-trigger")
    says(tap, m, "kernel.sysrq=0: root may still", r"sysrq: Show Memory")
    tap.ok("sysrq" not in m.text, "and the console may not", m.text)
    m.shell("echo 1 >/proc/sys/kernel/sysrq")
    m.booted()


def signals(tap, m):
    m.key("e")
    says(tap, m, "e ends tasks", r"sysrq: Terminate All Tasks")
    m.serial.sendall(b"jobs; echo no  more\n")
    tap.ok(m.wait_for(r"\nno more\n", LIMIT_S), "but not the shell", m.text)
    m.key("i")
    says(tap, m, "i kills all", r"sysrq: Kill All Tasks")
    tap.ok(m.ended(LIMIT_S), "init has no shell any more, and powers off", m.text)


def end_key(tap, letter, says_it):
    with Console(1, "") as m:
        m.booted()
        m.key(letter)
        says(tap, m, letter, says_it)
        if letter == "c":
            says_panic = m.wait_for(r"panic: sysrq triggered crash\n", LIMIT_S)
            tap.ok(says_panic, "c: the kernel panics", m.text)
        tap.ok(m.ended(LIMIT_S), f"{letter} ends the machine", m.text)


def end_keys(tap):
    end_key(tap, "c", "sysrq: Trigger a crash")
    end_key(tap, "b", "sysrq: Resetting")
    end_key(tap, "o", "sysrq: Power Off")


# ---- The watchdog --------------------------------------------------------------------------------

def line_of(kind):
    """file:line where the comment `provoke: KIND` stands."""
    name = "kernel/lib/provoke_stuck.c"
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if f"provoke: {kind} */" in line:
                return f"{name}:{number}"
    raise AssertionError(kind)


def provoke(m, kind, cpu=None):
    bind = f"taskset {1 << cpu:x} " if cpu is not None else ""
    m.shell(f"{bind}sh -c 'echo {kind} >/proc/sys/kernel/provoke' &")


def stuck(tap, m, name, kind, cpu, how, function):
    return says(tap, m, name, rf"watchdog: CPU {cpu} stuck for \d+ s {how}\n",
                rf"CPU {cpu}: task \d+ \(sh\), in {function}\+",
                rf"  {function}\+.*\({re.escape(line_of(kind))}\)", r"  .*syscall_entry")


def alone(tap):
    """One CPU."""
    with Console(1, "provoke watchdog=1 hung_task=1 nmi_watchdog=1") as m:
        if not tap.ok(m.booted(), "1 CPU: the shell", m.text):
            return
        provoke(m, "hung-task")
        says(tap, m, "1 CPU", r"watchdog: task (\d+) \(sh\) has been asleep for 1 s in provoke_hung_task\n")
        provoke(m, "hung-task")
        says(tap, m, "1 CPU", r"watchdog: task \d+ \(sh\) has been asleep for 1 s in provoke_hung_task, "
             r"mutex provoke_mutex held by task \d+ \(sh\)")
        m.key("w")
        says(tap, m, "w shows both", r" +\d+ +\d+  D +0 sh +provoke_hung_task",
             r" +\d+ +\d+  D +0 sh +provoke_hung_task.*, mutex provoke_mutex held by task \d+ \(sh\)")
        m.key("d")
        says(tap, m, "d shows it", r"mutex provoke_mutex at \S+: task \d+ \(sh\), 1 wait",
             r" +\d+ +\d+  D +0 sh +provoke_hung_task.*, mutex provoke_mutex")
        provoke(m, "stuck-loop")
        stuck(tap, m, "1 CPU, a loop", "stuck-loop", 0, "in the kernel", "provoke_stuck_loop")
        m.key("t")
        says(tap, m, "keys still work", r" +\d+ +\d+  R +0 sh *\n")
    with Console(1, "provoke watchdog=1 nmi_watchdog=1") as m:
        m.booted()
        provoke(m, "stuck-irqs-off")
        stuck(tap, m, "1 CPU, interrupts off", "stuck-irqs-off", 0, "with interrupts off",
              "provoke_stuck_irqs_off")


def four(tap):
    with Console(4, "provoke watchdog=1") as m:
        if not tap.ok(m.booted(), "4 CPUs: the shell", m.text):
            return
        provoke(m, "stuck-lock", 2)
        stuck(tap, m, "4 CPUs, the holder of a lock", "stuck-lock-held", 2, "with interrupts off",
              "provoke_stuck_lock")
        provoke(m, "stuck-lock", 3)
        says(tap, m, "4 CPUs, who waits for it", r"watchdog: CPU 3 stuck for \d+ s with interrupts off\n",
             r"CPU 3: task \d+ \(sh\), in \w+\+",
             r"  waits for the spinlock provoke_lock, held by CPU 2",
             r"  spin_wait_and_take\+", r"  provoke_stuck_lock\+", r"  .*syscall_entry")
        provoke(m, "stuck-loop", 1)
        stuck(tap, m, "4 CPUs, a loop", "stuck-loop", 1, "in the kernel", "provoke_stuck_loop")
        m.key("l")
        says(tap, m, "l finds them all", r"CPU 0: ", r"CPU 1: task \d+ \(sh\)",
             r"  provoke_stuck_loop\+",  # maybe below its tick
             r"CPU 2: .*in provoke_stuck_lock\+", r"CPU 3: ",
             r"  waits for the spinlock provoke_lock, held by CPU 2", r"  spin_wait_and_take\+")
        m.key("d")
        says(tap, m, "d too", r"lock provoke_lock at \S+: CPU 2", r"CPU 3 waits for provoke_lock")
    with Console(4, "provoke watchdog=1") as m:
        m.booted()
        provoke(m, "stuck-irqs-off", 0)
        stuck(tap, m, "4 CPUs, the boot CPU", "stuck-irqs-off", 0, "with interrupts off",
              "provoke_stuck_irqs_off")


def guest(*args):
    run = subprocess.run([os.path.join(ROOT, "tools/guest"), *args], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return run.returncode, run.stdout, run.stderr


def silent(tap):
    """Nothing is stuck in a storm, even with short limits; and NMIs in the middle of it do no harm."""
    program = os.path.join(BUILD, "tests/guest/storm_forktree")
    script = "storm_forktree & for i in 1 2 3 4 5 6 7 8; do echo l >/proc/sysrq-trigger; done; wait"
    status, out, log = guest("-c", "4", "-v", "-t", str(LIMIT_S), "-a", "watchdog=3 hung_task=10",
                             "-f", program + ":/bin/storm_forktree", "--", "sh", "-c", script)
    tap.ok(status == 0 and "wrong: 0" in out, "a storm on 4 CPUs", out[-2000:], log[-2000:])
    tap.equal(len(re.findall(r"CPU [0-3]: task ", log)), 32, "all CPUs answer", log[-3000:])
    tap.ok("starting /init" in log and "watchdog: " not in log, "no alarm is raised", log[-3000:])


def paused(tap):
    """The host does not run the machine for longer than the limit, while tasks wait for mutexes."""
    program = os.path.join(BUILD, "tests/guest/smp_dirs")
    command = [os.path.join(ROOT, "tools/guest"), "-c", "4", "-v", "-t", str(LIMIT_S), "-a", "hung_task=2",
               "-f", program, "--", "smp_dirs", "8000"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as run:
        stops = 0
        while run.poll() is None:
            time.sleep(1)
            with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as f:
                machine = f.read().split()
            if machine and stops < 3:
                stops += 1
                os.kill(int(machine[0]), signal.SIGSTOP)
                time.sleep(2.5)
                os.kill(int(machine[0]), signal.SIGCONT)
        log = run.stderr.read()
    tap.ok(stops == 3 and "watchdog: " not in log, "a clock that jumps: no alarm", log[-3000:])


# ---- Fatal signals -------------------------------------------------------------------------------

def fatal_lines(tap):
    """tests/guest/fatal_signals.c"""
    program = os.path.join(BUILD, "tests/guest/fatal_signals")
    status, out, log = guest("-v", "-t", str(LIMIT_S), "-a", "print-fatal-signals=1",
                             "-f", program, "--", "fatal_signals")
    tap.equal(status, 0, "fatal_signals runs", out, log)
    who = dict(re.findall(r"# (\w+) is (\d+), ", out))
    parent = re.search(r"child of (\d+)", out)
    by_parent = rf"sent by {parent and parent.group(1)} \(fatal_signals\)"
    for name, reason in (
            ("null_write", r"SIGSEGV \(SEGV_MAPERR\) at 0x0 writing"),
            ("null_read", r"SIGSEGV \(SEGV_MAPERR\) at 0x18 reading"),
            ("run_data", r"SIGSEGV \(SEGV_ACCERR\) at 0x\w+ executing"),
            ("not_canonical", r"SIGSEGV \(SI_KERNEL\)"),
            ("beyond_file", r"SIGBUS \(BUS_ADRERR\) at 0x\w+ reading"),
            ("divide", r"SIGFPE \(FPE_INTDIV\) at 0x\w+"),
            ("bad_opcode", r"SIGILL \(ILL_ILLOPN\) at 0x\w+"),
            ("abort", "SIGABRT sent by itself"), ("broken_pipe", "SIGPIPE from the kernel"),
            ("alarm_clock", "SIGALRM from the kernel"), ("terminated", f"SIGTERM {by_parent}"),
            ("killed", f"SIGKILL {by_parent}"), ("queued", f"signal 40 {by_parent}")):
        pid = who.get(name)
        line = re.search(rf"fatal_signals\[{pid}\]: (.*)", log)
        wanted = rf"{reason}, ip 0x\w+ \S.*, sp 0x7f\w+, pid {pid} parent {parent.group(1)}$"
        tap.ok(line and re.match(wanted, line.group(1)), f"{name} is told",
               f"wanted {wanted}", line.group(0) if line else log)
    _, _, log = guest("-v", "-t", str(LIMIT_S), "-a", "print-fatal-signals=1", "--",
                      "sh", "-c", "kill -TERM $$")
    tap.ok(re.search(r"sh\[\d+\]: SIGTERM sent by itself, ip 0x\w+ kill\+0x\w+, sp ", log),
           "a program of ours: the function's name", log[-2000:])
    _, out, log = guest("-v", "-t", str(LIMIT_S), "-f", program, "--", "fatal_signals")
    tap.ok("null_write: signal 11" in out and "fatal_signals[" not in log,
           "without the option there is not a line", log[-2000:])


def main():
    tap = Tap()
    jobs = [job for job in (look_keys, alone, four, end_keys, silent, paused, fatal_lines)
            if job.__name__ in sys.argv[1:] or not sys.argv[1:]]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(job, tap) for job in jobs]:
            future.result()
    tap.done()


main()
