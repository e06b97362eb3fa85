#!/usr/bin/env python3
"""Full-screen programs at the terminal of `make run`, as a person uses them: vi, less, top.

    tests/terminal.t

The ISO runs by tools/run in a tmux of its own, which is the terminal: keys go in, and the screen is
read back. BusyBox's programs are used; the shell is ours. TINE_BUILD says where the ISO is.
"""
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import ROOT, Tap  # noqa: E402

BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
ROWS, COLUMNS = 30, 100
BOOT_S, ANSWER_S = 90, 30
PROMPT = r"\n#\Z"


class Screen:
    """A tmux server of its own with one window. What is read is the screen, blank lines cut off."""

    def __init__(self, command):
        self.server = ["tmux", "-L", f"tine-{os.getpid()}", "-f", "/dev/null"]
        subprocess.run([*self.server, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS),
                        "-s", "t", *command], check=True)

    def tmux(self, *words):
        return subprocess.run([*self.server, *words], check=False, capture_output=True,
                              text=True).stdout

    def read(self):
        return "\n" + self.tmux("capture-pane", "-p", "-t", "t").rstrip("\n")

    def keys(self, *keys):
        """Names of keys (Enter, C-c), text, which is typed as it is, or another size."""
        for key in keys:
            if key == "SMALLER":
                self.tmux("resize-window", "-t", "t", "-x", "90", "-y", "25")
                continue
            named = re.fullmatch(r"Enter|Escape|Space|C-.", key)
            self.tmux("send-keys", "-t", "t", *([] if named else ["-l"]), key)
            if key == "Escape":     # what follows at once would be one key with it
                time.sleep(0.3)

    def wait_for(self, pattern, limit_s=ANSWER_S):
        end = time.monotonic() + limit_s
        while not re.search(pattern, self.read()):
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def press_until(self, key, pattern):
        for _ in range(10):
            self.keys(key)
            if self.wait_for(pattern, ANSWER_S / 10):
                return True
        return False

    def end(self):
        self.tmux("kill-server")


# What is tested; then pairs of keys and what the screen must show after them.
PARTS = [
    ("the terminal is as large as the window", [
        (["stty size", "Enter"], rf"\n{ROWS} {COLUMNS}" + PROMPT)]),
    ("vi takes text and saves it", [
        (["vi poem", "Enter"], r"\A\n\n(~\n){28}- poem"),
        (["i", "A tine is a prong", "Enter", "of a fork", "Enter", "and no more."],
         r"\A\nA tine is a prong\nof a fork\nand no more.\n~"),
        (["Escape", ":wq", "Enter"], PROMPT),
        (["clear; cat poem", "Enter"], r"\nA tine is a prong\nof a fork\nand no more.\n#\Z")]),
    ("vi finds, deletes, puts back, and undoes", [
        (["vi poem", "Enter"], r"\A\nA tine.*\n.*\n.*\n~"),
        (["/no more", "Enter", "dd", "gg", "P"],
         r"\A\nand no more.\nA tine is a prong\nof a fork\n~"),
        (["u"], r"\A\nA tine is a prong\nof a fork\n~"),
        (["p", ":%s/fork/FORK/g", "Enter"], r"\A\nA tine is a prong\nand no more.\nof a FORK\n~")]),
    ("Ctrl-Z stops vi, fg shows its screen again", [
        (["C-z"], r"Stopped .*vi poem" + PROMPT),
        (["echo bet''ween", "Enter"], r"\nbetween" + PROMPT),
        (["fg", "Enter"], r"\A\nA tine is a prong\nand no more.\nof a FORK\n~"),
        ([":q", "Enter"], r"No write since last change"),
        ([":q!", "Enter"], PROMPT),
        (["clear; cat poem", "Enter"], r"\nof a fork\nand no more.\n#\Z")]),
    ("less goes on, searches, and goes back", [
        (["clear; seq 1 200 >n; less n", "Enter"], r"\A\n1\n2\n(.*\n)*29\nn"),
        (["Space"], r"\A\n30\n(.*\n)*58\n:"), (["/1.0", "Enter"], r"\A\n100\n101\n"),
        (["n"], r"\A\n110\n111\n"), (["b"], r"\A\n81\n82\n"), (["g"], r"\A\n1\n2\n"),
        (["G"], r"\A\n17\d\n(.*\n)*200\n"), (["q"], PROMPT)]),
    ("less reads a pipe, and the keys from the terminal; Ctrl-C ends it", [
        (["clear; seq 1000 2000 | less", "Enter"], r"\A\n1000\n1001\n"),
        (["Space"], r"\A\n1029\n"), (["q"], PROMPT),
        (["clear; yes | less", "Enter"], r"\A\ny\ny\n(.*\n)*standard input"),
        (["C-c"], PROMPT), (["clear", "Enter"], r"\A\n#\Z")]),
    ("top shows processes, and shows them again", [
        (["sleep 1000 &", "Enter"], PROMPT),
        (["top -d 1", "Enter"], r"\A\nMem: \d+K used, \d+K free(.*\n)+Load average: .*\n"
                                r" +PID +PPID USER .*\n(.*\n)*.* sleep 1000"),
        (["N"], r"PPID USER(.*\n)+ +1 +0 root .*/init")]),
    ("q leaves top, and the terminal is as before", [
        (["q"], PROMPT), (["clear; stty -a | grep -o ' icanon\\| echo '", "Enter"],
                          r"\n icanon\n echo\n?.*" + PROMPT)]),
    ("Ctrl-C leaves top, too", [
        (["top", "Enter"], r"\A\nMem: "), (["C-c"], PROMPT),
        (["echo st''ill", "Enter"], r"\nstill" + PROMPT)]),
    ("watch, and Ctrl-C", [
        (["watch -n 1 cat poem", "Enter"], r"\A\nEvery 1.0s: cat poem.*\n(.*\n)*A tine"),
        (["C-c", "AGAIN"], PROMPT)]),   # while its command runs, system(3) ignores ^C
    ("after a change of the window's size, Ctrl-L at the prompt finds it", [
        (["SMALLER", "C-l"], r"\A\n#\Z"), (["stty size", "Enter"], r"\n25 90" + PROMPT)]),
]


def main():
    tap = Tap()
    iso = os.path.join(BUILD, "tine.iso")
    if not shutil.which("tmux"):
        tap.skip("the terminal", "no tmux")
        tap.done()
        return
    if not tap.ok(os.path.exists(iso), "the ISO is built", "make iso"):
        tap.done()
        return
    screen = Screen([os.path.join(ROOT, "tools", "run"), iso])
    try:
        good = tap.ok(screen.wait_for(PROMPT, BOOT_S), "the shell is there", screen.read())
        failed = ""
        for name, steps in PARTS:
            for keys, pattern in steps:
                if good and keys[-1] == "AGAIN":
                    good = screen.press_until(keys[0], pattern)
                elif good:
                    screen.keys(*keys)
                    good = screen.wait_for(pattern)
                if not failed and not good:
                    failed = f"after {keys}, not {pattern!r}"
            if not tap.ok(good, name, failed, screen.read()):
                break
        screen.keys("exit", "Enter")
        gone = screen.wait_for(r"\A\n\Z")
        tap.ok(gone, "exit ends the machine, and with it the window", screen.read())
    finally:
        screen.end()
    tap.done()


main()
