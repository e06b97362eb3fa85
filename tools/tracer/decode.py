"""A system call's arguments and result in words, as strace writes them.

    name_of(call)       "openat"
    arguments(call)     (["AT_FDCWD", '"/tmp"', "O_RDONLY|O_DIRECTORY"], how many the entry shows)
    result(call)        "-1 ENOENT (No such file or directory)"

Which arguments a call has stands in calls.py, names of constants in constants.py; strace 6.1 was
the model, with which tests/tracetool.t compares. Structs stay pointers, for a trace has only
their addresses; of strings the kernel keeps 32 bytes, as strace does.
"""
import struct

import calls
import constants

ROWS = calls.read_calls()
GROUPS = constants.read_groups()
ERRNOS = constants.read_errnos()
MAX_ERRNO, FIRST_RESTART = 4095, 512
AT_FDCWD = -100
EXECVE = 59
NO_VALUE = ("F_GETFD", "F_GETFL", "F_GETOWN", "F_GETSIG", "F_GETLEASE", "F_GETPIPE_SZ",
            "F_GET_SEALS", "TIOCEXCL", "TIOCNXCL", "TIOCNOTTY", "TIOCCONS", "TIOCVHANGUP",
            "FIOCLEX", "FIONCLEX", "PR_GET_DUMPABLE", "PR_GET_KEEPCAPS", "PR_GET_SECCOMP",
            "PR_GET_SECUREBITS", "PR_GET_TIMERSLACK")


# ---- Values --------------------------------------------------------------------------------------

def signed(value, bits=32):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def hexadecimal(value):
    return hex(value) if value else "0"


def pointer(value):
    return hex(value) if value else "NULL"


def mode(value):
    return f"0{value & 0xFFFFFFFF:o}".zfill(3)  # printf's %#03o


def quote(text, cut=False, as_hex=False):
    """As strace writes a string: octal where it is not ASCII."""
    plain = {9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    out = []
    for i, byte in enumerate(text):
        digit_next = text[i + 1:i + 2].isdigit()
        if as_hex:
            out.append(f"\\x{byte:02x}")
        elif byte in plain:
            out.append(plain[byte])
        elif 32 <= byte < 127:
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:03o}" if digit_next else f"\\{byte:o}")
    return '"' + "".join(out) + '"' + ("..." if cut else "")


def one_of(name, value):
    unknown, values = GROUPS["one"][name]
    return values.get(value) or values.get(signed(value)) \
        or f"{hexadecimal(value & 0xFFFFFFFF)} /* {unknown} */"


def flags(name, value, some=""):
    """Names of bits, behind `some` that is there already."""
    unknown, values = GROUPS["flags"][name]
    words = [some] if some else []
    if not value and not some:
        return values.get(0, "0")
    for bits, word in values.items():
        if bits and value & bits == bits:
            words.append(word)
            value &= ~bits
    if value:
        words.append(hex(value) if words else f"{hex(value)} /* {unknown} */")
    return "|".join(words)


def group(name, value):
    """A value of a group of constants.py."""
    if name in GROUPS["one"]:
        return one_of(name, value)
    value &= (1 << 64) - 1 if name in ("clone", "mount", "prot") else (1 << 32) - 1
    if name not in GROUPS["choice"]:
        return flags(name, value)
    mask, values = GROUPS["choice"][name]
    chosen, rest = value & mask, value & ~mask
    word = values.get(chosen, "")
    if chosen and not word:
        word = f"{hex(chosen)} /* {GROUPS['flags'][name][0]} */"
    return flags(name, rest, word) if rest else word or "0"


def signal(value):
    value = signed(value)
    known = GROUPS["one"]["signal"][1]
    if value in known or not 32 <= value <= 64:
        return known.get(value, str(value))
    return "SIGRTMIN" if value == 32 else f"SIGRT_{value - 32}"


def wait_status(status):
    if status & 0x7F == 0:
        return f"[{{WIFEXITED(s) && WEXITSTATUS(s) == {status >> 8}}}]"
    if status & 0xFF == 0x7F:
        return f"[{{WIFSTOPPED(s) && WSTOPSIG(s) == {signal(status >> 8)}}}]"
    if status == 0xFFFF:
        return "[{WIFCONTINUED(s)}]"
    core = " && WCOREDUMP(s)" if status & 0x80 else ""
    return f"[{{WIFSIGNALED(s) && WTERMSIG(s) == {signal(status & 0x7F)}{core}}}]"


# ---- Arguments -----------------------------------------------------------------------------------

def failed(call):
    result = call.result()
    return result is None or -MAX_ERRNO <= result < 0


def path(value, call, n):
    texts = call.texts.get(n)
    return quote(*texts[0]) if texts else pointer(value)


def data(value, call, n):
    """What a call brought out: its text came after the result."""
    if failed(call):
        return pointer(value)
    texts = call.texts.get(n) or ([(b"", False)] if call.result() == 0 else [])
    if texts and name_of(call) == "getcwd":
        texts = [(texts[0][0].rstrip(b"\0"), texts[0][1])]
    return quote(*texts[0], as_hex=name_of(call) == "getrandom") if texts else pointer(value)


def argv(value, call, n):
    texts = call.texts.get(n)
    return "[" + ", ".join(quote(*text) for text in texts) + "]" if texts else pointer(value)


def vector(value, call, n):
    """Buffers. The length of one that the kernel has cut is what the others leave of the result."""
    texts = call.texts.get(n)
    if not texts:
        return pointer(value)
    rest = (call.result() or 0) - sum(len(text) for text, cut in texts if not cut)
    known = sum(cut for _, cut in texts) < 2
    parts = []
    for text, cut in texts:
        length = (rest if known else "?") if cut else len(text)
        parts.append(f"{{iov_base={quote(text, cut)}, iov_len={length}}}")
    return "[" + ", ".join(parts) + "]"


def out_vector(value, call, n):
    texts = call.texts.get(n)
    if failed(call) or not texts:
        return pointer(value)
    return "[" + ", ".join(f"{{iov_base={quote(*text)}}}" for text in texts) + "]"


def signal_set(value, call, n):
    """The names; of a set with most of them those that are missing."""
    texts = call.texts.get(n)
    if not texts or len(texts[0][0]) != 8:
        return pointer(value)
    bits = int.from_bytes(texts[0][0], "little")
    inverted = bin(bits).count("1") >= 64 * 2 // 3
    names = [signal(i + 1)[3:] for i in range(64) if bool(bits >> i & 1) != inverted]
    return "~" * inverted + "[" + " ".join(names) + "]"


def out_signal_set(value, call, n):
    return pointer(value) if failed(call) else signal_set(value, call, n)


def descriptors(value, call, n):
    texts = call.texts.get(n)
    if failed(call) or not texts or len(texts[0][0]) != 8:
        return pointer(value)
    return str(list(struct.unpack("ii", texts[0][0])))


def status(value, call, _):
    if value and call.waited and call.result():
        return wait_status(call.waited.get("status", 0))
    return pointer(value)


def file_mode(value):
    kind = GROUPS["one"]["filetype"][1].get(value & 0o170000)
    return f"{kind}|{mode(value & 0o7777)}" if kind else mode(value)


def device(value):
    major = value >> 8 & 0xFFF | value >> 32 & ~0xFFF
    minor = value & 0xFF | value >> 12 & ~0xFF
    return f"makedev({hexadecimal(major)}, {hexadecimal(minor)})"


def protocol(value, call, _):
    internet = call.args[0] in (2, 10)  # AF_INET, AF_INET6
    return "IPPROTO_IP" if internet and not value else str(value)


WORDS = {  # by their value alone
    "fd": lambda value: str(signed(value)), "id": lambda value: str(signed(value)),
    "dirfd": lambda value: "AT_FDCWD" if signed(value) == AT_FDCWD else str(signed(value)),
    "int": lambda value: str(signed(value)), "uint": str, "hex": hexadecimal, "offset": hexadecimal,
    "off": lambda value: str(signed(value, 64)), "mode": mode, "filemode": file_mode, "dev": device,
    "in": pointer, "out": pointer, "inout": pointer, "envp": pointer, "signal": signal,
}
TEXTS = {  # by what else the trace says of the call
    "path": path, "buf": path, "data": data, "argv": argv, "vector": vector, "set": signal_set,
    "outvector": out_vector, "outset": out_signal_set, "fds": descriptors, "status": status,
    "protocol": protocol,
}
LATE = ("out", "data", "status", "outvector", "outset", "fds")  # known only when the call returns


# Calls whose arguments depend on each other: each function gives all words.

def clone(call):
    bits, stack, parent, child, tls = call.args[:5]
    words = flags("clone", bits & ~0xFF).split("|") if bits & ~0xFF else []
    ends = [signal(bits & 0xFF)] if bits & 0xFF else []
    out = [f"child_stack={pointer(stack)}", "flags=" + ("|".join(words + ends) or "0")]
    if {"CLONE_PARENT_SETTID", "CLONE_PIDFD"} & {*words}:
        out.append(f"parent_tid={pointer(parent)}")
    if "CLONE_SETTLS" in words:
        out.append(f"tls={pointer(tls)}")
    if {"CLONE_CHILD_SETTID", "CLONE_CHILD_CLEARTID"} & {*words}:
        out.append(f"child_tidptr={pointer(child)}")
    return out


FCNTL = {"F_DUPFD": "int", "F_DUPFD_CLOEXEC": "int", "F_SETOWN": "int", "F_SETPIPE_SZ": "int",
         "F_SETSIG": "signal", "F_SETFD": "fdflags", "F_SETFL": "oflags", "F_ADD_SEALS": "seals"}


def fcntl(call):
    fd, command, value = call.args[:3]
    word = one_of("fcntl", command)
    kind = FCNTL.get(word, "hex")
    last = WORDS[kind](value) if kind in WORDS else group(kind, value)
    return [str(signed(fd)), word, *([] if word in NO_VALUE else [last])]


def ioctl(call):
    fd, command, value = call.args[:3]
    word = GROUPS["one"]["ioctl"][1].get(command & 0xFFFFFFFF, hex(command & 0xFFFFFFFF))
    last = str(value) if word in ("TIOCSCTTY", "TCSBRK", "TCSBRKP") else hexadecimal(value)
    return [str(signed(fd)), word, *([] if word in NO_VALUE else [last])]


def futex_word(command):
    base = GROUPS["one"]["futex"][1].get(command & 0x7F)
    if not base:
        return "", f"{hexadecimal(command)} /* FUTEX_??? */"
    return base, (base + "_PRIVATE" * bool(command & 0x80)
                  + "|FUTEX_CLOCK_REALTIME" * bool(command & 0x100))


def futex(call):
    address, command, value, time, second, last = call.args[:6]
    base, word = futex_word(command)
    out = [pointer(address), word]
    if base in ("FUTEX_UNLOCK_PI", "FUTEX_TRYLOCK_PI"):
        return out
    if base == "FUTEX_LOCK_PI":
        return [*out, pointer(time)]
    out.append(str(value & 0xFFFFFFFF))
    if base in ("FUTEX_WAIT", "FUTEX_WAIT_BITSET"):
        out.append(pointer(time))
    if base in ("FUTEX_REQUEUE", "FUTEX_CMP_REQUEUE", "FUTEX_WAKE_OP"):
        out += [str(time), pointer(second)]
    if base == "FUTEX_CMP_REQUEUE":
        out.append(str(last & 0xFFFFFFFF))
    if base in ("FUTEX_WAIT_BITSET", "FUTEX_WAKE_BITSET"):
        last &= 0xFFFFFFFF
        out.append("FUTEX_BITSET_MATCH_ANY" if last == 0xFFFFFFFF else hexadecimal(last))
    return out


PRCTL = {"PR_SET_PDEATHSIG": "signal", "PR_SET_KEEPCAPS": "uint", "PR_SET_TIMERSLACK": "uint",
         "PR_SET_CHILD_SUBREAPER": "uint", "PR_SET_DUMPABLE": "uint", "PR_GET_PDEATHSIG": "out",
         "PR_GET_CHILD_SUBREAPER": "out", "PR_GET_TID_ADDRESS": "out", "PR_SET_NAME": "in",
         "PR_GET_NAME": "out"}


def prctl(call):
    option, *rest = call.args[:5]
    word = one_of("prctl", option)
    if word in NO_VALUE:
        return [word]
    if word in PRCTL:
        return [word, WORDS[PRCTL[word]](rest[0])]
    return [word, *map(hexadecimal, rest)]


WHOLE = {"clone": clone, "fcntl": fcntl, "ioctl": ioctl, "futex": futex, "prctl": prctl}


def name_of(call):
    return ROWS[call.nr].name if call.nr in ROWS else f"syscall_{hex(call.nr)}"


def wanted(kind, before):
    """Whether an argument in brackets is there."""
    if kind == "mode":
        return any(word in before for word in ("O_CREAT", "O_TMPFILE", "__O_TMPFILE"))
    if kind == "dev":
        return "S_IFCHR" in before or "S_IFBLK" in before
    return "MREMAP_FIXED" in before


def arguments(call):
    """(the arguments as words, how many of them are known at the entry)."""
    row = ROWS.get(call.nr)
    if not row:
        return [hexadecimal(value) for value in call.args], len(call.args)
    if row.name in WHOLE:
        words = WHOLE[row.name](call)
        return words, len(words)
    words, early = [], None
    for n, (kind, value) in enumerate(zip(row.kinds, call.args)):
        if kind == "-":
            continue
        if kind[0] == "[":
            kind = kind[1:-1]
            if not wanted(kind, words[-1].split("|")):
                continue
        if kind in LATE and early is None:
            early = n
        if kind in TEXTS:
            words.append(TEXTS[kind](value, call, n))
        else:
            words.append(WORDS[kind](value) if kind in WORDS else group(kind, value))
    return words, len(words) if early is None else early


def result(call):
    """What stands behind the =."""
    value = call.result()
    if value is None:
        return "?"
    row = ROWS.get(call.nr)
    if -MAX_ERRNO <= value < 0:
        name, text = ERRNOS.get(-value, (f"E{-value}", "no name"))
        return f"{'?' if -value >= FIRST_RESTART else '-1'} {name} ({text})"
    if row and row.result == "hex":
        return hex(value & ((1 << 64) - 1))
    if row and row.result == "octal":
        return mode(value)
    if row and row.name == "fcntl" and value >= 0:
        word = one_of("fcntl", call.args[1])
        kind = {"F_GETFL": "oflags", "F_GETFD": "fdflags"}.get(word)
        if kind and (value or kind == "oflags"):
            return f"{hexadecimal(value)} (flags {group(kind, value)})"
    if row and row.name in ("poll", "select", "ppoll", "pselect6") and value == 0:
        return "0 (Timeout)"
    return str(value)
