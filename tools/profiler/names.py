"""Names for addresses: symbols of ELF files and of Linux's kallsyms.

Every program of the guest starts at the same address, and a plugin of QEMU cannot see which of them
a CPU runs. But it sees the code: a page of it is compared with the pages of all ELF files that were
put into the guest. That names the file and, for code that may lie anywhere (PIE, libraries), says
where it was loaded.
"""
import bisect
import collections
import os
import re
import stat
import struct

PAGE = 4096
PT_LOAD, PF_X = 1, 1
SHT_SYMTAB, SHT_DYNSYM, SHF_EXECINSTR = 2, 11, 4
STT_NOTYPE, STT_FUNC, STT_IFUNC = 0, 2, 10
# What gcc makes of one function: rare paths set apart, clones.
PART = re.compile(r"\.(cold|part|constprop|isra|lto_priv)\b.*")

# where: "kernel" or the file's name; entry: whether the address is the function's first.
Place = collections.namedtuple("Place", "name where entry")


class Symbols:
    """Functions by address."""

    def __init__(self, found, where):
        """found: (address, name, size or 0, rank) in any order; the highest rank names an address."""
        best, self.by_name = {}, {}
        for address, name, size, rank in found:
            self.by_name.setdefault(name, address)
            if address not in best or best[address][2] < rank:
                best[address] = (name, size, rank)
        self.where = where
        self.addresses = sorted(best)
        self.best = best

    def place(self, address):
        at = bisect.bisect(self.addresses, address) - 1
        if at < 0:
            return Place("(no symbol)", self.where, False)
        start = self.addresses[at]
        name, size, _ = self.best[start]
        if size and address >= start + size + 64:  # a stripped library: a hole between functions
            return Place("(no symbol)", self.where, False)
        part = PART.search(name)
        own = not part or part.group(1) not in ("cold", "part")
        return Place(PART.sub("", name), self.where, own and address == start)

    def address(self, name):
        """Where a function begins, or None."""
        return self.by_name.get(name)


class Elf:
    """An ELF64 file for x86-64: elf(5)."""

    def __init__(self, data, where):
        self.data, self.where = data, where
        phoff, shoff = struct.unpack_from("<QQ", data, 32)
        phsize, phnum, shsize, shnum = struct.unpack_from("<HHHH", data, 54)
        self.segments = [struct.unpack_from("<IIQQQQQQ", data, phoff + i * phsize)
                         for i in range(phnum)]
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * shsize)
                         for i in range(shnum)]
        self.symbols = Symbols(self._functions(), where)

    def _functions(self):
        kinds = [s[1] for s in self.sections]
        wanted = SHT_SYMTAB if SHT_SYMTAB in kinds else SHT_DYNSYM
        for _, kind, _, _, offset, size, link, _, _, each in self.sections:
            if kind != wanted or not each:
                continue
            names = self.sections[link][4]
            for at in range(offset, offset + size, each):
                name, info, _, section, value, length = struct.unpack_from("<IBBHQQ", self.data, at)
                if info & 15 not in (STT_NOTYPE, STT_FUNC, STT_IFUNC) or not self._is_code(section):
                    continue
                text = self.data[names + name:self.data.index(b"\0", names + name)].decode()
                if text and not text.startswith((".", "$")):
                    yield value, text, length, (info & 15 != STT_NOTYPE) * 2 + (info >> 4 == 1)

    def _is_code(self, section):
        return 0 < section < len(self.sections) and self.sections[section][2] & SHF_EXECINSTR

    def code_pages(self):
        """(address, the page's bytes) of all code, as the page cache has it."""
        for kind, flags, offset, va, _, size, _, _ in self.segments:
            if kind != PT_LOAD or not flags & PF_X:
                continue
            for at in range(offset - offset % PAGE, offset + size, PAGE):
                yield va + at - offset, self.data[at:at + PAGE].ljust(PAGE, b"\0")

    def page_of(self, address):
        return next((page for va, page in self.code_pages() if va <= address < va + PAGE), None)


def is_elf(data):
    return data[:5] == b"\x7fELF\x02" and data[18:20] == b"\x3e\0"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def elf_files(path, name, entries):
    """The ELF files in a file (called `name` in the guest), a folder or an archive. entries: newc's."""
    if os.path.isdir(path):
        for folder, _, files in os.walk(path):
            for file in files:
                if os.path.isfile(os.path.join(folder, file)):
                    yield from elf_files(os.path.join(folder, file), "", entries)
    elif path.endswith(".cpio"):
        for inside, mode, content in entries(read(path)):
            if stat.S_ISREG(mode) and is_elf(content):
                yield Elf(content, os.path.basename(inside))
    else:
        data = read(path)
        if is_elf(data):
            yield Elf(data, name or os.path.basename(path))


def kallsyms(path):
    """Symbols of a Linux that was booted with nokaslr."""
    with open(path, encoding="ascii", errors="replace") as f:
        lines = [line.split()[:3] for line in f]
    # Calls have the same code for 32-bit programs, under another name.
    return Symbols([(int(a, 16), name, 0, (kind == "T") - name.startswith("__ia32"))
                    for a, kind, name in lines if kind in "tTwW" and int(a, 16)], "kernel")


class Names:
    """Of the kernel, and of the pages of user code that the plugin has seen."""

    def __init__(self, kernel, programs):
        self.kernel = kernel
        self.known = {}
        for elf in programs:
            for va, page in elf.code_pages():
                self.known.setdefault(page, (elf, va))

    def place(self, address, page):
        """page: the bytes of the page of user code, or None for the kernel's."""
        if page is None:
            return self.kernel.place(address)
        elf, va = self.known.get(page, (None, 0))
        if elf:
            return elf.symbols.place(va + address % PAGE)
        if self.kernel.addresses and self.kernel.addresses[0] <= address < 1 << 32:
            return self.kernel.place(address)  # Tine's first instructions run at low addresses
        return Place("(unknown code)", "user or firmware", False)
