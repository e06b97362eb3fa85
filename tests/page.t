#!/usr/bin/env python3
"""Checks the page of tools/trace --html in Chromium and Firefox without a screen: that what it shows
is what the trace says, step by step, by keys and slider; at the sizes of a projector and a laptop.

    tests/page.t [FOLDER]        FOLDER: keep screenshots there
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "tools", "tracer")]
import browser  # noqa: E402
import page  # noqa: E402
import parse  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

LIMIT_S = 100
SIZES = ((1920, 1080), (1366, 768))
# What is drawn: frames of table boxes by whose they are, frames marked, captions, memory.
DRAWN = """(() => {
  const boxes = who => [...document.querySelectorAll("#treebox .table" + who)].map(
    e => parseInt(e.dataset.id.slice(1))).sort((a, b) => a - b);
  return {step: Number(document.body.dataset.step), caption: document.getElementById("caption").textContent,
    left: boxes(".left"), right: boxes(".right"), both: boxes(".both"), marked: boxes(".marked"),
    shared: Object.fromEntries([...document.querySelectorAll("#treebox .table text.light.mono")].map(
      t => t.textContent.match(/(0x[0-9a-f]+) ×([0-9]+)/)).filter(m => m).map(m => [parseInt(m[1]), Number(m[2])])),
    where: document.getElementById("where").textContent, hash: location.hash,
    now: Number(document.querySelector("#list .now").dataset.step),
    memory: [...document.querySelectorAll("#memory .part")].map(e => [e.dataset.mm, e.dataset.part, Number(e.dataset.n)])};
})()"""


def tables(data, state, mm):
    """Frames of all tables of an address space in this state."""
    number = state["trees"].get(str(mm))
    return {table[0] for table in data["trees"][number]["tables"]} if number is not None else set()


def wanted(data, step):
    """What is to be drawn at a step, from the same data by another way."""
    state = data["states"][data["steps"][step][6]]
    left, right = (tables(data, state, mm) if mm is not None else set() for mm in state["focus"])
    counts = {str(table[0]): state["refs"].get(str(table[0]), table[3]) for mm in state["focus"]
              if str(mm) in state["trees"]
              for table in data["trees"][state["trees"][str(mm)]]["tables"]}
    changed = {frame for pair in state["copied"] for frame in pair}
    changed |= {*state["owned"], *state["made"], *state["freed"]}
    return {"caption": data["steps"][step][5], "left": sorted(left - right),
            "right": sorted(right - left), "both": sorted(left & right),
            "shared": {frame: n for frame, n in counts.items() if n > 1},
            "marked": sorted((left | right) & changed), "now": step, "hash": f"#step={step}"}


def differences(got, want):
    return [f"{key}: {got[key]} and not {value}" for key, value in want.items() if got[key] != value]


# ---- The trace -----------------------------------------------------------------------------------

def record(folder, *command):
    """A trace of a program, and its page, by tools/trace."""
    trace, html = os.path.join(folder, "t.trace"), os.path.join(folder, "t.html")
    done = subprocess.run([os.path.join(ROOT, "tools", "trace"), "--record", trace, "--html", html,
                           "--", *command], capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=LIMIT_S, check=False, text=True)
    return trace, html, done


def check_data(tap, trace):
    """The model of the trees: counts that follow from pointers are those of the next snapshot."""
    story = page.Story(trace)
    tap.equal(story.trees.wrong, [], "every snapshot's counts are those that the trees before it give")
    captions = [step[5] for step in story.steps if step[3] == "tree" and "forkdemo" in step[5]]
    for words in (r"Before fork: the tree of pid \d+ \(forkdemo\) has \d+ tables",
                  r"After fork: pid \d+ \(forkdemo\) has a root of its own and shares 3 tables",
                  r"writes to 0x[0-9a-f]+: the table of level 3 on the way was shared by 2, so it was "
                  r"copied, and so were the tables of level 2 and 1 below it; then the page was shared",
                  r"The address space of pid \d+ \(forkdemo\) goes: 7 tables and 2 pages",
                  r"tables of level 3, 2 and 1 had been shared, and the others are gone: they were taken"):
        tap.ok(any(re.search(words, caption) for caption in captions), f"a step says: {words}", *captions)
    tap.ok(any(re.search(r": wait4\(-?\d+, .*\) = \d+$", step[5]) for step in story.steps),
           "system calls in strace's words")
    for words in (r"\(forkdemo\) sends SIGUSR1 to pid \d+\.", r"\(forkdemo\) ends with status 0\."):
        tap.ok(any(re.search(words, step[5]) for step in story.steps), f"a step says: {words}")
    after = [state for state in story.states if state["why"] == "fork-child"][-1]
    left, right = (story.snaps[after["trees"][mm]] for mm in after["focus"])
    tap.equal(len(left.tables.keys() & right.tables.keys()), 3, "after fork both have 3 tables")
    tap.ok(len(after["made"]) == 5, "and the child has a root, 3 tables and a page that are new", after)


# ---- In a browser --------------------------------------------------------------------------------

def check_steps(tap, name, view, data):
    """Through all changes of trees by the right arrow, and back."""
    steps = [i for i, step in enumerate(data["steps"]) if step[3] == "tree"]
    view.keys("Home")
    wrong = []
    for at, step in enumerate(steps):
        got = view.run(DRAWN)
        wrong += [f"step {step}: {text}" for text in differences(got, wanted(data, step))]
        if got["where"] != f"{at + 1} of {len(steps)}":
            wrong.append(f"step {step}: it says {got['where']}")
        view.keys("ArrowRight")
    tap.ok(not wrong and len(steps) > 8, f"{name}: {len(steps)} steps by key show the trees of the trace",
           *wrong[:10])
    view.keys("ArrowLeft", "ArrowLeft")
    tap.equal(view.run(DRAWN)["step"], steps[-3], f"{name}: and two back")
    view.keys("Home", "End")
    tap.equal(view.run(DRAWN)["step"], steps[-1], f"{name}: End")


def check_controls(tap, name, view, data):
    view.run('(() => { const s = document.getElementById("slider"); s.value = 2;'
             's.dispatchEvent(new Event("input")); })()')
    steps = [i for i, step in enumerate(data["steps"]) if step[3] == "tree"]
    tap.equal(view.run(DRAWN)["step"], steps[2], f"{name}: the slider")
    view.run("(() => { document.body.focus(); document.activeElement.blur(); })()")
    view.keys("f", "ArrowRight", "ArrowRight")
    got = view.run(DRAWN)
    tap.equal([got["step"], got["where"], got["caption"]],
              [steps[2] + 2, f"{steps[2] + 3} of {len(data['steps'])}", data["steps"][steps[2] + 2][5]],
              f"{name}: all events, one by one")
    linked = ('new Promise(done => { addEventListener("hashchange", () => setTimeout(() => '
              f'done({DRAWN}.step)), {{once: true}}); location.hash = "#step={steps[4]}"; }})')
    tap.equal(view.run(linked), steps[4], f"{name}: a link to a step")
    memory = {(mm, part): n for mm, part, n in view.run(DRAWN)["memory"]}
    state = data["states"][data["steps"][steps[4]][6]]
    told = {(mm, part): n for mm, parts in state["memory"].items() for part, n in parts.items()}
    tap.ok(memory and all(told.get(key) == n for key, n in memory.items()),
           f"{name}: bars of memory as counted", memory, told)
    view.run('document.querySelector("#treebox .hit").dispatchEvent(new Event("focus"))')
    tap.ok("It has 1 reference" in view.run('document.getElementById("explain").textContent'),
           f"{name}: what has the focus is explained")
    play = ('new Promise(done => { document.activeElement.blur(); KEYS[" "](); const on = !!page.timer;'
            'KEYS[" "](); done([on, !!page.timer]); })')
    tap.equal(view.run(play), [True, False], f"{name}: play, pause")


def check_layout(tap, name, view, width, folder):
    """Nothing sticks out of the window, and letters are large enough."""
    view.run("goPlace(firstStep() + 2)")
    fits = view.run("[document.documentElement.scrollWidth <= innerWidth,"
                    "document.documentElement.scrollHeight <= innerHeight]")
    tap.equal(fits, [True, True], f"{name}: the page fits the window")
    small = view.run('[...document.querySelectorAll("svg text")].map(t => parseFloat(getComputedStyle(t)'
                     '.fontSize) * t.getScreenCTM().a).filter(px => px < %d).length'
                     % (16 if width >= 1920 else 10))
    tap.equal(small, 0, f"{name}: letters in pictures are large enough")
    clear = view.run('(() => { const rows = [...document.querySelectorAll("#treebox .table text.strong")];'
                     'return rows.length > 4 && rows.every(t => t.getBoundingClientRect().width > 10); })()')
    tap.ok(clear, f"{name}: the boxes have their titles")
    if folder:
        view.screenshot(os.path.join(folder, name.replace(" ", "-") + ".png"))


def check_browser(tap, kind, html, data, folder):
    try:
        with browser.Browser(kind) as view:
            for width, height in SIZES:
                name = f"{kind} {width}x{height}"
                view.resize(width, height)
                view.open("file://" + html)
                check_layout(tap, name, view, width, folder)
                if (width, height) == SIZES[0]:
                    check_steps(tap, name, view, data)
                    check_controls(tap, name, view, data)
            fetched = [url for url in view.requests if not url.startswith(("file:", "data:"))]
            tap.equal([view.errors, fetched], [[], []], f"{kind}: no errors, nothing fetched")
    except browser.Missing as why:
        tap.skip(f"the page in {kind}", str(why))
    except (browser.BrowserError, OSError) as error:
        tap.ok(False, f"{kind} does as it is told", error)


def main():
    tap = Tap()
    folder = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as temporary:
        path, html, done = record(temporary, "forkdemo")
        if tap.ok(done.returncode == 0 and os.path.exists(html), "tools/trace --html", done.stdout,
                  done.stderr):
            trace = parse.read(path)
            check_data(tap, trace)
            with open(html, encoding="utf-8") as f:
                text = f.read()
            tap.ok("<noscript>" in text and not re.search(r'(?:src|href)="(?!data:)', text),
                   "one file, with a word for who has no script")
            data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S).group(1))
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for done in [pool.submit(check_browser, tap, kind, html, data, folder)
                             for kind in ("chromium", "firefox")]:
                    done.result()
    tap.done()


main()
