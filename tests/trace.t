#!/usr/bin/env python3
"""Checks the trace as it comes to the host: tools/guest --trace, trace= on the command line, lines,
their order on 4 CPUs, and what docs/tracing.md says of it: events, and how to add one.

What is in the rings of a guest is checked by tests/guest/trace_*.c and storm_trace.c, what tools/trace
makes of a trace by tests/tracetool.t.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import ROOT, Tap  # noqa: E402

BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
LIMIT_S = 100
TEXT = r'"(?:[^"\\\x00-\x1f\x7f-\xff]|\\[ntr"\\]|\\[0-7]{3})*"(?:\.\.\.)?'
LINE = re.compile(r"(\d+\.\d{9}) (\d+) (\d+) ([a-z]+)((?: [\w-]+(?:=[^\s\"=]+)?)*)(?: (" + TEXT + "))?")
COMMAND = "echo hi | tr a-z A-Z | cat; (exit 3); true & wait"


def guest(trace, *args, options=(), kernel=None):
    """(status, stderr) of a run."""
    command = [os.path.join(ROOT, "tools", "guest"), "-t", str(LIMIT_S), "--trace", trace, *options]
    env = dict(os.environ, TINE_STRICT="1", **({"TINE_KERNEL": kernel} if kernel else {}))
    done = subprocess.run([*command, "--", *args], stdin=subprocess.DEVNULL, capture_output=True,
                          env=env, timeout=LIMIT_S + 20, check=False)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def read(path):
    with open(path, encoding="latin-1") as file:
        return file.read()


def parse(line):
    """(time in ns, cpu, tid, event, {key: word}, text) or None."""
    match = LINE.fullmatch(line)
    if not match:
        return None
    time, cpu, tid, event, rest, text = match.groups()
    keys = dict(word.split("=") for word in rest.split() if "=" in word)
    return int(time.replace(".", "")), int(cpu), int(tid), event, keys, text


def trace(tap, path, title):
    """The events of a file; each line must be one."""
    text = read(path)
    events = [parse(line) for line in text.splitlines()]
    bad = [line for line, event in zip(text.splitlines(), events) if not event]
    tap.ok(events and not bad and text.endswith("\n"), f"{title}: each line is an event", *bad[:5])
    return [event for event in events if event]


def rows(doc):
    """{event: category} as docs/tracing.md says it."""
    return dict(re.findall(r"^\| `(\w+(?: \w+\b(?!=))?)[^|]*` \| (\w+) \|", doc, flags=re.M))


def documented(tap, doc):
    source = read(os.path.join(ROOT, "kernel", "trace", "events.h"))
    table = {name.replace("_", " "): category.lower()
             for name, category in re.findall(r"^\tX\((\w+), (\w+),", source, flags=re.M)}
    tap.equal(rows(doc), table, "docs/tracing.md has a row for each event of events.h")


# ---- Order ---------------------------------------------------------------------------------------

def causes(events):
    """What stands before what made it happen."""
    wrong, born, over, runs = [], {}, {}, {}
    for number, (_, _, tid, event, keys, _) in enumerate(events):
        if event == "fork":
            born[int(keys["child"])] = number
        elif event == "exit":
            over[tid] = number
        elif event == "wait" and int(keys["child"]) not in over:
            wrong.append(f"wait for {keys['child']} before its exit")
        if tid > 1 and tid not in born:
            wrong.append(f"{event} of {tid} before its fork")
        if tid in over and event in ("enter", "fault", "fork"):
            wrong.append(f"{event} of {tid} after its exit")
        runs[tid] = number
    return wrong


def switches(events):
    """Where a CPU was not with the task that the last switch gave it to."""
    on, wrong = {}, []
    for _, cpu, tid, event, keys, _ in events:
        if on.get(cpu, tid) != tid:
            wrong.append(f"CPU {cpu} was given to {on[cpu]}, and {tid} has {event} there")
        on[cpu] = int(keys["next"]) if event == "switch" else tid
    return wrong


def check_all(tap, folder, doc):
    """Several CPUs, all categories at once."""
    path = os.path.join(folder, "all, with a comma")
    status, errors = guest(path + ":all", "busybox", "sh", "-c", COMMAND, options=["-c", "4"])
    tap.equal((status, errors), (0, ""), "4 CPUs, all categories: the program is as ever")
    events = trace(tap, path, "4 CPUs")
    times = [event[0] for event in events]
    tap.ok(all(a < b for a, b in zip(times, times[1:])), "times rise from line to line")
    tap.equal(causes(events)[:5], [], "fork comes before the child, exit before wait")
    tap.equal(switches(events)[:5], [], "each CPU does what it was switched to")
    seen = {event[3] for event in events}
    wanted = {name.split()[0] for name in rows(doc)} - {"signal", "deliver", "shootdown"}
    tap.equal(sorted(wanted - seen), [], "each sort of event is there")
    calls = [event for event in events if event[3] in ("enter", "leave")]
    first = {}
    for _, _, tid, event, keys, _ in calls:
        first.setdefault(tid, (event, keys["nr"]))
    tap.equal({event for event, _ in first.values()}, {"enter"},
              "all are traced from their first call on, pid 1 too")
    tap.ok(any(event[3] == "text" and event[5] == '"hi\\n"' for event in events), "texts are there")


def check_some(tap, folder, doc):
    """Single categories; threads on two CPUs, which flush each other's TLBs."""
    path = os.path.join(folder, "some")
    status, errors = guest(path + ":process,signal", "busybox", "sh", "-c", "kill -TERM $$")
    tap.equal((status, errors), (143, ""), "two categories")
    events = trace(tap, path, "two categories")
    categories = {rows(doc).get(event[3]) for event in events}
    tap.equal(categories, {"process", "signal"}, "and no other")
    tap.ok([e for e in events if e[3] == "deliver" and e[4] == {"sig": "15", "handler": "0x0"}],
           "the signal is delivered")
    tap.ok([e for e in events if e[3] == "exit" and e[4] == {"status": "0xf"}], "and ends it")
    storm = os.path.join(BUILD, "tests", "guest", "storm_tlb")
    status, errors = guest(path + ":fault", "storm_tlb", "2",
                           options=["-c", "2", "-f", storm + ":/bin/storm_tlb"])
    tap.equal((status, errors), (0, ""), "threads on 2 CPUs")
    events = trace(tap, path, "threads on 2 CPUs")
    cpus = {(event[1], int(event[4]["cpus"], 16)) for event in events if event[3] == "shootdown"}
    tap.ok(cpus and cpus <= {(0, 2), (1, 1)}, "shootdown: one CPU asks the other", cpus)


def check_mistakes(tap, folder):
    path = os.path.join(folder, "nothing")
    for words, says in (("nonsense", "not known"), ("syscall,nonsense", "not known"),
                        ("stream", "no category")):
        status, errors = guest(f"{path}:{words}", "busybox", "dmesg", options=["-v"])
        line = next((x for x in errors.splitlines() if f"trace={words},stream: " in x), "")
        tap.ok(status == 0 and says in line and not read(path),
               f"trace={words}: the log says why: {says}", line or errors)
    status, errors = guest(os.path.join(folder, "no", "such"), "busybox", "true")
    tap.ok(status == 126 and "No such file" in errors, "--trace into no folder", errors)
    status, errors = guest(path, "busybox", "true", options=["-k", os.path.join(BUILD, "tine.elf")])
    tap.ok(status == 126 and "-k" in errors, "--trace of Linux", errors)


# ---- The example of the docs ---------------------------------------------------------------------

def insert(path, line, behind):
    """Puts a line behind what matches; False: nothing does."""
    text = read(path)
    match = re.search(behind, text, flags=re.M | re.S)
    if match:
        with open(path, "w", encoding="latin-1") as file:
            file.write(text[:match.end()] + line + "\n" + text[match.end():])
    return bool(match)


def check_example(tap, folder, doc):
    """The three lines, in a copy of the kernel that was built."""
    own = doc.split("## An event of your own")[1]
    row, include, call = re.findall(r"^    (\S.*)$", own, flags=re.M)[:3]
    copy = os.path.join(folder, "copy")
    for name in ("kernel", "boot", "tools"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(copy, name))
    for name in ("Makefile", "linker.ld", "build/kernel.flags", "build/obj/kernel", "build/obj/boot"):
        source, target = os.path.join(ROOT, name), os.path.join(copy, name)
        if os.path.exists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, target)
    pipe = os.path.join(copy, "kernel", "fs", "pipe.c")
    done = (insert(os.path.join(copy, "kernel", "trace", "events.h"), f"\t{row} \\",
                   r"#define TRACE_EVENTS\(X\)[^\n]*\n") and
            insert(pipe, include, r".*\n#include [^\n]*\n") and
            insert(pipe, "\t" + call, r"^static ssize_t write_some\(.*?\n(?=\treturn done;\n)"))
    made = subprocess.run(["make", "-j2", "kernel"], cwd=copy, capture_output=True, check=False,
                          env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "DEBUG")})
    noise = [x for x in made.stderr.decode().splitlines() if "warning" in x or "error" in x]
    if not tap.equal((done, made.returncode, noise), (True, 0, []), "the example compiles",
                     made.stderr.decode()[-2000:]):
        return
    path = os.path.join(folder, "example")
    guest(path + ":sched", "busybox", "sh", "-c", "echo 12345 | cat",
          kernel=os.path.join(copy, "build", "tine.elf"))
    said = re.search(r"`[\d.]+ \d \d+ (pipe [^`]*)`", own).group(1)
    tap.ok(f" {said}\n" in read(path), f"and leaves the line {said}")


def main():
    tap = Tap()
    doc = read(os.path.join(ROOT, "docs", "tracing.md"))
    documented(tap, doc)
    with tempfile.TemporaryDirectory() as folder:
        check_all(tap, folder, doc)
        check_some(tap, folder, doc)
        check_mistakes(tap, folder)
        check_example(tap, folder, doc)
    tap.done()


main()
