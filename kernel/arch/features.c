/*
 * What the CPU can do, and switching on what the kernel uses. The flags in
 * cpu_has are the boot CPU's; all are taken to be alike.
 *
 * Entry points: features_init (boot CPU), features_enable (each other CPU).
 * Sources: Intel SDM vol. 2 CPUID, vol. 3A 2.5 (control registers), 2.2.1 (EFER).
 */
#include "arch/arch.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "lib/panic.h"

enum { /* CR0 */
	CR0_PE = 1 << 0, CR0_MP = 1 << 1, CR0_ET = 1 << 4, CR0_NE = 1 << 5,
	CR0_WP = 1 << 16, /* the kernel's writes obey W too: copy-on-write lives by it */
	CR0_AM = 1 << 18, /* alignment checks for user programs that set AC, as on Linux */
	CR0_PG = 1ll << 31,
};

enum { /* CR4 */
	CR4_PAE = 1 << 5, CR4_MCE = 1 << 6, CR4_PGE = 1 << 7, CR4_OSFXSR = 1 << 9,
	CR4_OSXMMEXCPT = 1 << 10, CR4_UMIP = 1 << 11, CR4_OSXSAVE = 1 << 18, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21,
};

enum { MSR_EFER = 0xc0000080, EFER_SCE = 1 << 0, EFER_NXE = 1 << 11 };

struct cpu_features cpu_has;
u32 cpu_hwcap;

enum { EAX, EBX, ECX, EDX };

void cpuid(u32 leaf, u32 regs[4])
{
	__asm__ volatile("cpuid" : "=a"(regs[EAX]), "=b"(regs[EBX]), "=c"(regs[ECX]), "=d"(regs[EDX])
			 : "a"(leaf), "c"(0));
}

static u32 cpuid_reg(u32 leaf, int reg)
{
	u32 regs[4];

	cpuid(leaf, regs);
	return regs[reg];
}

u64 arch_hwcap(void)
{
	return cpuid_reg(1, EDX);
}

static bool bit(u32 reg, unsigned n)
{
	return reg >> n & 1;
}

static void read_features(void)
{
	u32 basic[4], extended, more[4];

	cpuid(1, basic);
	extended = cpuid_reg(0x80000001, EDX); /* there: entry.S has asked it for long mode */

	cpu_hwcap = basic[EDX];
	cpu_has.pcid = bit(basic[ECX], 17);
	cpu_has.tsc_deadline = bit(basic[ECX], 24);
	cpu_has.xsave = bit(basic[ECX], 26) && bit(basic[ECX], 28);
	cpu_has.rdrand = bit(basic[ECX], 30);
	cpu_has.pge = bit(basic[EDX], 13);
	cpu_has.nx = bit(extended, 20);
	cpu_has.gib_pages = bit(extended, 26);
	if (cpuid_reg(0, EAX) >= 7) {
		cpuid(7, more);
		cpu_has.fsgsbase = bit(more[EBX], 0);
		cpu_has.smep = bit(more[EBX], 7);
		cpu_has.smap = bit(more[EBX], 20);
		cpu_has.umip = bit(more[ECX], 2);
	}
	if (cpuid_reg(0x80000000, EAX) >= 0x80000007)
		cpu_has.invariant_tsc = bit(cpuid_reg(0x80000007, EDX), 8);
}

/* Turns the NOPs of arch/smap.h into STAC and CLAC; the early map is writable. */
static void patch_smap_sites(void)
{
	struct smap_site {
		u8 *code;
		u64 last_byte;
	};
	extern const struct smap_site smap_sites_start[], smap_sites_end[];

	for (const struct smap_site *site = smap_sites_start; site < smap_sites_end; site++) {
		site->code[1] = 0x01;
		site->code[2] = (u8)site->last_byte;
	}
}

void features_enable(void)
{
	u64 cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	u64 cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (bit(cpu_hwcap, 7)) /* else a machine check resets the machine without a word */
		cr4 |= CR4_MCE;
	/* FSGSBASE stays off: user code must not set a GS base that looks like the kernel's. */
	if (cpu_has.pge)
		cr4 |= CR4_PGE;
	if (cpu_has.umip)
		cr4 |= CR4_UMIP;
	if (cpu_has.smep)
		cr4 |= CR4_SMEP;
	if (cpu_has.smap)
		cr4 |= CR4_SMAP;
	__asm__ volatile("mov %0, %%cr0" ::"r"(cr0) : "memory");
	if (cpu_has.xsave)
		cr4 |= CR4_OSXSAVE;
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
	if (cpu_has.xsave)
		__asm__ volatile("xsetbv" ::"c"(0), "a"(XCR0_USED), "d"(0));
	/* Read first: on AMD's CPUs a write that would change LMA faults (APM vol. 2, 3.1.7). */
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | (cpu_has.nx ? EFER_NXE : 0));
	/* INIT leaves the FPU as it was. */
	static const u32 mxcsr = 0x1f80;
	__asm__ volatile("fninit; ldmxcsr %0" ::"m"(mxcsr));
}

void features_init(void)
{
	read_features();
	if (!cpu_has.nx)
		panic("this CPU cannot protect pages from execution (NX); QEMU: -cpu qemu64 or max");
	if (cpu_has.smap)
		patch_smap_sites();
	features_enable();
}
