"""Test points in TAP (testanything.org), for the drivers tests/*.t."""
import os
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Tap:
    """Counts and prints points. done() prints the plan: without it the driver broke off."""

    def __init__(self):
        self.count = 0
        self.lock = threading.Lock()

    def ok(self, passed, name, *diagnosis):
        """One point. Lines of diagnosis are shown when it failed."""
        with self.lock:
            self.count += 1
            print(f"{'ok' if passed else 'not ok'} {self.count} - {name}", flush=True)
            if not passed:
                print(f"# failed: {name}", file=sys.stderr)
                for text in diagnosis:
                    for line in str(text).splitlines():
                        print("#   " + line, file=sys.stderr)
                sys.stderr.flush()
        return bool(passed)

    def equal(self, got, wanted, name, *diagnosis):
        return self.ok(got == wanted, name, f"got    {got!r}", f"wanted {wanted!r}", *diagnosis)

    def skip(self, name, why):
        with self.lock:
            self.count += 1
            print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.count}" if self.count else "1..0 # SKIP nothing to run", flush=True)
