#!/usr/bin/env python3
"""Debian's own programs in Tine, dynamically linked: scripts of tests/debian, and Python's tests.

    tests/debian.t [NAME...]         runs tests/debian/NAME.{sh,py}; cpython: Python's own tests
    tests/debian.t --record [NAME]   writes tests/debian/NAME.out, on the Linux of TINE_BZIMAGE

tools/debroot makes the archives (build/debian-*.cpio) with the apt of this machine; where there is
none, all is skipped. The first line of a script says what it is about. Each is run in a folder of
its own, which is removed before memory is counted.
"""
import concurrent.futures
import difflib
import glob
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import runs  # noqa: E402
from tap import ROOT, Tap  # noqa: E402

SCRIPTS = os.path.join(ROOT, "tests", "debian")
BUILD = os.environ.get("TINE_BUILD") or os.path.join(ROOT, "build")
TOOLS = ["dash", "bash", "coreutils", "grep", "sed", "gawk", "ed", "make", "tcc", "libc6-dev"]
PYTHON = ["--pyc", "python3", "^libpython3[.][0-9]+-testsuite$"]
INTERPRETER = {".sh": "bash", ".py": "python3"}
LIMIT_S = 150
# Runs a command in a folder of its own, and leaves nothing: a Python that is told to ignore the
# environment writes what it compiles.
DRIVER = """export PYTHONDONTWRITEBYTECODE=1 PATH=/usr/bin:/usr/sbin LC_ALL=C
mkdir /tmp/work; cd /tmp/work; "$@" 2>&1; status=$?; cd /
rm -rf /tmp/* /dev/shm/* /usr/lib/python3*/__pycache__/sitecustomize*; exit $status"""
# Python's own modules for what Tine is about, those that do not take minutes.
CPYTHON = ("test_fork1 test_wait3 test_wait4 test_thread test_threadsignals test_memoryview "
           "test_mmap test_posix test_fcntl test_select test_tempfile test_shutil").split()


def archive(name, packages):
    path = os.path.join(BUILD, f"debian-{name}.cpio")
    done = subprocess.run([os.path.join(ROOT, "tools", "debroot"), "-o", path, *packages],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return path if done.returncode == 0 else None, done.stderr


def run(command, archives, linux=None):
    options = ["-m", "1024", "-c", "2"]
    for path in archives:
        options += ["-f", path]
    return runs.run_guest("dash", ["-c", DRIVER, "driver", *command], options, linux=linux,
                          files=[SCRIPTS + ":/scripts"], limit_s=LIMIT_S)


def script_name(path):
    return os.path.splitext(os.path.basename(path))[0]


def expected(path):
    return os.path.splitext(path)[0] + ".out"


def run_script(path, archives, linux=None):
    program = "dash" if script_name(path) == "dash" else INTERPRETER[os.path.splitext(path)[1]]
    result = run([program, "/scripts/" + os.path.basename(path)], archives, linux)
    text = result.output.decode("utf-8", "replace").replace("\r\n", "\n")
    return f"{text}exit status {result.status}\n", result.notes


def check_script(tap, path, archives):
    text, notes = run_script(path, archives)
    with open(expected(path), encoding="utf-8") as f:
        wanted = f.read()
    diff = difflib.unified_diff(wanted.splitlines(), text.splitlines(), "Linux", "Tine", "", "", 1,
                                "")
    tap.ok(text == wanted, f"debian {script_name(path)}", *diff, notes)


def check_cpython(tap, archives):
    result = run(["python3", "-m", "test", "-j4", *CPYTHON], archives)
    text = result.output.decode("utf-8", "replace")
    tap.ok(result.status == 0, "debian cpython",
           f"status {result.status}", text[-3000:], result.notes)


def main():
    names = sys.argv[1:]
    record = "--record" in names
    if record:
        names.remove("--record")
    scripts = [p for p in sorted(glob.glob(os.path.join(SCRIPTS, "*.sh")) +
                                 glob.glob(os.path.join(SCRIPTS, "*.py")))
               if not names or script_name(p) in names]
    tap = Tap()
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        tap.skip("programs from Debian", "no apt-get or dpkg-deb here")
        return tap.done()
    tools, said = archive("tools", TOOLS)
    if tap.ok(tools, "debroot makes an archive of programs", said):
        python, said = archive("python", PYTHON)
        tap.ok(python, "debroot makes an archive of Python", said)
        archives = [tools, python] if python else [tools]
        if record:
            for path in scripts:
                with open(expected(path), "w", encoding="utf-8") as f:
                    f.write(run_script(path, archives, os.environ["TINE_BZIMAGE"])[0])
            return tap.done()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(check_script, tap, path, archives) for path in scripts]
            if not names or "cpython" in names:
                jobs.append(pool.submit(check_cpython, tap, archives))
        for job in jobs:
            job.result()
    return tap.done()


main()
