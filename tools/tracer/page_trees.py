"""The page-table trees of all address spaces over time, from a trace's snapshots.

    trees = Trees()
    trees.take(snapshot)         a parse.Snapshot: from here on this is the tree of its mm
    trees.drop(mm)               the address space has gone
    trees.refs(frame)            how many point to a frame now

A snapshot shows one tree; what it tells about frames that other trees share holds for those too. In
between refs follow from pointers: who copies a table leaves the old one with one fewer. So what is
computed here for a frame must be what the next snapshot says of it: `wrong` counts where not.
"""
from collections import Counter

PAGE, ROOT = 4096, 4
FIELDS = ("first", "n", "kind", "bits", "frame", "refs", "step")


def span(level):
    """Bytes that one entry of a table of this level stands for."""
    return PAGE << 9 * (level - 1)


class Run:
    """Entries side by side in one table that look alike; frames go up or down by step."""

    __slots__ = FIELDS

    def __init__(self, fields):
        for name in FIELDS:
            setattr(self, name, fields.get(name, 0))

    def frames(self):
        """What the entries point to, one frame each; promises and the zero page: nothing."""
        return [self.frame + i * self.step for i in range(self.n)] if self.frame else []

    def values(self):
        return [getattr(self, name) for name in FIELDS]


class Table:
    def __init__(self, event):
        self.frame, self.level, self.va = event["frame"], event["level"], event["va"]
        self.refs, self.runs = event["refs"], []


class Tree:
    """One snapshot: tables by frame, the root first."""

    def __init__(self, snapshot):
        self.mm, self.why, self.begin = snapshot.mm, snapshot.why, snapshot.begin
        self.task, self.truncated = snapshot.task, not snapshot.whole
        self.tables = {}
        for event in snapshot.tables:
            self.tables.setdefault(event["frame"], Table(event))
        for event in snapshot.runs:
            if event["in"] in self.tables:
                self.tables[event["in"]].runs.append(Run(event.fields))
        first = next(iter(self.tables.values()), None)
        self.root = first.frame if first and first.level == ROOT else None  # else its line was lost

    def pages(self):
        """(va, frame, kind, refs) of each page that has a frame."""
        for table in self.tables.values():
            for run in table.runs:
                if run.kind in ("anon", "file"):
                    for i, frame in enumerate(run.frames()):
                        yield table.va + (run.first + i) * PAGE, frame, run.kind, run.refs

    def mapped(self):
        """Bytes that are mapped, touched or not."""
        return sum(run.n * span(table.level) for table in self.tables.values() for run in table.runs
                   if run.kind != "table")

    def shape(self):
        """All that the entries say; equal if nothing has changed."""
        return {(table.frame, *run.values()) for table in self.tables.values() for run in table.runs}

    def frames(self):
        """Frames that this tree alone or with others leads to: tables, and pages by kind."""
        pages = {}
        for _, frame, kind, _ in self.pages():
            pages[frame] = kind
        return set(self.tables), pages


class Trees:
    def __init__(self):
        self.now, self.known, self.wrong = {}, {}, []
        self.zero = None  # frame of the page of zeros, once a write has copied it

    def pointers(self):
        """How many entries of known tables, and roots, point to each frame. A table that several
        trees have counts once; none of them may change it meanwhile (I2 of docs/memory.md)."""
        count, seen = Counter(tree.root for tree in self.now.values()), set()
        for tree in self.now.values():
            for table in tree.tables.values():
                if table.frame not in seen:
                    seen.add(table.frame)
                    for run in table.runs:
                        count.update(run.frames())
        return count

    def take(self, snapshot):
        """The tree of an address space is this from now on. Returns the Tree."""
        tree = Tree(snapshot)
        before = self.pointers()
        for frame in [f for f in self.known if not before[f]]:
            del self.known[frame]
        fresh = tree.mm not in self.now
        self.now[tree.mm] = tree
        after = self.pointers()
        for frame, table in tree.tables.items():
            # A tree that was not known before, or a child whose tree comes next: no telling.
            if frame in self.known and not fresh and tree.why != "fork-parent" and \
                    self.refs(frame, after) != table.refs:
                self.wrong.append((tree.begin.line, frame, self.refs(frame, after), table.refs))
        for table in tree.tables.values():
            self.known[table.frame] = (table.refs, after[table.frame])
            for run in table.runs:
                self.known.update((frame, (run.refs, after[frame])) for frame in run.frames())
        return tree

    def drop(self, mm):
        self.now.pop(mm, None)

    def refs(self, frame, pointers=None):
        if frame not in self.known:
            return 0
        refs, then = self.known[frame]
        return refs + ((pointers or self.pointers())[frame] - then)

    def all_refs(self):
        pointers = self.pointers()
        return {frame: self.refs(frame, pointers) for frame in self.known if pointers[frame]}

    def memory(self):
        """{mm: frames by what holds them}: own and shared pages, tables, pages of files."""
        parts = {mm: tree.frames() for mm, tree in self.now.items()}
        holders = Counter()
        for tables, pages in parts.values():
            holders.update(tables)
            holders.update(pages.keys() - tables)
        known = self.all_refs()
        result = {}
        for mm, (tables, pages) in parts.items():
            least = self.least_holders(self.now[mm], known)
            count = Counter()
            for frame in tables:
                shared = max(holders[frame], least.get(frame, 1)) > 1
                count["tables_shared" if shared else "tables"] += 1
            for frame, kind in pages.items():
                n = max(holders[frame], least.get(frame, 1))
                what = "file" if kind == "file" else "own" if n == 1 else "by2" if n == 2 else "by3"
                count[what] += 1
            result[mm] = dict(count)
        return result

    @staticmethod
    def least_holders(tree, refs):
        """By the counts on the way: each further reference of a table above is one more holder.
        Trees that the trace has not seen count too."""
        least = {}

        def visit(table, above):
            least[table.frame] = above + refs.get(table.frame, table.refs)
            for run in table.runs:
                for frame in run.frames():
                    below = tree.tables.get(frame)
                    if run.kind == "table" and below:
                        visit(below, least[table.frame] - 1)
                    elif run.kind != "table":
                        least[frame] = least[table.frame] - 1 + refs.get(frame, run.refs)
        if tree.root is not None:
            visit(tree.tables[tree.root], 0)
        return least
