"""tine fds: the open files of a process; and paths, as /proc shows them.

As `ls -l /proc/PID/fd`, and more: offset and flags of the description, and who has the other end of
a pipe or socket. That takes a look at all processes' tables (struct files in fs/files.c): a pipe's
ends are the descriptions of one inode, a socket knows its peer.
"""
import collections

import gdb

import kernel
from commands import Command, columns, described, pids, task_of

OPEN = collections.namedtuple("OPEN", "task fd file cloexec")
TYPES = {0o140000: "socket", 0o010000: "pipe"}
FORMAT, ACCESS = 0o170000, 3


def dentry_path(dentry, root=None):
    """From a root, or from the top: fs/dentry.c, dentry_path. A mounted root has the name of what
    it covers; what has no place, as a memfd, only its name."""
    names, top = [], False
    deleted = " (deleted)" if dentry["dead"] else ""
    for _ in range(kernel.MANY):
        if not kernel.number(dentry) or root is not None and dentry == root:
            top = True
            break
        tree = dentry["inode"]["super"].dereference()
        if not (kernel.number(tree.address) and tree["root"] == dentry):
            names.append(kernel.text(dentry["name"]))
            if not kernel.number(dentry["parent"]):
                break
        dentry = dentry["parent"]
    return ("/" if top else "") + "/".join(reversed(names)) + deleted


def inode_path(inode, root=None):
    """A path of the inode, or "" if it has no name."""
    return dentry_path(inode["name"], root) if kernel.number(inode["name"]) else ""


def root_of(task):
    """The directory that is / for the task, as a dentry; None once it has let go of it."""
    return task["fs"]["root"] if kernel.number(task["fs"]) else None


def file_path(file, root=None):
    """What the link in /proc/PID/fd says: a path, or pipe:[7], socket:[7], anon_inode:[eventfd]."""
    if kernel.number(file["dentry"]):
        return dentry_path(file["dentry"], root)
    inode = file["inode"]
    word = TYPES.get(int(inode["mode"]) & FORMAT)
    if word:
        return f"{word}:[{int(inode['number'])}]"
    return f"anon_inode:[{kernel.text(inode['super']['type'])}]"


def opened(task):
    """OPEN of each descriptor; only reserved ones are left out."""
    if not kernel.number(task["files"]):
        return
    fd = task["files"].cast(kernel.kind("struct files").pointer())["fd"]
    for word in range(int(fd["size"]) // 64):
        left, cloexec = int(fd["open"][word]), int(fd["cloexec"][word])
        for bit in range(64):
            file = fd["file"][64 * word + bit] if left >> bit & 1 else None
            if file is not None and kernel.number(file):
                yield OPEN(task, 64 * word + bit, file, cloexec >> bit & 1)


def all_opened():
    """Of all processes; of threads that share a table the first one's."""
    seen = set()
    for task in kernel.tasks():
        if kernel.number(task["files"]) not in seen:
            seen.add(kernel.number(task["files"]))
            yield from opened(task)


def access(file):
    """(may read, may write)"""
    mode = int(file["flags"]) & ACCESS
    return mode in (0, 2), mode in (1, 2)


def flags_text(file, cloexec):
    """O_APPEND as append, and so on; cloexec is the descriptor's."""
    flags, words = int(file["flags"]) & ~ACCESS, ["cloexec"] if cloexec else []
    names = kernel.constants("enum open_flags")
    for value in sorted(names, reverse=True):  # O_SYNC before O_DSYNC, which it contains
        if value > ACCESS and flags & value == value and names[value] != "O_LARGEFILE":
            words.append(names[value][2:].lower())
            flags &= ~value
    return ",".join(words) or "-"


def holders(ends):
    return ", ".join(f"{described(o.task)} fd {o.fd}" for o in ends)


def pipe_text(file, everybody):
    """How full it is, and who has the ends that this description is not."""
    pipe = file["private"].cast(kernel.kind("struct pipe").pointer())
    parts = [f"{(int(pipe['tail']) - int(pipe['head'])) % (1 << 64)} bytes in it"]
    ends = [o for o in everybody if o.file["inode"] == file["inode"] and o.file != file]
    for which, wanted, count in ((1, "writers", "writers"), (0, "readers", "readers")):
        if access(file)[which]:
            continue
        having = [o for o in ends if access(o.file)[which]]
        parts.append(f"{wanted}: " + (holders(having) if having else
                                      "none" if not int(pipe[count]) else "in flight"))
    return "; ".join(parts)


def address_text(address):
    """As /proc/net/unix has it: a path, or @NAME; what no terminal shows, as in C."""
    name = bytes(int(address["path"][i]) & 255 for i in range(min(int(address["len"]), 108)))
    name = b"@" + name[1:] if name[:1] == b"\0" else name.rstrip(b"\0")
    return "".join(chr(c) if 32 < c < 127 else f"\\{c:03o}" for c in name)


def peer_text(peer, everybody):
    """Who has the other end of a socket."""
    having = [o for o in everybody if o.file == peer["file"]]
    if having or kernel.number(peer["file"]):
        return holders(having) or "in flight"
    closed = int(peer["state"]) == kernel.constant("SOCKET_CLOSED")
    return "closed" if closed else "not accepted yet"


def socket_text(file, everybody):
    socket = file["private"].cast(kernel.kind("struct socket").pointer())
    if not kernel.number(socket):
        return ""
    state = kernel.constants("enum socket_state").get(int(socket["state"]), "?")[7:].lower()
    parts = [{"free": "not connected"}.get(state, state)]
    if kernel.number(socket["address"]):
        parts.append("name " + address_text(socket["address"]))
    if int(socket["nqueued"]):
        parts.append(f"{int(socket['nqueued'])} messages wait")
    if kernel.number(socket["peer"]):
        parts.append("peer: " + peer_text(socket["peer"], everybody))
    return "; ".join(parts)


def other_end(file, everybody):
    ops = file["ops"]
    if ops == kernel.variable("socket_ops").address:
        return socket_text(file, everybody)
    if int(file["inode"]["mode"]) & FORMAT == 0o010000 and kernel.number(file["private"]):
        return pipe_text(file, everybody)
    return ""


class Fds(Command):
    """Open files of a process, as ls -l /proc/PID/fd.
MODE is how the link's permissions show it: r read, w write. POS is the offset, which all that share
the description (by dup or fork) have in common. Below pipes and sockets stands who has the other
end. Without PID it is the selected CPU's task."""
    name, usage, completes = "fds", "[PID]", (pids,)

    def run(self, pid=None):
        task = task_of(pid)
        if not kernel.number(task["files"]):
            raise gdb.GdbError(f"{described(task)} has no open files: " + (
                "it has exited" if kernel.task_state(task) == "Z" else
                "a kernel task" if not kernel.task_tid(task) else "it is about to exit"))
        mine, everybody = list(opened(task)), list(all_opened())
        rows, notes = [("MODE", "FD", "POS", "FLAGS", "FILE")], {}
        for entry in mine:
            reads, writes = access(entry.file)
            rows.append((f"l{'r' if reads else '-'}{'w' if writes else '-'}x------", entry.fd,
                         int(entry.file["offset"]), flags_text(entry.file, entry.cloexec),
                         "-> " + file_path(entry.file, root_of(task))))
            notes[len(rows) - 1] = other_end(entry.file, everybody)
        columns(rows, right=(1, 2), notes=notes)
