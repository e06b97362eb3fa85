"""Writes and lists cpio archives in the newc format (cpio(5)), the format of an initramfs.

Used by tools/mkroot, which makes the root archive, tools/guest, which appends a second archive to
it, and tools/profile, which looks for symbols in it. Writing the headers here needs no root rights, not even for device nodes. Every owner is root.
"""
import os
import stat

ALIGN = 512  # of a whole archive, so that another can follow it


def _pad(n, align=4):
    return b"\0" * (-n % align)


class Archive:
    """An archive that grows in memory. Names are paths in the guest, with or without a leading /."""

    def __init__(self, known=()):
        self.parts = []
        self.names = set(known)

    def _entry(self, name, mode, data=b"", rdev=(0, 0), mtime=0, nlink=1):
        raw = os.fsencode(name) + b"\0"
        fields = (len(self.parts) + 1, mode, 0, 0, nlink, int(mtime), len(data),
                  0, 0, rdev[0], rdev[1], len(raw), 0)
        head = b"070701" + b"".join(b"%08x" % f for f in fields)
        self.parts += [head, raw, _pad(len(head) + len(raw)), data, _pad(len(data))]

    def _add(self, name, mode, **more):
        name = name.strip("/")
        parent = os.path.dirname(name)
        if parent and parent not in self.names:
            self.dir(parent)
        self.names.add(name)
        self._entry(name, mode, **more)

    def dir(self, name, perm=0o755, mtime=0):
        self._add(name, stat.S_IFDIR | perm, mtime=mtime, nlink=2)

    def file(self, name, data, perm=0o644, mtime=0):
        self._add(name, stat.S_IFREG | perm, data=data, mtime=mtime)

    def symlink(self, name, target, mtime=0):
        self._add(name, stat.S_IFLNK | 0o777, data=os.fsencode(target), mtime=mtime)

    def node(self, name, major, minor, perm):
        self._add(name, stat.S_IFCHR | perm, rdev=(major, minor))

    def no_file(self, name, data):
        """An entry of no type, for a kernel that knows its name: others pass over it."""
        self._entry(name, 0, data)

    def tree(self, host, guest, follow=True):
        """Adds a host file, or a folder and all in it. Links inside a folder stay links."""
        st = os.stat(host) if follow else os.lstat(host)
        perm = stat.S_IMODE(st.st_mode)
        if stat.S_ISDIR(st.st_mode):
            if guest.strip("/") and guest.strip("/") not in self.names:
                self.dir(guest, perm, st.st_mtime)
            for name in sorted(os.listdir(host)):
                self.tree(os.path.join(host, name), guest.rstrip("/") + "/" + name, False)
        elif stat.S_ISLNK(st.st_mode):
            self.symlink(guest, os.readlink(host), st.st_mtime)
        elif stat.S_ISREG(st.st_mode):
            with open(host, "rb") as f:
                self.file(guest, f.read(), perm, st.st_mtime)

    def bytes(self):
        self._entry("TRAILER!!!", 0)
        data = b"".join(self.parts)
        return data + _pad(len(data), ALIGN)


def entries(data):
    """(name, mode, content) of all that one archive or several in a row hold."""
    at = 0
    while data[at:at + 6] == b"070701":
        mode, size, namesize = (int(data[at + o:at + o + 8], 16) for o in (14, 54, 94))
        name = os.fsdecode(data[at + 110:at + 110 + namesize - 1])
        at += 110 + namesize
        at += -at % 4
        content = data[at:at + size]
        at += size
        at += -at % 4
        if name == "TRAILER!!!":
            at += -at % ALIGN
        else:
            yield name, mode, content


def names(data):
    """The names in an archive as Archive(known=…) wants them."""
    return {name for name, _, _ in entries(data)}
