"""The initramfs of one run in a guest: the root archive, files of the host, and /.guest.

/.guest/argv is what user/init runs there, /.guest/config how its terminal is set, /.guest/stdin
what it reads, where that is a file. Used by tools/guest; newc.py writes the archive.
"""
import fcntl
import os
import struct
import tempfile
import termios

import newc  # beside this file


class GuestError(Exception):
    """The guest cannot be started: one line that says how to mend it."""


def add_files(archive, files):
    """Adds each -f. Returns {name: path in the guest} of files added without a place."""
    unplaced = {}
    for spec in files:
        host, colon, guest = spec.rpartition(":")
        if not colon or (not os.path.exists(host) and os.path.exists(spec)):
            host, guest = spec, ""
        if not os.path.exists(host):
            raise GuestError(f"-f {spec}: no such file {host}")
        name = os.path.basename(os.path.abspath(host))
        if not guest:
            unplaced[name] = "/" + name
        if guest == "" or (guest.endswith("/") and guest != "/"):
            guest = guest + "/" + name
        archive.tree(host, guest)
    return unplaced


def read_archives(root, files):
    """The root archive and those among the -f, as one; and the other -f."""
    archives = [name for name in files if name.endswith(".cpio")]
    data = b""
    for name in [root, *archives]:
        try:
            with open(name, "rb") as f:
                data += f.read()
        except OSError as error:
            raise GuestError(f"-f {name}: {error.strerror}") from None
        data += b"\0" * (-len(data) % newc.ALIGN)
    return data, [name for name in files if name not in archives]


def make_initrd(root, args, kind):
    """An open temporary file without a name: the root archives, then ours."""
    base, files = read_archives(root, args.files)
    archive = newc.Archive(newc.names(base))
    unplaced = add_files(archive, files)
    command = list(args.command)
    if not {"bin/" + command[0], "usr/bin/" + command[0]} & archive.names:
        command[0] = unplaced.get(command[0], command[0])

    rows, cols = 24, 80
    if kind == "tty":
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
        rows, cols = struct.unpack("HHHH", size)[:2]
    term = os.environ.get("TERM", "linux") if kind == "tty" else "dumb"
    config = f"stdin {kind}\nterm {term}\nsize {rows} {cols}\ncwd /tmp\n"
    archive.dir(".guest", 0o700)
    archive.file(".guest/argv", b"".join(os.fsencode(a) + b"\0" for a in command))
    archive.file(".guest/config", config.encode())
    if kind == "file":
        with os.fdopen(os.dup(0), "rb") as f:
            archive.file(".guest/stdin", f.read())
    initrd = tempfile.TemporaryFile()
    initrd.write(base)
    initrd.write(archive.bytes())
    initrd.flush()
    return initrd
