#!/usr/bin/env python3
"""Checks that docs/*.md still speak of this tree.

Every file that they name exists, every name in backquotes is a word of the sources, every function
after `break` is defined in the kernel once, and docs/abi.md has a row for each system call of
kernel/syscall/table.c (number, name, file) and speaks of each file with a LINUX-DIFF. Each call is
made by a guest test or a demo, or docs/abi.md says why not. The tables of docs/locking.md are the
ranks of kernel/sync/rank.h, in their order. The commands of docs/performance.md name options and
functions that exist.
"""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import ROOT, Tap  # noqa: E402

DOCS = ["docs/memory.md", "docs/locking.md", "docs/abi.md", "docs/tour.md",
        "docs/processes.md", "docs/descriptors.md", "docs/performance.md", "docs/debugging.md",
        "docs/tracing.md", "docs/panics.md"]
SOURCES = ["boot/*", "kernel/*.[ch]", "kernel/*/*.[chS]", "user/*.c", "user/*/*.[ch]",
           "tests/*", "tests/*/*.[ch]", "tools/*", "tools/gdb/*", "tools/bench/*", "Makefile"]
FOLDERS = ["", "kernel/", "docs/", "build/"]
FILE = re.compile(r"[\w./-]+\.(?:c|h|S|t|md|gdb)\b")
WORD = re.compile(r"[A-Za-z_]\w+")
# A test makes a call by SYS_NAME, or by the C library's function NAME. But musl's functions of these
# names make other calls, or none:
NOT_BY_NAME = set("""stat lstat creat gettimeofday time getpgrp alarm utime utimes futimesat nanosleep
    exit brk clone sched_setparam sched_getparam sched_setscheduler sched_getscheduler""".split())
# and these are made by functions of other names:
MADE_BY = {
    "rt_sigaction": "sigaction|signal", "rt_sigprocmask": "sigprocmask|pthread_sigmask",
    "rt_sigpending": "sigpending", "rt_sigtimedwait": "sigtimedwait|sigwaitinfo",
    "rt_sigqueueinfo": "sigqueue", "rt_sigsuspend": "sigsuspend", "newfstatat": "fstatat|stat|lstat",
    "getdents64": "readdir", "exit_group": "_exit", "clock_nanosleep": "nanosleep",
    "pselect6": "pselect", "eventfd2": "eventfd", "pread64": "pread", "pwrite64": "pwrite",
    "prlimit64": "prlimit", "fadvise64": "posix_fadvise", "syslog": "klogctl",
}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def sources():
    """{path: text} of everything that the docs may name."""
    paths = (path for pattern in SOURCES for path in glob.glob(os.path.join(ROOT, pattern)))
    return {os.path.relpath(path, ROOT): read(path) for path in paths if os.path.isfile(path)}


def file_exists(name, tree):
    """With its folder, or by its last name alone where that is unique enough to find."""
    if any(os.path.exists(os.path.join(ROOT, folder + name)) for folder in FOLDERS):
        return True
    return "/" not in name and any(os.path.basename(path) == name for path in tree)


def code_spans(text):
    return re.findall(r"`([^`\n]+)`", re.sub(r"^    .*$", "", text, flags=re.M))


def definitions(name, tree):
    """Where the kernel defines a function: at the start of a line, without a semicolon after."""
    in_c = re.compile(r"^[a-z_][^;{}()=\n]*\b" + name + r"\([^;{]*\)\n\{", re.M)
    in_s = re.compile(r"^" + name + r":", re.M)
    return [path for path, text in tree.items() if path.startswith(("kernel/", "boot/")) and
            (in_s if path.endswith(".S") else in_c).search(text)]


def check_files(tap, doc, text, tree):
    lost = sorted({name for span in code_spans(text) for name in FILE.findall(span)
                   if not file_exists(name, tree)})
    links = sorted({name for name in re.findall(r"\]\(([^)#]+)\)", text)
                    if not os.path.exists(os.path.join(ROOT, "docs", name))})
    tap.equal(lost + links, [], f"{doc}: each file it names exists")


def check_words(tap, doc, text, known):
    lost = set()
    for span in code_spans(text):
        if FILE.search(span) or "/" in span:
            continue
        for word in WORD.findall(span):
            if "_" in word and word not in known:
                lost.add(word)
    tap.equal(sorted(lost), [], f"{doc}: each name it uses is in the sources")


def check_breaks(tap, doc, text, tree):
    names = re.findall(r"^    (?:t?break) (?!main$)(\w+)", text, flags=re.M)  # main is PROG's
    for name in names:
        tap.equal(len(definitions(name, tree)), 1, f"{doc}: break {name}", definitions(name, tree))


def table_of_calls(tree):
    return re.findall(r"CALL\((\d+), (\w+), \d\)", tree["kernel/syscall/table.c"])


def check_calls(tap, text, tree):
    calls = table_of_calls(tree)
    rows = {}
    for number, name, where in re.findall(r"^\| (\d+) \| (\w+) \| `([\w/.]+)` \|", text, flags=re.M):
        rows[name] = (number, where)
    missing = [name for number, name in calls if rows.get(name, ("", ""))[0] != number]
    tap.equal(missing, [], "docs/abi.md: each call of the table has its row")
    there = {name for _, name in calls}
    tap.equal(sorted(set(rows) - there), [], "docs/abi.md: each row is a call of the table")
    moved = [f"{name}: {where}" for name, (_, where) in sorted(rows.items())
             if not re.search(r"^s64 sys_" + name + r"\(", tree.get("kernel/" + where, ""), re.M)]
    tap.equal(moved, [], "docs/abi.md: each call is in the file that its row names")
    absent = re.search(r"^## What is not there$(.*?)^## ", text, flags=re.M | re.S)
    absent = re.findall(r"^\|.*\|$", absent.group(1), flags=re.M) if absent else []
    absent = WORD.findall(" ".join(code_spans("\n".join(absent))))
    tap.equal(sorted(there.intersection(absent)), [], "docs/abi.md: what is not there is not there")
    tap.ok(len(absent) > 50, "docs/abi.md: says what is not there")


def without_comments(text):
    """Nor strings: a call is made by code only."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/', '""', text, flags=re.S)


def check_tests(tap, text, tree):
    code = "\n".join(without_comments(source) for path, source in tree.items()
                     if re.match(r"tests/guest/(?!fuzz|efault)\w+\.[ch]$|user/(?!init)\w+\.c$", path))
    numbers = set(re.findall(r"\bSYS_(\w+)", code))
    functions = set(re.findall(r"\b(\w+)\(|\b(?=get)(\w+),", code))  # or passed on
    functions = {a or b for a, b in functions}
    silent = [name for _, name in table_of_calls(tree) if name not in numbers
              and not (name in functions and name not in NOT_BY_NAME)
              and not functions.intersection(MADE_BY.get(name, "-").split("|"))]
    section = re.search(r"^## Calls without a test$(.*?)^## ", text, flags=re.M | re.S)
    reasons = re.findall(r"^\| `(\w+)` \|", section.group(1) if section else "", flags=re.M)
    tap.equal(sorted(silent), sorted(reasons),
              "docs/abi.md: each call has a test that makes it, or a row that says why not")


def check_differences(tap, text, tree):
    where = [path for path, source in tree.items()
             if path.startswith(("kernel/", "boot/")) and "LINUX-DIFF" in source]
    names = set(FILE.findall(text))
    silent = [path for path in where if path.removeprefix("kernel/") not in names]
    tap.equal(sorted(silent), [], "docs/abi.md: speaks of each file with a LINUX-DIFF")


def check_ranks(tap, text, tree):
    ranks = re.findall(r"^\t(RANK_\w+) = [1-9]", tree["kernel/sync/rank.h"], flags=re.M)
    rows = re.findall(r"^\| `(RANK_\w+)` \|", text, flags=re.M)
    tap.equal(rows, ranks, "docs/locking.md: its tables are the ranks of kernel/sync/rank.h")


def check_commands(tap, text, tree):
    """What tools/profile is asked for. Whether it answers well is for tests/profile.t."""
    commands = re.findall(r"^    \$ .*?(tools/profile .*)$", text, flags=re.M)
    tap.ok(len(commands) > 5, "docs/performance.md: has commands", commands)
    lost = []
    for command in commands:
        lost += [f"{command}: {option}" for option in re.findall(r" (--?[a-z]+)\b", command)
                 if f'"{option}"' not in tree["tools/profile"]]
        for program, name in re.findall(r" --(?:steps|to) (?:(\w+):)?(\w+)", command):
            sources = [tree.get(f"tests/guest/{program}.c", "") + tree.get(f"user/{program}.c", "")]
            there = program and re.search(r"^[^\t].*\b" + name + r"\(.*\)$", sources[0], re.M)
            if not (there or name == "user" or (not program and definitions(name, tree))):
                lost.append(f"{command}: {name}")
    tap.equal(lost, [], "docs/performance.md: its commands name what exists")


def main():
    tap = Tap()
    tree = sources()
    known = set(WORD.findall(" ".join(tree.values()) + " ".join(tree)))
    for doc in DOCS:
        text = read(doc)
        check_files(tap, doc, text, tree)
        if doc != "docs/abi.md":  # which speaks of what is not there
            check_words(tap, doc, text, known)
        check_breaks(tap, doc, text, tree)
    abi = read("docs/abi.md")
    check_calls(tap, abi, tree)
    check_tests(tap, abi, tree)
    check_differences(tap, abi, tree)
    check_commands(tap, read("docs/performance.md"), tree)
    check_ranks(tap, read("docs/locking.md"), tree)
    tap.done()


main()
