#!/usr/bin/env python3
"""Runs scripts of real size (tests/scripts/*.sh) by shells that no one here wrote.

    tests/scripts.t [NAME...]

BusyBox's ash, bash-static, and Debian's dash and bash, dynamically linked, from an archive of
tools/debroot; all else in PATH is BusyBox. One boot for all scripts and shells. Each must print on
Tine what the same shell prints on this Linux, and end alike.
"""
import concurrent.futures
import difflib
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

SCRIPTS = os.path.join(HERE, "scripts")
BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
ARCHIVE = os.path.join(BUILD, "shells.cpio")
PACKAGES = ["bash-static", "bash", "dash"]
SHELLS = ["busybox", "bash-static", "dash", "bash"]
LIMIT_S = 240
# Run by BusyBox's shell with: folder of the scripts, of the shells, shells, "--", scripts. Within a
# script, `sh` is the shell that runs it.
DRIVER = """
from=$1 shells=$2 names=; shift 2
while [ "$1" != -- ]; do names="$names $1"; shift; done; shift
mkdir bin; PATH=$PWD/bin:$PATH
for shell in $names; do
	ln -sf "$shells/$shell" bin/sh
	for script; do
		mkdir in; cd in; cp "$from/$script" .
		echo "@@ $shell $script"
		../bin/sh "$script" </dev/null 2>&1
		echo "@@ status $?"
		cd ..; rm -rf in
	done
done
rm -r bin
"""


def sections(output):
    """{(shell, script): (output, status)} of the driver's output."""
    text = output.decode("utf-8", "backslashreplace")
    found = re.findall(r"^@@ (\S+) (\S+\.sh)\n(.*?)@@ status (\d+)$", text, re.S | re.M)
    return {(shell, name): (said, int(status)) for shell, name, said, status in found}


def make_archive():
    """None, or why there are only BusyBox's shells."""
    debroot = os.path.join(ROOT, "tools", "debroot")
    if os.path.exists(ARCHIVE) and os.path.getmtime(ARCHIVE) > os.path.getmtime(debroot):
        return None
    done = subprocess.run([debroot, "-o", ARCHIVE, *PACKAGES],
                          capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else None


def make_bin(folder):
    """A /bin like the guest's, and the shells."""
    busybox = os.path.abspath(shutil.which("busybox"))
    with open(os.path.join(BUILD, "root.cpio"), "rb") as f:
        names = [n[4:] for n in newc.names(f.read()) if n.startswith("bin/")]
    for name in names:
        os.symlink(busybox, os.path.join(folder, name))
    if os.path.exists(ARCHIVE):
        with open(ARCHIVE, "rb") as archive:
            subprocess.run([busybox, "cpio", "-id", "usr/bin/bash-static"], stdin=archive,
                           cwd=folder, stderr=subprocess.DEVNULL, check=True)
        os.rename(os.path.join(folder, "usr/bin/bash-static"), os.path.join(folder, "bash-static"))
        for shell in ("bash", "dash"):
            os.symlink("/bin/" + shell, os.path.join(folder, shell))


def run_on_linux(shells, names):
    with tempfile.TemporaryDirectory() as folder:
        make_bin(folder)
        os.environ["TINE_NATIVE_PATH"] = folder
        return runs.run_native(os.path.join(folder, "busybox"), ["sh", "-c", DRIVER, "sh", SCRIPTS,
                               folder, *shells, "--", *names], LIMIT_S)


def main():
    tap = Tap()
    if not runs.CAN_RUN_NATIVELY:
        tap.skip("scripts of real size", "no Linux here to compare with")
        tap.done()
    names = sorted(os.path.basename(p) for p in glob.glob(os.path.join(SCRIPTS, "*.sh")))
    names = [n for n in names if not sys.argv[1:] or n in sys.argv[1:] or n[:-3] in sys.argv[1:]]
    lack = make_archive()
    shells = SHELLS[:1] if lack else SHELLS
    if lack:
        tap.skip("Debian's shells", lack)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        linux = pool.submit(run_on_linux, shells, names)
        files = [SCRIPTS + ":/scripts"] + ([] if lack else [ARCHIVE])
        guest = runs.run_guest("busybox", ["sh", "-c", DRIVER, "sh", "/scripts", "/bin", *shells,
                               "--", *names], ["-m", "256"], files=files, limit_s=LIMIT_S)
    theirs, ours = sections(linux.result().output), sections(guest.output)
    for shell in shells:
        for name in names:
            got, status = ours.get((shell, name), ("", "none: it did not run to its end"))
            wanted, wanted_status = theirs.get((shell, name), ("", "none"))
            diff = difflib.unified_diff(wanted.splitlines(), got.splitlines(), "Linux", "Tine",
                                        lineterm="", n=2)
            tap.ok((got, status) == (wanted, wanted_status), f"{shell} {name}",
                   f"exit status: Linux {wanted_status}, Tine {status}", "\n".join(diff))
    tap.ok(guest.status == 0, "the guest ends well", f"status {guest.status}", guest.notes)
    tap.done()


main()
