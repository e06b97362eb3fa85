# gdb settings and commands for Tine: `make gdb` reads this after the kernel's symbols.
# Commands begin with tine-; `help user-defined` lists them.

set disassemble-next-line off
set print pretty on
set print array-indexes on
# A breakpoint in the upper half is set before paging maps it: QEMU's own breakpoints need no write.
set breakpoint auto-hw on
set breakpoint pending on
# kernel and user programs run on one CPU: the kernel's code is never "in" a library.
set step-mode off
set stop-on-solib-events 0

define tine-ready
  echo Stopped at the kernel's first instruction. break kmain, or a function of docs/tour.md; then continue.\n
end
document tine-ready
Says where the machine stands. `make gdb` calls it at the start.
end

define tine-user
  add-symbol-file build/debug/user/$arg0
end
document tine-user
tine-user NAME: adds the symbols of the user program NAME, so that breakpoints (break main) and
backtraces from a system call name its functions.
end
