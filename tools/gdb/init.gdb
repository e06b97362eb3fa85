# gdb settings and commands for Tine: `make gdb` reads this after the kernel's symbols.
# `help tine` lists its commands. tine.py makes user programs visible.
#
# gdb sees the machine, not one process. QEMU's breakpoints are addresses that it compares: they
# need no write, so they can be set before paging or a program is there, and they hold in every
# address space. $_runs("NAME") in a condition says whose: tine.py adds it in user programs. And
# `next` over fork stops in whoever comes back first, parent or child: it is the same address.
# A step of user code that faults ends in the kernel's handler; tine leave goes back from there.
# gdb knows one program at a time, that of the CPU which is selected: `info threads` names places in
# other CPUs' programs by its symbols; tine runq and tine bt take the right ones.
# Rarely `continue` stops where it stands: QEMU's step over the breakpoint took an interrupt's poll
# for the instruction. Say it again.

set disassemble-next-line off
set print pretty on
set print array-indexes on
set breakpoint auto-hw on
set breakpoint pending on
# In libc, which has no source lines, step and next go on to the caller.
set step-mode off
set stop-on-solib-events 0
set backtrace limit 64
# A busy host lets QEMU wait; gdb 13 asks again after 2 s, gets two answers, and aborts.
set remotetimeout 60

source tools/gdb/tine.py
# At each stop, before gdb prints where.
define hook-stop
  python follow()
end
define hook-thread
  python before_switch()
end
define hookpost-thread
  python after_switch()
end

define tine-ready
  echo Stopped at the kernel's first instruction. Set a break, at kmain or one of docs/tour.md,\n
  echo and continue. bt leads into the user program; break main is in PROG (sh without PROG).\n
end
document tine-ready
Says where the machine stands. `make gdb` calls it at the start.
end
