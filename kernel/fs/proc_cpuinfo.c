/*
 * /proc/cpuinfo: what CPUID says, in Linux's words. A feature that the kernel
 * has not switched on (XSAVE, and what needs it) is not shown, as there.
 * Sources: Intel SDM vol. 2 CPUID; Linux's cpufeatures.h for the names.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "fs/procfs.h"
#include "lib/string.h"

enum { EAX, EBX, ECX, EDX };

/* The names of a register's bits from 0 on; "-": unused, or nothing that programs can use. */
static const struct {
	u32 leaf;
	u8 reg;
	const char *names;
} features[] = {
	{1, EDX, "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn "
		 "clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe"},
	{0x80000001, EDX, "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - "
			  "fxsr_opt pdpe1gb rdtscp - lm 3dnowext 3dnow"},
	{1, ECX, "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid - - cx16 xtpr "
		 "pdcm - - dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes - - - - "
		 "rdrand hypervisor"},
	{0x80000001, ECX, "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse "
			  "3dnowprefetch osvw ibs - skinit wdt"},
	{7, EBX, "- tsc_adjust - bmi1 - - - smep bmi2 erms - - - - - - - - rdseed adx smap - - "
		 "clflushopt clwb - - - - sha_ni"},
	{7, ECX, "- - umip - - - - - gfni - - - - - - - la57 - - - - - rdpid"},
	{7, EDX, "- - - - fsrm"},
	/* From here on: only with XSAVE. */
	{1, ECX, "- - - - - - - - - - - - fma - - - - - - - - - - - - - xsave - avx f16c"},
	{7, EBX, "- - - - - avx2"},
};
enum { NEED_XSAVE = 2 };

static u32 cpuid_reg(u32 leaf, u8 reg)
{
	u32 regs[4];
	cpuid(leaf, regs);
	return regs[reg];
}

static void show_flags(struct text *text)
{
	text_printf(text, "flags\t\t:");
	for (size_t i = 0; i < ARRAY_SIZE(features) - (cpu_has.xsave ? 0 : NEED_XSAVE); i++) {
		u32 bits = 0;
		if (cpuid_reg(features[i].leaf & 0x80000000, EAX) >= features[i].leaf)
			bits = cpuid_reg(features[i].leaf, features[i].reg);
		for (const char *name = features[i].names; *name; bits >>= 1) {
			size_t len = 0;
			while (name[len] && name[len] != ' ')
				len++;
			if ((bits & 1) && *name != '-')
				text_printf(text, " %.*s", (int)len, name);
			name += len + (name[len] == ' ');
		}
	}
	text_printf(text, "\n");
}

/* Bits 27:20 of the family, 19:16 of the model add to those of old where these are full. */
static void show_model(struct text *text)
{
	u32 regs[4], brand[12];
	cpuid(0, regs);
	u32 vendor[] = {regs[EBX], regs[EDX], regs[ECX]};
	u32 signature = cpuid_reg(1, EAX), family = signature >> 8 & 0xf;
	u32 model = signature >> 4 & 0xf;
	if (family == 15 || family == 6)
		model += signature >> 12 & 0xf0;
	if (family == 15)
		family += signature >> 20 & 0xff;
	for (u32 i = 0; i < 3; i++)
		cpuid(0x80000002 + i, brand + 4 * i);
	text_printf(text, "vendor_id\t: %.12s\ncpu family\t: %u\nmodel\t\t: %u\n"
			  "model name\t: %.48s\nstepping\t: %u\n",
		    (const char *)vendor, family, model, (const char *)brand, signature & 0xf);
}

int proc_show_cpuinfo(struct text *text, const struct proc_node *node)
{
	u32 khz = (u32)time_tsc_khz();
	(void)node;
	for (u32 i = 0; i < ncpus; i++) {
		text_printf(text, "processor\t: %u\n", i);
		show_model(text);
		text_printf(text, "cpu MHz\t\t: %u.%03u\nphysical id\t: 0\nsiblings\t: %u\n"
				  "core id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\n"
				  "fpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\n",
			    khz / 1000, khz % 1000, ncpus, i, ncpus, cpus[i].apic_id);
		show_flags(text);
		text_printf(text, "bogomips\t: %u.%02u\nclflush size\t: 64\n\n", khz / 500,
			    khz / 5 % 100);
	}
	return 0;
}
