"""Between gdb and the QEMU that replays: limits, the recording's two ends, and jumps.

gdb asks one thing at a time ("$text#checksum", answered by "+" and one such packet, but for resumed
execution, whose answer comes when it stops). All passes through here unchanged, except:

- What QEMU does not answer in time is ended: QEMU by SIGKILL, gdb is told that the program is gone,
  the person what to do. QEMU can hang for good in reverse execution.
- A forward run stops before the recording's last instruction, where QEMU would end; a backward run
  before its first. gdb then says "No more reverse-execution history".
- `monitor goto N` brings the machine to instruction N, by QEMU's replay-seek.
- Each connection of gdb gets a new QEMU: after the first case gdb connects again (tine goto).

Sources: "Remote Protocol" in gdb's manual (packets, stop replies, bc and bs); QEMU's qapi/replay.json.
"""
import os
import select
import socket
import sys
import time

import recording
import session
from session import Qmp, Stuck

RESUMING = (b"vCont;", b"c", b"s", b"C", b"S", b"bc", b"bs")
BACKWARD = (b"bc", b"bs")
NAMES = {b"bs": "A step backward", b"bc": "Reverse-continue"}
SIGKILL = 9
INTERRUPT = b"\x03"


def pack(text):
    return b"$%s#%02x" % (text, sum(text) & 255)


def split(buffer):
    """(whole packets and single bytes, the rest). A packet comes as its text, a byte as an int."""
    parts, at = [], 0
    while at < len(buffer):
        if buffer[at] != ord("$"):
            parts.append(buffer[at])
            at += 1
            continue
        end = buffer.find(b"#", at)
        if end < 0 or end + 3 > len(buffer):
            break
        parts.append(buffer[at + 1:end])
        at = end + 3
    return parts, buffer[at:]


class Machine:
    """One QEMU at the start of the recording, stopped."""

    def __init__(self, folder, info, tmp):
        pairs = [socket.socketpair() for _ in range(2)]
        self.gdb, monitor = (ours for ours, _ in pairs)
        gdb, qmp = (theirs for _, theirs in pairs)
        command = session.machine(f"{folder}/tine.elf", f"{folder}/root.cpio", info["append"],
                                  info["mem"], "1", info["cpu"])
        command += recording.icount(folder, "replay", f"{tmp}/start.qcow2")
        command += ["-action", "shutdown=pause", "-S",
                    "-chardev", f"file,id=com1,path={tmp}/console.log", "-serial", "chardev:com1",
                    "-chardev", f"socket,id=gdb,fd={gdb.fileno()}", "-gdb", "chardev:gdb",
                    "-chardev", f"socket,id=qmp,fd={qmp.fileno()}",
                    "-mon", "chardev=qmp,mode=control"]
        self.log = f"{tmp}/qemu.log"
        self.qemu = session.start_qemu(command, self.log, (gdb.fileno(), qmp.fileno()))
        gdb.close()
        qmp.close()
        self.limit_s = recording.limit_s(info)
        self.qmp = Qmp(monitor, min(session.ANSWER_S, self.limit_s))
        self.buffer = b""  # from its gdb stub
        self.armed = False  # QEMU will stop at the end
        self.at = 0  # instructions executed, when it last stopped
        self.last = info["instructions"] - 1

    def run_out(self):
        """Runs to the end. Returns the number of instructions there."""
        self.qmp.hello()
        self.qmp.command("cont")
        self.qmp.wait(lambda: "SHUTDOWN" in self.qmp.events, self.limit_s)
        return self.qmp.instructions()

    def reaches(self, count):
        """Whether the machine stands safely at an instruction: QEMU does not end there."""
        self.qmp.hello()
        self.goto(count)
        for _ in range(2):
            self.qmp.command("query-status")  # what its main loop has to do, it has done then
        return "SHUTDOWN" not in self.qmp.events

    def end(self):
        session.end([self.qemu])
        self.gdb.close()
        self.qmp.sock.close()

    def arm(self):
        """Has the next forward run stop at the end. QEMU has one such mark: seeking moves it."""
        if not self.armed:
            self.qmp.command("replay-break", icount=self.last)
            self.armed = True

    def goto(self, count):
        """Moves to an instruction; the stop that QEMU tells gdb of is not gdb's business."""
        self.at = self.qmp.instructions()
        if count != self.at:
            self.armed = False
            self.qmp.events.clear()
            self.qmp.command("replay-seek", self.limit_s, icount=count)
            self.qmp.wait(lambda: "STOP" in self.qmp.events, self.limit_s)
            if self.drain():
                self.gdb.sendall(b"+")
        self.at = self.qmp.instructions()

    def drain(self):
        """What the stub has sent until now, to nobody."""
        try:
            return self.gdb.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""


class Proxy:
    def __init__(self, listener, start):
        self.listener, self.start = listener, start
        self.gdb = self.machine = None
        self.disconnected()

    def disconnected(self):
        """No gdb, and so no machine."""
        if self.machine:
            self.machine.end()
        if self.gdb:
            self.gdb.close()
        self.gdb = self.machine = None
        self.buffer = b""  # from gdb
        self.asked = None  # the packet that QEMU has to answer
        self.deadline = None  # for that

    def run(self, gdb_lives):
        """Passes packets on until gdb ends."""
        while gdb_lives():
            sockets = [self.gdb or self.listener] + ([self.machine.gdb] if self.machine else [])
            wait_s = 0.5 if self.deadline is None else self.deadline - time.monotonic()
            ready, _, _ = select.select(sockets, [], [], min(0.5, max(0, wait_s)))
            try:
                if self.listener in ready:
                    self.gdb, _ = self.listener.accept()
                    self.machine = self.start()
                    self.machine.qmp.hello()
                elif self.machine and self.machine.gdb in ready:
                    self.from_qemu()
                elif self.gdb in ready:
                    self.from_gdb()
                elif self.deadline is not None and time.monotonic() > self.deadline:
                    raise Stuck(f"{self.what()} in {self.limit():g} s")
            except (Stuck, RuntimeError) as error:  # RuntimeError: QEMU refuses
                self.give_up(error)
            except (BrokenPipeError, ConnectionError):
                self.disconnected()  # gdb has gone

    def what(self):
        """What has not been done in time."""
        if not self.resuming():
            return "QEMU has not answered"
        return NAMES.get(self.asked, "Running on") + " has not ended"

    def resuming(self):
        return self.asked is not None and self.asked.startswith(RESUMING)

    def limit(self):
        """Seconds for QEMU to answer what it was asked."""
        return self.machine.limit_s if self.resuming() else self.machine.qmp.limit_s

    # ---- From gdb --------------------------------------------------------------------------------

    def from_gdb(self):
        data = self.gdb.recv(65536)
        if not data:
            self.disconnected()
            return
        parts, self.buffer = split(self.buffer + data)
        for part in parts:
            if not isinstance(part, int):
                self.packet(part)
            elif self.machine:
                self.byte(bytes([part]))

    def byte(self, byte):
        self.machine.gdb.sendall(byte)
        if byte == INTERRUPT:
            self.deadline = time.monotonic() + self.machine.qmp.limit_s

    def packet(self, text):
        self.asked = text
        if not self.machine:
            return self.answer_for_dead()
        self.deadline = time.monotonic() + self.limit()
        if text.startswith(b"qRcmd,") and self.monitor(bytes.fromhex(text[6:].decode())):
            return
        if text in BACKWARD:
            if self.machine.at == 0:
                return self.answer(b"T05replaylog:begin;")
            self.machine.armed = False
        elif self.resuming():
            if self.machine.at >= self.machine.last:
                return self.answer(b"T05replaylog:end;")
            self.machine.arm()
        elif text == b"k":
            self.deadline = None  # kill has no answer
        self.machine.gdb.sendall(pack(text))

    def monitor(self, line):
        """`monitor goto N`. Whether the command is ours; all others are QEMU's."""
        word, _, number = line.decode("utf-8", "replace").partition(" ")
        if word != "goto":
            return False
        count, last = int(number) if number.isdigit() else -1, self.machine.last
        if not 0 <= count <= last:
            said = f"The recording has instructions 0 to {last}.\n"
        else:
            self.machine.goto(count)
            said = ""
        self.answer((said.encode().hex().encode() if said else b"OK"))
        return True

    def answer(self, text):
        """In QEMU's place. (A second "+" does no harm.)"""
        self.asked = self.deadline = None
        self.gdb.sendall(b"+" + pack(text))

    # ---- From QEMU -------------------------------------------------------------------------------

    def from_qemu(self):
        try:
            data = self.machine.gdb.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise Stuck("QEMU has ended: " + session.read_log(self.machine.log).strip())
        parts, self.machine.buffer = split(self.machine.buffer + data)
        for part in parts:
            if isinstance(part, int):
                self.gdb.sendall(bytes([part]))
                continue
            if self.resuming() and part[:1] in b"TS":
                part = self.stopped(part)
            self.asked = self.deadline = None
            self.gdb.sendall(pack(part))

    def stopped(self, text):
        """The stop reply that gdb is to see. Says why the machine stopped, at the ends."""
        machine = self.machine
        machine.at = machine.qmp.instructions()
        if self.asked in BACKWARD:
            return text + b"replaylog:begin;" if machine.at == 0 else text
        if machine.at < machine.last:
            return text
        machine.armed = False
        return text + b"replaylog:end;"

    def give_up(self, error):
        """QEMU is no more; gdb and the person hear of it."""
        at = self.machine.at
        print(f"\ntools/gdb/replay: {error}: QEMU was killed. You stood at instruction {at}: "
              f"tine goto {at} starts it again and goes there.", file=sys.stderr, flush=True)
        self.machine.end()
        self.machine = None
        if self.asked is not None:
            self.answer_for_dead()

    def answer_for_dead(self):
        """For a QEMU that has been ended. (gdb 13 aborts when it is cut off while it reads.)"""
        return self.answer(b"X%02x" % SIGKILL if self.resuming() else b"E01")
