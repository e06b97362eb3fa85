"""The programs that run on both kernels: tests/guest/*.c and the demos, user/*.c."""
import glob
import os

import runs
from tap import ROOT

EXPECTED = os.path.join(ROOT, "tests", "guest", "expected")
NOT_DEMOS = ("init", "sh")


class Program:
    def __init__(self, source):
        self.source = source
        self.name = os.path.basename(source)[:-2]
        self.is_demo = os.path.dirname(source).endswith("user")
        folder = "user" if self.is_demo else "tests/guest"
        self.title = ("demo " if self.is_demo else "guest ") + self.name
        build = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
        self.binary = os.path.join(build, folder, self.name)
        self.spec = runs.Spec(source)

    def is_built(self):
        return (os.path.exists(self.binary)
                and os.path.getmtime(self.binary) >= os.path.getmtime(self.source))

    def files(self):
        """What tools/guest adds to the root; demos are in it."""
        return [] if self.is_demo else [f"{self.binary}:/bin/{self.name}"]

    def recorded(self):
        path = os.path.join(EXPECTED, self.name)
        try:
            with open(path + ".out", "rb") as out, open(path + ".status", encoding="ascii") as st:
                return runs.Result(out.read(), int(st.read()), "Linux: from the record")
        except FileNotFoundError:
            return None

    def record(self, result):
        os.makedirs(EXPECTED, exist_ok=True)
        path = os.path.join(EXPECTED, self.name)
        with open(path + ".out", "wb") as out, open(path + ".status", "w", encoding="ascii") as st:
            out.write(result.output)
            st.write(f"{result.status}\n")


def all_programs():
    sources = sorted(glob.glob(os.path.join(ROOT, "tests", "guest", "*.c")))
    sources += sorted(glob.glob(os.path.join(ROOT, "user", "*.c")))
    return [p for p in map(Program, sources) if not (p.is_demo and p.name in NOT_DEMOS)]
