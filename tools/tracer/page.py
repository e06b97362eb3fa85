"""One HTML page from a trace (parse.py), for tools/trace --html: the process tree over time, the
page-table trees, where memory is, and a caption for each step.

    page.write(trace, out, title, program)

program: the task that it is about; what was before it is followed, and not shown.

This file turns the trace into data, page_trees.py follows the trees, page_words.py makes the
captions. The page's own parts are page.html, page.css and the scripts page_*.js, which draw what
stands in the data; all is put into one file that needs no network. The data:

    steps   [time, cpu, tid, event, words, caption, number of the state, highlighted frames]
    states  one for each snapshot: which tree each address space has, counts that have changed
            since their snapshots, what was made, copied, taken back, freed; memory by holders
    trees   the snapshots: tables, each with its runs of entries
    tasks   names, a lane each; spans: sleeping, waiting for a CPU, running; system calls; arrows
"""
import json
import os

import page_words as words
from page_trees import PAGE, Trees

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = ("page_data.js", "page_tree.js", "page_time.js", "page.js")
MEMORY = ("own", "by2", "by3", "tables", "tables_shared", "file")


class Story:
    """Goes through the events in their order and keeps what the page needs."""

    def __init__(self, trace, since=0):
        self.trace, self.since = trace, since
        self.trees, self.focus = Trees(), [None, None]
        self.steps, self.states, self.snaps = [], [], []
        self.pending = {}   # tid: events copy, own, page and fault since its last snapshot
        self.snap_of = {}   # mm: number of its latest snapshot
        self.parent_of = {} # mm: that which it was forked from
        self.forking = {}   # tid: the parent's mm, between the two snapshots after a fork
        self.snapshots = {id(s.begin): s for s in trace.snapshots}
        self.read_zeros = set()  # (tid, page) that rule `zero` has mapped
        self.step_of = {}   # id(event): number of its step
        self.call_of = {id(event): call for call in trace.calls for event in (call.enter, call.leave)
                        if event}
        for event in trace.events:
            self.event(event)

    def event(self, event):
        if event.kind == "tree":
            if event.word == "begin":
                self.snapshot(self.snapshots[id(event)])
            return
        if event.kind in ("copy", "own", "page", "fault", "leave"):
            self.pending.setdefault(event.tid, []).append(event)
        if event.kind == "text":
            return
        if event.kind == "fault" and event.get("rule") == "zero":
            self.read_zeros.add((event.tid, event["va"] // PAGE))
        if event.kind == "page" and (event.tid, event["va"] // PAGE) in self.read_zeros:
            self.trees.zero = event["frame"]
            self.read_zeros.clear()
        keys = {"copy": ("frame", "to"), "page": ("frame", "to"), "own": ("frame",), "share": ("frame",)}
        frames = [event[key] for key in keys.get(event.kind, ())]
        call = self.call_of.get(id(event))
        self.step(event, event.kind, words.line(event, call), words.caption(event, self.trace, call),
                  frames)

    def step(self, event, kind, line, caption, frames=()):
        if event.time < self.since:
            return
        self.step_of[id(event)] = len(self.steps)
        self.steps.append([event.time, event.cpu, event.tid, kind, line, caption,
                           len(self.states) - 1, list(frames)])

    def snapshot(self, snapshot):
        known = set(self.trees.all_refs())
        before = self.trees.now.get(snapshot.mm)
        shape = before.shape() if before else None
        tree = self.trees.take(snapshot)
        if tree.why == "call" and tree.shape() == shape:
            return  # nothing has changed, as when brk only asks
        changes = self.pending.pop(snapshot.begin.tid, [])
        if tree.why not in ("fault", "call"):
            changes = []
        self.snap_of[tree.mm] = len(self.snaps)
        self.snaps.append(tree)
        if tree.why == "fork-parent":  # one step with the child's, which comes at once
            self.forking[snapshot.begin.tid] = tree.mm
            return
        parent = self.forking.pop(snapshot.begin.tid, None) if tree.why == "fork-child" else None
        if parent is not None:
            self.parent_of[tree.mm] = parent
        state = self.state(tree, parent, changes, known)
        self.states.append(state)
        told = words.Tree(self.trace, self.trees, tree, state, changes, parent, before)
        self.step(snapshot.begin, "tree", told.line(), told.caption())
        if tree.why == "exit":
            self.trees.drop(tree.mm)
            del self.snap_of[tree.mm]

    def state(self, tree, parent, changes, known):
        tables, pages = tree.frames()
        refs = self.trees.all_refs()
        state = {"mm": tree.mm, "why": tree.why, "trees": dict(self.snap_of),
                 "focus": self.look_at(tree, parent), "memory": self.trees.memory(),
                 "copied": [[e["frame"], e["to"]] for e in changes if e.kind in ("copy", "page")],
                 "owned": [e["frame"] for e in changes if e.kind == "own"],
                 "made": [], "freed": []}
        if parent is not None or tree.why in ("exec", "call"):
            state["made"] = sorted((tables | {f for f, kind in pages.items() if kind == "anon"}) - known)
        if tree.why == "exit":
            state["freed"], refs = self.end(tree, refs)
        state["refs"] = self.differing(refs)
        return state

    @staticmethod
    def end(tree, refs):
        """What goes with an address space: tables and pages that it alone leads to. And the counts
        after it: what a table that goes has led to loses one for each entry."""
        holders = Trees.least_holders(tree, refs)
        gone = {frame for frame in tree.tables if holders.get(frame) == 1}
        left = dict(refs)
        for frame in gone:
            for run in tree.tables[frame].runs:
                for below in run.frames():
                    left[below] = left.get(below, run.refs) - 1
        gone |= {frame for _, frame, kind, _ in tree.pages()
                 if kind == "anon" and holders.get(frame) == 1}
        left.update(dict.fromkeys(gone, 0))
        return sorted(gone), left

    def differing(self, refs):
        """Counts that are not what the snapshot in use says."""
        told = {}
        for number in self.snap_of.values():
            for table in self.snaps[number].tables.values():
                told.setdefault(table.frame, set()).add(table.refs)
                for run in table.runs:
                    for frame in run.frames():
                        told.setdefault(frame, set()).add(run.refs)
        return {frame: n for frame, n in refs.items() if told.get(frame, {n}) != {n}}

    def look_at(self, tree, parent):
        """The two trees to show: parent and child, or the one that changed and its kin."""
        if parent is not None:
            self.focus = [parent, tree.mm]
        elif tree.mm not in self.focus or tree.why == "fork-before":
            mother = self.parent_of.get(tree.mm)
            self.focus = [mother, tree.mm] if mother in self.snap_of and tree.why != "fork-before" \
                else [tree.mm, None]
        elif any(mm not in self.snap_of for mm in self.focus if mm is not None):
            self.focus = [tree.mm, None]
        if tree.why == "exec" and self.focus[1] is None:
            old = tree.task.mm(tree.begin.time - 1) if tree.task else None
            if old != tree.mm and old in self.snap_of:
                self.focus = [old, tree.mm]
        return list(self.focus)


# ---- Lanes ---------------------------------------------------------------------------------------

def lanes(story):
    """What the picture over time shows, in numbers of steps."""
    tasks = {id(task): task for task in story.trace.tasks if task.tid}
    lane = {}
    for task in tasks.values():
        lane[id(task)] = {"tid": task.tid, "tgid": task.tgid, "parent": None, "start": None,
                          "end": None, "name": task.name(task.start), "names": [], "spans": [], "calls": [], "marks": []}
    arrows = []
    switches = any(event.kind == "switch" for event in story.trace.events)
    for event in story.trace.events:
        number = story.step_of.get(id(event))
        mine = lane.get(id(event.task))
        if number is None or mine is None:
            continue
        if mine["start"] is None:
            mine["start"] = number
        mine["last"] = number
        relate(story, event, number, mine, lane, arrows)
    for call in story.trace.calls:
        add_call(story, call, lane)
    found = [l for l in lane.values() if l["start"] is not None]
    for l in found:
        if not switches:
            l["spans"] = []  # category sched is off: nobody knows who ran
        close_spans(l)
    return found, arrows


def relate(story, event, number, mine, lane, arrows):
    kind = event.kind
    other = story.trace.find(event.get("child", event.get("next", event.get("tid", 0))))
    if kind == "fork":
        child = child_of(story, event)
        if id(child) in lane:
            theirs = lane[id(child)]
            theirs["start"], theirs["parent"] = number, mine["tid"]
            theirs["spans"].append([number, "R"])
            arrows.append(["fork", number, mine["tid"], number, child.tid])
    elif kind == "wait" and other is not None and other.exit:
        arrows.append(["wait", story.step_of.get(id(other.exit), number), other.tid, number,
                       mine["tid"]])
    elif kind == "exit":
        mine["end"] = number
        mine["marks"].append([number, "exit"])
    elif kind == "exec":
        mine["names"].append([number, words.text(event)])
        mine["marks"].append([number, "exec"])
    elif kind == "fault":
        mine["marks"].append([number, "fault"])
    elif kind in ("signal", "deliver"):
        mine["marks"].append([number, kind])
    elif kind == "switch":
        mine["spans"].append([number, "R" if event.get("state") == "R" else "S"])
    if kind == "switch" and id(other) in lane:
        lane[id(other)]["spans"].append([number, "run"])
    if kind == "wakeup" and id(other) in lane:
        lane[id(other)]["spans"].append([number, "R"])


def child_of(story, fork):
    return next((t for t in story.trace.tasks if t.born is fork), None)


def add_call(story, call, lane):
    start = story.step_of.get(id(call.enter))
    end = story.step_of.get(id(call.leave)) if call.leave else None
    if id(call.task) in lane and start is not None:
        lane[id(call.task)]["calls"].append([start, end, words.call_name(call.nr),
                                             words.call_line(call)])


def close_spans(one):
    """[[from, to, state]] without gaps from the marks where the state changes."""
    end = one["end"] if one["end"] is not None else one.pop("last", one["start"])
    marks = sorted([s for s in one["spans"] if s[0] <= end] or [[one["start"], "run"]],
                   key=lambda s: s[0])
    if marks[0][0] > one["start"]:
        marks.insert(0, [one["start"], "run"])
    one["spans"] = [[a[0], b[0], a[1]] for a, b in zip(marks, marks[1:] + [[end]]) if b[0] > a[0]]
    one["end"] = end
    one.pop("last", None)


# ---- The page ------------------------------------------------------------------------------------

def tree_data(tree):
    """A snapshot for the script: names of parts, tables with their runs."""
    places = {key: tree.begin.get(key) for key in ("code", "data", "brk", "brk_end", "stack")}
    return {"mm": tree.mm, "why": tree.why, "root": tree.root, "truncated": tree.truncated,
            "places": places,
            "tables": [[t.frame, t.level, t.va, t.refs, [run.values() for run in t.runs]]
                       for t in tree.tables.values()]}


def data(trace, title, program=None):
    story = Story(trace, program.start if program else 0)
    tasks, arrows = lanes(story)
    users = {}
    for task in trace.tasks:
        for _, mm in task.mms:
            if mm:
                users.setdefault(mm, []).append([task.tid, task.name()])
    first = story.steps[0][6] if story.steps else 0
    used = {number for state in story.states[max(first, 0):] for number in state["trees"].values()}
    return {"title": title, "steps": story.steps, "states": story.states,
            "trees": [tree_data(tree) if i in used else None for i, tree in enumerate(story.snaps)],
            "tasks": tasks, "arrows": arrows, "users": users, "lost": trace.lost, "memory": MEMORY}


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return f.read()


def write(trace, out, title="A trace of Tine", program=None):
    """The whole page. What comes from the trace cannot end the script element that it stands in."""
    text = json.dumps(data(trace, title, program), separators=(",", ":")).replace("<", "\\u003c")
    page = read("page.html").replace("/*CSS*/", read("page.css"))
    page = page.replace("/*SCRIPT*/", "\n".join(read(name) for name in SCRIPTS))
    out.write(page.replace("/*DATA*/", text))
