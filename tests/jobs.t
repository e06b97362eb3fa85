#!/usr/bin/env python3
"""Types at the shell of Tine, as a person does, and reads the screen: job control.

    tests/jobs.t

Ctrl-C, Ctrl-\\, Ctrl-Z, fg, bg, jobs, wait, background reads, stty, hangups. The same dialogue goes
to the same shell on this Linux, where that is possible, and both screens must show the same.
GUEST_OPTIONS (for example "-k build/linux/bzImage") says which kernel is asked instead of Tine.
"""
import fcntl
import os
import pty
import re
import resource
import select
import shlex
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "tools")]
import newc  # noqa: E402
import runs  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
GUEST = [os.path.join(ROOT, "tools", "guest"), *shlex.split(os.environ.get("GUEST_OPTIONS", ""))]
BOOT_S, ANSWER_S = 90, 60
PROMPT = r"[$#] \Z"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SLEEP = "sh -c 'echo up; exec sleep 100'\r"     # says when it is there to be signalled
CTRL_C, CTRL_D, CTRL_Q, CTRL_S, CTRL_Z, CTRL_BACKSLASH = "\x03", "\x04", "\x11", "\x13", "\x1a", "\x1c"

# What is tested; then pairs of what is typed and what the screen shows from there on.
DIALOGUE = [
    ("Ctrl-C at the prompt gives a new prompt", [
        ("echo typed but not", r"but not\Z"), (CTRL_C, r"\^C\n" + PROMPT)]),
    ("Ctrl-C ends the job, not the shell", [
        (SLEEP, r"\nup\n"), (CTRL_C, r"\^C\n" + PROMPT), ("echo $?\r", r"\n130\n" + PROMPT)]),
    ("Ctrl-C ends all of a pipeline", [
        ("sh -c 'echo up >&2; exec sleep 100' | cat\r", r"\nup\n"), (CTRL_C, r"\^C\n" + PROMPT),
        ("jobs\r", r"jobs\n" + PROMPT)]),
    ("Ctrl-C ends a loop", [
        ("while :; do sh -c 'echo up; sleep 100'; done\r", r"\nup\n"),
        (CTRL_C, r"\^C\n" + PROMPT)]),
    ("a program that catches Ctrl-C goes on", [
        ("sh -c 'trap \"echo caught; exit 4\" INT; echo up; while :; do sleep 1; done'\r",
         r"\nup\n"),
        (CTRL_C, r"caught\n" + PROMPT), ("echo $?\r", r"\n4\n" + PROMPT)]),
    ("Ctrl-\\ quits the job", [
        (SLEEP, r"\nup\n"), (CTRL_BACKSLASH, r"Quit\n" + PROMPT),
        ("echo $?\r", r"\n131\n" + PROMPT)]),
    ("Ctrl-Z stops the job", [
        (SLEEP, r"\nup\n"), (CTRL_Z, r"\n\[1\]\+  Stopped  +sh -c .*\n" + PROMPT),
        ("echo $?\r", r"\n148\n" + PROMPT), ("jobs\r", r"\[1\]\+  Stopped  .*\n" + PROMPT)]),
    ("bg and fg continue it", [
        ("bg\r", r"\[1\] sh -c .*\n" + PROMPT), ("jobs\r", r"\[1\]\+  Running  .*\n" + PROMPT),
        ("fg\r", r"\nsh -c .*\n"), (CTRL_Z, r"\[1\]\+  Stopped  .*\n" + PROMPT)]),
    ("a signal waits until the job is continued", [
        ("kill %1\r", PROMPT), ("jobs\r", r"\[1\]\+  Stopped  .*\n" + PROMPT),
        ("fg\r", r"Terminated\n" + PROMPT), ("jobs\r", r"jobs\n" + PROMPT)]),
    ("Ctrl-C spares the background", [
        ("sleep 100 &\r", r"\[1\] \d+\n" + PROMPT), (SLEEP, r"\nup\n"),
        (CTRL_C, r"\^C\n" + PROMPT), ("jobs -l\r", r"\[1\]\+  \d+ Running  .*\n" + PROMPT)]),
    ("jobs are named by number, order and text", [
        ("(sleep 1; cat) | cat &\r", r"\[2\] \d+\n" + PROMPT),
        ("sleep 3\r", r"\[2\]\+  Stopped \(tty input\)  +\(sleep 1; cat\) \| cat\n" + PROMPT),
        ("jobs\r", r"\[2\]\+ .*\n\[1\]-  Running .*\n" + PROMPT),
        ("kill -9 %?cat; sleep 1\r", r"\[2\].*Killed .*\n" + PROMPT),
        ("kill %sleep; wait %1; echo $?\r", r"\n143\n(.*\n)*\[1\]\+  Terminated .*\n" + PROMPT)]),
    ("who reads in the background stops, and reads in the foreground", [
        ("(sleep 1; cat) &\r", r"\[1\] \d+\n" + PROMPT),
        ("sleep 3\r", r"\[1\]\+  Stopped \(tty input\)  +\(sleep 1; cat\)\n" + PROMPT),
        ("fg %?cat\r", r"\n\(sleep 1; cat\)\n"), ("a line\r", r"a line\na line\n"), (CTRL_D, PROMPT)]),
    ("with tostop who writes in the background stops", [
        ("stty tostop; sh -c 'sleep 1; echo out' &\r", r"\[1\] \d+\n" + PROMPT),
        ("sleep 3\r", r"\[1\]\+  Stopped \(tty output\)  .*\n" + PROMPT),
        ("stty -tostop; fg\r", r"\nsh -c .*\nout\n" + PROMPT)]),
    ("the terminal's settings are kept for each job", [
        ("sh -c 'stty -echo; kill -STOP $$; stty -a | grep -o .echo\\ ; stty echo'\r",
         r"Stopped \(signal\) .*\n" + PROMPT),
        ("stty -a | grep -c -- -echo\\ \r", r"\n0\n" + PROMPT),
        ("fg\r", r"\n-echo \n" + PROMPT), ("stty -a | grep -c -- -echo\\ \r", r"\n0\n" + PROMPT)]),
    ("wait gives a job's status, and Ctrl-C ends it", [
        ("(sleep 1; exit 3) & wait %1; echo $?\r", r"\n3\n(.*\n)*.*Done\(3\) .*\n" + PROMPT),
        ("sleep 100 &\r", r"\[1\] \d+\n" + PROMPT), ("echo up; wait\r", r"\nup\n"),
        (CTRL_C, r"\^C\n" + PROMPT), ("echo $?\r", r"\n130\n" + PROMPT),
        ("kill %1; wait %1\r", r"Terminated .*\n" + PROMPT)]),
    ("Ctrl-S stops the output, Ctrl-Q starts it", [
        ("echo up; sleep 1; echo held\r", r"\nup\n"), (CTRL_S, None), (CTRL_Q, r"^held\n" + PROMPT)]),
    ("a subshell is a job", [
        ("(echo up; sleep 100; echo not)\r", r"\nup\n"), (CTRL_Z, r"Stopped .*\n" + PROMPT),
        ("fg\r", r"\n\(echo up.*\n"), (CTRL_C, r"\^C\n" + PROMPT)]),
    ("a shell in the background waits for the foreground", [
        ("sh -c 'sleep 1; exec sh' &\r", r"\[1\] \d+\n" + PROMPT),
        ("sleep 3\r", r"\[1\]\+  Stopped \(tty input\)  +sh -c .*\n" + PROMPT),
        ("fg\r", r"\nsh -c .*\n" + PROMPT), ("echo inner; exit 5\r", r"\ninner\n" + PROMPT),
        ("echo $?\r", r"\n5\n" + PROMPT)]),
    ("exit speaks of stopped jobs; they are hung up with their shell", [
        ("sh\r", PROMPT),
        ("sh -c 'trap \"echo got HUP >h; exit\" HUP; kill -STOP $$; sleep 1; echo not'\r",
         r"Stopped .*\n" + PROMPT),
        ("exit\r", r"stopped jobs\n" + PROMPT), ("exit\r", PROMPT),
        ("sleep 2; cat h\r", r"got HUP\n" + PROMPT),
        ("echo still here\r", r"\nstill here\n" + PROMPT)]),
    ("a script with set -m", [
        ("cat >s\r", r"s\n"),
        ("set -m; sleep 100 & p=$!; set -- $(cat /proc/$p/stat); test $5 = $p && echo own group\r",
         r"group\n"),
        ("kill -STOP %1; sleep 1; jobs; bg; jobs; kill %1; wait $p; echo $?\r", r"\$\?\n"),
        (CTRL_D, PROMPT),
        ("sh s\r", r"own group\n\[1\]\+  Stopped \(signal\) .*\n(.*\n)*\[1\]\+  Running "
                   r".*\n143\n" + PROMPT)]),
]
# With line editing the terminal is raw while a line is typed.
EDITED = [
    ("the same with line editing: Ctrl-C", [
        ("echo no", r"no\Z"), (CTRL_C, r"\^C\n" + PROMPT), (SLEEP, r"\nup\n"),
        (CTRL_C, r"\^C\n" + PROMPT)]),
    ("and Ctrl-Z", [
        (SLEEP, r"\nup\n"), (CTRL_Z, r"Stopped .*\n" + PROMPT), ("fg\r", r"\nsh -c .*\n"),
        (CTRL_C, r"\^C\n" + PROMPT)]),
]


class Terminal:
    """A program at a pseudo terminal, and what it shows."""

    def __init__(self, command, term):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            os.environ.update(TERM=term, PS1="$ ")
            os.execvp(command[0], command)
        self.text = ""      # since the last step
        self.screen = ""    # all of it

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, pattern, limit_s):
        """Whether the pattern shows in time, and then nothing more comes for a moment."""
        end = time.monotonic() + limit_s
        while True:
            found = pattern and re.search(pattern, self.text)
            pause = 0.15 if found else max(0, end - time.monotonic())
            ready, _, _ = select.select([self.master], [], [], pause)
            try:
                data = os.read(self.master, 65536) if ready else b""
            except OSError:
                data = b""
            if not data:
                if found or not pattern:
                    self.screen += self.text
                    self.text = ""
                return bool(found) or not pattern
            text = self.text + data.decode("utf-8", "replace").replace("\r", "")
            self.text = ESCAPES.sub("", text)

    def end(self):
        """The exit status; kills what does not end by itself."""
        for _ in range(100):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            self.wait_for(None, 0.1)    # it may have more to say
            time.sleep(0.1)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


def talk(command, term, dialogue, boot_s):
    """Plays the dialogue: (for each part the screen, or None after a failure, at the end status)."""
    terminal = Terminal(command, term)
    screens = []
    failed = not terminal.wait_for(PROMPT, boot_s)
    for _, steps in dialogue:
        terminal.screen = ""
        for typed, pattern in steps:
            if not failed:
                terminal.type(typed)
                failed = not terminal.wait_for(pattern, ANSWER_S if pattern else 2)
        screens.append(re.sub(r"\b\d{2,}\b", "N", terminal.screen) if not failed else None)
        if failed:
            break
    last = terminal.text
    if not failed:
        terminal.type("exit 7\r")
    status = terminal.end() if not failed else (os.kill(terminal.pid, signal.SIGTERM),
                                                terminal.end())[1]
    os.close(terminal.master)
    return screens, last, status


def native_shell(folder):
    """The same shell on this Linux, with the guest's programs; the pids have other lengths."""
    with open(os.path.join(BUILD, "root.cpio"), "rb") as f:
        names = [n[4:] for n in newc.names(f.read()) if n.startswith("bin/")]
    for name in names:
        own = os.path.join(BUILD, "user", name)
        target = own if os.path.exists(own) else shutil.which("busybox")
        os.symlink(os.path.abspath(target), os.path.join(folder, name))
    return ["env", "-i", "-C", folder, f"PATH={folder}", "PS1=$ ", f"TERM={os.environ['TERM']}",
            os.path.join(folder, "sh")]


def compare(tap, term, dialogue):
    os.environ["TERM"] = term
    ours, last, status = talk([*GUEST, "-t", "300", "--", "busybox", "env", "PS1=$ ", "/bin/sh"], term,
                              dialogue, BOOT_S)
    theirs, why = None, ""
    if runs.CAN_RUN_NATIVELY:
        with tempfile.TemporaryDirectory() as folder:
            theirs, why, _ = talk(native_shell(folder), term, dialogue, ANSWER_S)
    for i, (name, _) in enumerate(dialogue):
        if i >= len(ours) or ours[i] is None:
            tap.ok(False, name, "the screen shows:", last)
            return
        if theirs and i < len(theirs) and theirs[i] is not None:
            tap.equal(squeeze(ours[i]), squeeze(theirs[i]), name)
        else:
            tap.ok(theirs is None, name, "on Linux the screen shows:", why)
    tap.equal(status, 7, "exit ends the shell")


def squeeze(screen):
    """Numbers of processes have been masked; the spaces that follow them vary."""
    return re.sub(r"N( +)", "N ", re.sub(r" {2,}", "  ", screen))


def flood(tap):
    """Input without an end or a pause does not keep the machine from its work."""
    terminal = Terminal([*GUEST, "-t", "100", "--", "busybox", "env", "PS1=$ ", "/bin/sh"], "dumb")
    ok = terminal.wait_for(PROMPT, BOOT_S)
    terminal.type("echo up; sleep 3; echo alive >&2\r")
    ok = ok and terminal.wait_for(r"\nup\n", ANSWER_S)
    os.set_blocking(terminal.master, False)
    end = time.monotonic() + ANSWER_S
    while ok and "alive" not in terminal.text and time.monotonic() < end:
        try:
            os.write(terminal.master, b"x" * 4096)
        except BlockingIOError:
            pass
        ready, _, _ = select.select([terminal.master], [], [], 0.01)
        if ready:
            terminal.text += os.read(terminal.master, 65536).decode("utf-8", "replace")
    tap.ok("alive" in terminal.text, "a flood of input stops nobody", terminal.text[-200:])
    os.set_blocking(terminal.master, True)
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.end()


def main():
    tap = Tap()
    compare(tap, "dumb", DIALOGUE)
    compare(tap, "linux", EDITED)
    flood(tap)
    tap.done()


main()
