/*
 * One CPU: its private data (found through the GS base while in the kernel),
 * interrupts on and off, and the features that the kernel makes use of.
 *
 * Sources: Intel SDM vol. 3A ch. 2 and 6, vol. 3B 17 (features by CPUID).
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include "arch/offsets.h"
#include "lib/types.h"

enum { MAX_CPUS = 32, ISA_LINES = 16 };

/* By which interrupts are counted: ISA lines, and those of the local APIC. */
enum irq_kind { IRQ_OF_TIMER = ISA_LINES, IRQ_OF_KICK, IRQ_OF_FLUSH, IRQ_OF_CALL, IRQ_KINDS };

struct mm;
struct regs;
struct task;

/*
 * Private to its CPU: read and written with interrupts off, or by code that
 * cannot be moved to another CPU. entry.S knows some of
 * the offsets (arch/offsets.h).
 */
struct cpu {
	struct cpu *self;	 /*  0 */
	struct task *task;	 /*  8: what runs here; `current` */
	va_t kstack_top;	 /* 16: where the next entry from user mode starts its stack */
	u64 user_rsp;		 /* 24: scratch of the system call entry */
	u32 id;			 /* 0 is the boot CPU */
	u32 apic_id;
	s32 irq_off_depth;	 /* how many spinlocks ask for interrupts off (sync/spinlock.c) */
	bool need_resched;	 /* another task should run: looked at on the way to user mode */
	u64 irq_flags;		 /* RFLAGS when irq_off_depth was 0: were interrupts on? */
	struct mm *mm;		 /* whose tree CR3 holds; NULL is the kernel's own */
	struct task *idle;
	u64 busy_ns, idle_ns;	 /* how it has spent its time: /proc/stat */
	u64 user_ticks, nice_ticks, system_ticks, switches; /* samples of the busy time */
	u32 interrupts[IRQ_KINDS]; /* how many came: /proc/interrupts */
	u64 tsc_at_boot;	 /* what its TSC showed when time_now_ns was 0 */
	const struct regs *stopped_at; /* by smp_stop_others: what it did; NULL: it runs */
};

extern struct cpu cpus[MAX_CPUS];
extern u32 ncpus;

#ifdef HOST_TEST /* the test plays the CPU */
struct cpu *this_cpu(void);
struct task *current_task(void);
#else
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;
	__asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* A task never sees its own `current` change, so the compiler may cache it: no volatile. */
static inline struct task *current_task(void)
{
	struct task *task;
	__asm__("mov %%gs:8, %0" : "=r"(task));
	return task;
}
#endif
#define current current_task()

/* The same as this_cpu() for one look at one field, and one instruction: the CPU adds the GS base
 * (gcc: Named Address Spaces). The checks of a DEBUG build take the 0 for a null pointer. */
#if defined(HOST_TEST) || defined(DEBUG)
#define cpu_here this_cpu()
#else
#define cpu_here ((struct cpu __seg_gs *)0)
#endif

static inline u64 cpu_flags(void)
{
	u64 flags;
	__asm__ volatile("pushfq; pop %0" : "=r"(flags)::"memory");
	return flags;
}

static inline bool irq_enabled(void)
{
	return cpu_flags() & RFLAGS_IF;
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

/* Enables interrupts and halts in one step, so that none slips in between (SDM 2B, STI). */
static inline void irq_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

void cpuid(u32 leaf, u32 regs[4]); /* eax, ebx, ecx, edx of subleaf 0 */

/* What this machine's CPUs can do; set once at boot. */
struct cpu_features {
	bool smep, smap, umip, nx, fsgsbase, pge, pcid, rdrand, invariant_tsc;
	bool xsave; /* and AVX: both are in use then */
	bool gib_pages, tsc_deadline;
};
extern struct cpu_features cpu_has;

/* The states that XSAVE keeps: x87, SSE, AVX. Bits of XCR0 (SDM vol. 1, 13.1). */
enum { XCR0_USED = 7 };
extern u32 cpu_hwcap; /* CPUID.1:EDX, which programs see as AT_HWCAP */

/* AT_HWCAP of a new program: CPUID leaf 1's EDX, as on Linux. */
u64 arch_hwcap(void);

#endif
