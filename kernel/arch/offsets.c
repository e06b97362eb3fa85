/* Checks arch/offsets.h against the structs. No code. */
#include "arch/offsets.h"

#include "arch/cpu.h"
#include "arch/regs.h"
#include "proc/task.h"

#define SAME(constant, type, member) \
	_Static_assert((constant) == offsetof(type, member), "correct " #constant " in offsets.h")

SAME(0, struct cpu, self);
SAME(CPU_TASK, struct cpu, task);
SAME(CPU_KSTACK_TOP, struct cpu, kstack_top);
SAME(CPU_USER_RSP, struct cpu, user_rsp);
SAME(CPU_NEED_RESCHED, struct cpu, need_resched);

SAME(0, struct task, thread);
SAME(THREAD_RSP, struct thread, rsp);
SAME(TASK_SIGNAL_WANTED, struct task, signal_wanted);

SAME(0, struct regs, r15);
SAME(REGS_RBP, struct regs, rbp);
SAME(REGS_R11, struct regs, r11);
SAME(REGS_R10, struct regs, r10);
SAME(REGS_R9, struct regs, r9);
SAME(REGS_R8, struct regs, r8);
SAME(REGS_RAX, struct regs, rax);
SAME(REGS_RCX, struct regs, rcx);
SAME(REGS_RDX, struct regs, rdx);
SAME(REGS_RSI, struct regs, rsi);
SAME(REGS_RDI, struct regs, rdi);
SAME(REGS_ORIG_RAX, struct regs, orig_rax);
SAME(REGS_RIP, struct regs, rip);
SAME(REGS_CS, struct regs, cs);
SAME(REGS_RFLAGS, struct regs, rflags);
SAME(REGS_RSP, struct regs, rsp);
SAME(REGS_SS, struct regs, ss);
