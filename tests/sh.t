#!/usr/bin/env python3
"""Checks the shell by the scripts tests/sh/*.sh, on this Linux and in Tine.

    tests/sh.t [NAME...]

On Linux tests/sh/compare sets user/sh against another shell. In Tine all scripts run in one boot,
and each must print what the same shell prints on Linux with the same BusyBox, and end alike.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "tools")]
import newc  # noqa: E402
import runs  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

SCRIPTS = os.path.join(HERE, "sh")
BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
LIMIT_S = 240
# Run by BusyBox's shell with: our shell's path (`sh` would be BusyBox's own), folder of the scripts,
# their names. A script has a folder of its own.
DRIVER = """
shell=$1 from=$2; shift 2
for name; do
	mkdir in; cd in; cp "$from/$name" .
	echo "@@ $name"
	"$shell" "$name" </dev/null 2>&1
	echo "@@ status $?"
	cd ..; rm -rf in
done
"""


def sections(output):
    """{script: (output, status)} of the driver's output."""
    text = output.decode("utf-8", "backslashreplace")
    found = re.findall(r"^@@ (\S+\.sh)\n(.*?)@@ status (\d+)$", text, re.S | re.M)
    return {name: (said, int(status)) for name, said, status in found}


def make_bin(folder):
    """A /bin like the guest's: our programs, and BusyBox for the rest."""
    with open(os.path.join(BUILD, "root.cpio"), "rb") as f:
        names = [n[4:] for n in newc.names(f.read()) if n.startswith("bin/")]
    for name in names:
        own = os.path.join(BUILD, "user", name)
        target = own if os.path.exists(own) else shutil.which("busybox")
        os.symlink(os.path.abspath(target), os.path.join(folder, name))


def run_on_linux(names):
    with tempfile.TemporaryDirectory() as folder:
        make_bin(folder)
        os.environ["TINE_NATIVE_PATH"] = folder
        return runs.run_native(os.path.join(folder, "busybox"),
                               ["sh", "-c", DRIVER, "sh", os.path.join(folder, "sh"), SCRIPTS,
                                *names], LIMIT_S)


def compare_shells(tap):
    """Passes on the points of tests/sh/compare: user/sh against BusyBox's ash."""
    done = subprocess.run([os.path.join(SCRIPTS, "compare"), os.path.join(BUILD, "user", "sh")],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT_S,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode("utf-8", "replace")
    parts = re.split(r"^(not ok|ok) \d+ - (.*)$", text, flags=re.M)
    for verdict, name, rest in zip(parts[1::3], parts[2::3], parts[3::3]):
        tap.ok(verdict == "ok", f"sh {name} on Linux", rest.strip())
    tap.ok(len(parts) > 3 and "Bail out" not in text, "tests/sh/compare runs to its end", text[-500:])


def main():
    tap = Tap()
    names = sorted(os.path.basename(p) for p in glob.glob(os.path.join(SCRIPTS, "*.sh")))
    names = [n for n in names if not sys.argv[1:] or n in sys.argv[1:] or n[:-3] in sys.argv[1:]]
    if names and runs.CAN_RUN_NATIVELY:
        if not sys.argv[1:]:
            compare_shells(tap)
        linux = run_on_linux(names)
        guest = runs.run_guest("busybox", ["sh", "-c", DRIVER, "sh", "/bin/sh", "/sh", *names],
                               files=[SCRIPTS + ":/sh"], limit_s=LIMIT_S)
        theirs, ours = sections(linux.output), sections(guest.output)
        for name in names:
            tap.equal(ours.get(name), theirs.get(name), f"sh {name} in Tine")
        tap.ok(guest.status == 0, "the guest ends well", f"status {guest.status}", guest.notes)
    tap.done()


main()
