"""Pretty printers: how print, info args, info locals and backtraces show the kernel's values.

Entries of page tables and sets of flags in words; addresses in hexadecimal; locks by who holds
them; pointers with what they point to, which is all that a backtrace shows of them; structs without
the members that are 0, which are listed at their end. `print/r` shows a value as it is, `info
pretty-printer` lists these, `disable pretty-printer global tine` switches them off.

Values may be garbage, and memory not there yet: a printer then says <unreadable>, or is not used.
"""
import textwrap

import gdb
import gdb.printing

import kernel
from commands import LINE
from kernel import number
from words import (LOCKS, TEXTS, UNREADABLE, entry_at, entry_text, enum_name, flag_words,
                   signal_words, unreadable)

ELEMENTS = 32  # of a list, that are shown

# Members whose numbers are flags or of an enum: the enum, or what to do with them.
FLAGS = {("file", "flags"): "open_flags", ("clone_args", "flags"): "clone_flags",
         ("super", "flags"): "mount_flags", ("sigaction", "flags"): "sigaction_flags",
         ("inode", "mode"): "mode", ("region", "prot"): "prot"}
ENUMS = {("page", "kind"): "page_kind", ("mm", "locks"): "mm_locks"}
HEX = {("task", "cpus_allowed"), ("mm", "loaded"), ("page", "groups"), ("cpu", "irq_flags")}
# Heads of lists, and which member links their elements.
HEADS = {("process", "tasks"): ("task", "group_link"),
         ("process", "children"): ("process", "sibling_link"),
         ("process", "forks"): ("fork_signals", "link"),
         ("pid", "group_members"): ("process", "pgrp_link"),
         ("pid", "session_members"): ("process", "session_link"),
         ("waitq", "waiters"): ("waiter", "link"),
         ("signal_queue", "infos"): ("queued_signal", "link"),
         ("dentry", "children"): ("dentry", "child_link"),
         ("futex_bucket", "sleepers"): ("futex_sleeper", "link")}
GLOBAL_HEADS = {"all_processes": ("process", "all_link"), "all_mms": ("mm", "all_link"),
                "all_inodes": ("inode", "all_link"), "blocks": ("block", "link")}


# ---- Lists -------------------------------------------------------------------------------------

def elements(head, names):
    """Pointers to the structs on a list; broken ones end where they break."""
    return list(kernel.each(head, f"struct {names[0]}", names[1]))


@unreadable
def list_text(head, names):
    """A list in one line: how many, and the first of them."""
    found = elements(head, names)
    if not found:
        return f"empty list of {names[0]}"
    text = TEXTS.get(names[0], lambda e: f"{number(e.address):#x}")
    words = ", ".join(text(e.dereference()) for e in found[:ELEMENTS])
    return f"list of {len(found)} {names[0]}: {words}" + (", ..." if len(found) > ELEMENTS else "")


@unreadable
def link_text(link, is_link=False):
    """A list whose elements are not known, or a link in one."""
    following = number(link["next"])
    if is_link and link.address is not None and following:
        return "on no list" if following == number(link.address) else "on a list"
    if following == 0:
        return "not set up"
    if link.address is not None and following == number(link.address):
        return "empty, or on no list"
    return f"next {following:#x}, prev {number(link['prev']):#x}"


def head_of_list(value):
    """Element's struct and link of a list that is a variable; None if it is not known."""
    if value.address is None:
        return None
    symbol = gdb.execute(f"info symbol {number(value.address):#x}", False, True).split(" ")[0]
    return GLOBAL_HEADS.get(symbol)


# ---- The printers ------------------------------------------------------------------------------

class Text:
    """A printer of one text."""

    def __init__(self, text):
        self.text = text

    def to_string(self):
        return self.text


class Pointer:
    """The address and what is there; in the arguments of a frame, only what is there."""

    def __init__(self, value, name):
        self.value, self.name = value, name

    def to_string(self):
        address = f"{number(self.value):#x}"
        if number(self.value) == 0 or self.in_frame() and self.name == "pte_t":
            return address
        text = self.text()
        if text == UNREADABLE:
            return f"{address} {text}"
        return text.split(",")[0] if self.in_frame() else f"{address} ({text})"

    @staticmethod
    def in_frame():
        return hasattr(gdb, "print_options") and gdb.print_options().get("summary")

    @unreadable
    def text(self):
        if self.name == "pte_t":
            return entry_at(self.value)
        return TEXTS[self.name](self.value.dereference())


def is_zero(value):
    """All bytes of a member are 0."""
    kind = value.type.strip_typedefs()
    if kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return all(is_zero(value[field]) for field in kind.fields())
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return kind.range()[1] < 512 and all(is_zero(value[i]) for i in range(kind.range()[1] + 1))
    return number(value) == 0


class Struct:
    """A struct, member by member, in words; members that are 0 are named at the end."""

    def __init__(self, value, name):
        self.value, self.name = value, name

    @unreadable
    def to_string(self):
        self.value.fetch_lazy()
        return f"({TEXTS[self.name](self.value)})" if self.name in TEXTS else None

    def children(self):
        zeros = []
        for name, value in self.members():
            try:
                shown = self.shown(name, value)
                if shown is None:
                    zeros.append(name)
                else:
                    yield name, shown
            except (gdb.error, gdb.MemoryError):
                yield name, UNREADABLE
        if zeros:
            text = " ".join(zeros)
            yield "(are 0)", text if len(text) < 80 else "\n" + textwrap.indent(
                textwrap.fill(text, LINE - 4), "    ")

    def members(self):
        for field in self.value.type.strip_typedefs().fields():
            if field.name:
                yield field.name, self.value[field]

    def shown(self, name, value):
        """A string or gdb.Value for a member; None: it is 0."""
        key, kind = (self.name, name), value.type.strip_typedefs().unqualified()
        if key in HEADS:
            return list_text(value, HEADS[key])
        if kind.name == "list":
            return link_text(value, name.endswith("link"))
        if kind.name == "signal_queue":
            return signal_words(number(value["set"]))
        if kind.name in LOCKS:
            return unreadable(TEXTS[kind.name])(value)
        if key in FLAGS:
            return flag_words(FLAGS[key], number(value))
        if key in ENUMS:
            return enum_name(ENUMS[key], number(value))
        if kind.code == gdb.TYPE_CODE_ENUM:
            return value
        if is_zero(value):
            return None
        if key in HEX:
            return f"{number(value):#x}"
        return short(value, name)


def parts_of(value):
    """(name, member) of a struct, or of an array."""
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return ((f"[{i}]", value[i]) for i in range(kind.range()[1] + 1))
    return ((field.name, value[field]) for field in kind.fields() if field.name)


def short(value, name):
    """A struct or an array within a struct: without what is 0, and on one line if that fits."""
    kind = value.type.strip_typedefs()
    text = kind.code == gdb.TYPE_CODE_ARRAY and kind.target().sizeof == 1
    if kind.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_ARRAY) or text:
        return scalar(value, name)
    parts = []
    for part, member in parts_of(value):
        if not is_zero(member):
            shown = short(member, part)
            shown = shown if isinstance(shown, str) else shown.format_string()
            parts.append(f"{part} = {shown}")
    line = "{" + ", ".join(parts) + "}"
    if len(line) + len(name) < LINE - 10 and "\n" not in line:
        return line
    if kind.code == gdb.TYPE_CODE_STRUCT:
        return value
    return "\n" + textwrap.indent(textwrap.fill(", ".join(parts), LINE - 4), "    ")


def scalar(value, name):
    """A number that looks like an address in hexadecimal; others as gdb shows them."""
    kind = value.type.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_INT:
        return value
    if kind.sizeof == 1:
        return str(int(value))
    plain = str(value.type.unqualified()) == "u64" and not name.endswith(("_ns", "_bytes"))
    return f"{number(value):#x}" if plain and number(value) >= 1 << 22 else value


class Page(Struct):
    """A struct page: what its kind has, for the unions mean different things."""

    MEMBERS = {"table": ("level", "used", "resident", "mapped", "groups"),
               "file": ("used", "index", "owner"), "anon": ("index", "owner"),
               "mapping": ("owner", "delta"), "kernel": ("used",),
               "heap": ("used", "heap_free", "index", "next", "prev"),
               "free": ("next",), "boot": ()}

    def members(self):
        kind = kernel.constants("enum page_kind").get(int(self.value["kind"]), "PAGE_")[5:].lower()
        for name in ("refs", "kind", *self.MEMBERS.get(kind, ("index", "owner", "prev"))):
            if name != "mapped" or int(self.value["level"]) > 1:
                yield name, self.value[name]


class Path(Struct):
    """A walk: the tables that it has come through."""

    def members(self):
        for name in ("va", "level", "own"):
            yield name, self.value[name]
        for level in range(kernel.LEVEL_ROOT, max(int(self.value["level"]), 1) - 1, -1):
            yield f"table[{level}]", self.value["table"][level]
        yield "leaf", self.value["leaf"]


class Process(Struct):
    """With its limits in words."""

    def shown(self, name, value):
        return limit_words(value) if name == "rlimit" else super().shown(name, value)


def limit_words(limits):
    """Those that are not infinite: soft, or soft/hard."""
    words = []
    for value, name in sorted(kernel.constants("enum rlimit_resource").items()):
        if name != "RLIMIT_COUNT" and number(limits[value]["soft"]) != kernel.WORD:
            soft, hard = number(limits[value]["soft"]), number(limits[value]["hard"])
            more = "" if soft == hard else "/inf" if hard == kernel.WORD else f"/{hard}"
            words.append(f"{name[len('RLIMIT_'):]} {soft}{more}")
    return "\n" + textwrap.indent(textwrap.fill(", ".join(words), LINE - 4), "    ")


class Sighand(Struct):
    """The handlers that are set; the others are default, and their memory is of no meaning."""

    def members(self):
        for name in ("refs", "lock", "set"):
            yield name, self.value[name]
        names = kernel.constants("enum signal_number")
        for sig in range(1, 65):
            if number(self.value["set"]) >> sig - 1 & 1:
                yield f"action[{names.get(sig, sig)}]", self.value["action"][sig]


class Regs(Struct):
    """All in hexadecimal, zeros too."""

    def shown(self, name, value):
        return f"{number(value):#x}"


class List:
    """A variable that is a list whose elements are known: all of them."""

    def __init__(self, value, names):
        self.value, self.names = value, names

    @unreadable
    def to_string(self):
        return f"list of {len(elements(self.value, self.names))} {self.names[0]}"

    def children(self):
        try:
            found = elements(self.value, self.names)
            for i, element in enumerate(found[:ELEMENTS]):
                yield f"[{i}]", element
            if len(found) > ELEMENTS:
                yield "...", f"and {len(found) - ELEMENTS} more"
        except (gdb.error, gdb.GdbError, gdb.MemoryError):
            yield "then", UNREADABLE


def list_printer(value, _):
    names = head_of_list(value)
    return List(value, names) if names else Text(link_text(value))


def hexadecimal(value, _):
    return Text(f"{number(value):#x}")


SCALARS = {"pte_t": lambda value, _: Text(entry_text(number(value))),
           "sigset_t": lambda value, _: Text(signal_words(number(value))),
           "u8": lambda value, _: Text(str(int(value))),
           "va_t": hexadecimal, "pa_t": hexadecimal, "pfn_t": hexadecimal}
STRUCTS = {"list": list_printer, "page": Page, "path": Path, "regs": Regs, "process": Process,
           "sighand": Sighand,
           **{name: lambda value, which: Text(unreadable(TEXTS[which])(value)) for name in LOCKS}}
PLAIN = ("task", "pid", "mm", "inode", "file", "dentry", "clone_args", "super", "region",
         "sigaction", "cpu", "futex_sleeper", "waiter", "signal_queue", "thread", "usage",
         "vfork_wait", "futex_bucket", "mm_layout", "creds", "fs", "files", "pipe", "heap_class")
WORDS = ("open_flags", "map_flags", "clone_flags", "mount_flags", "sigaction_flags", "fault_bits",
         "map_prot")


class Sub:
    """One printer, for info pretty-printer and disable pretty-printer."""

    def __init__(self, name, make):
        self.name, self.make, self.enabled = name, make, True


class Printers(gdb.printing.PrettyPrinter):
    """Finds the printer of a value by the name of its type, if the type is the kernel's."""

    def __init__(self):
        self.by_name = {name: Sub(name, make) for name, make in SCALARS.items()}
        self.by_name.update({f"enum {name}": Sub(f"enum {name}", lambda value, which: Text(
            flag_words(which[5:], number(value)))) for name in WORDS})
        self.by_name.update({f"struct {name}": Sub(f"struct {name}", Struct) for name in PLAIN})
        self.by_name.update({f"struct {name}": Sub(f"struct {name}", make)
                             for name, make in STRUCTS.items()})
        self.by_name.update({f"{name} *": Sub(f"{name} *", Pointer) for name in
                             ("pte_t", *(f"struct {name}" for name in TEXTS))})
        super().__init__("tine", sorted(self.by_name.values(), key=lambda sub: sub.name))

    def __call__(self, value):
        kind, suffix = value.type.unqualified(), ""
        if kind.code == gdb.TYPE_CODE_PTR:
            kind, suffix = kind.target().unqualified(), " *"
        sub = self.by_name.get(str(kind) + suffix)
        if sub is None or not sub.enabled or value.is_optimized_out or \
                kind.objfile != kernel.objfile():
            return None
        return sub.make(value, str(kind).rpartition(" ")[2] if not str(kind).startswith("enum")
                        else str(kind))


def register():
    gdb.printing.register_pretty_printer(None, Printers(), replace=True)
    gdb.execute("set print null-stop on")  # strings of fixed length end at their NUL
    gdb.execute("set print entry-values if-needed")  # x=5, not x=x@entry=5
