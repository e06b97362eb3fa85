/*
 * The other CPUs: they are started one after another, each on the stack of its
 * idle task, and can then be interrupted.
 *
 *	smp_start	on the boot CPU: INIT to all, then for each one start_cpu:
 *	  startup IPI	it runs boot/ap.S, takes the place of ap_cpu, says so in ap_awaited
 *	  ap_main	on the new CPU: its tables, features, APIC, clock; counts in ncpus
 *	  sched_start_cpu (proc/sched.c): it is idle from now on
 *
 * No locks: one CPU is started at a time, and the boot CPU waits for it.
 * Sources: Intel SDM vol. 3A 8.4 (start), 10.6 (interrupts between CPUs).
 */
#include "arch/smp.h"

#include "arch/acpi.h"
#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "proc/sched.h"

enum { AP_NOBODY = AP_ARRIVED + 1 };

/* For boot/ap.S. */
struct cpu *ap_cpu;
u32 ap_awaited = AP_NOBODY; /* an APIC id, AP_ARRIVED, or AP_NOBODY */
extern const u8 ap_trampoline[], ap_trampoline_end[];
__noreturn void ap_main(void);

static u32 stopper = MAX_CPUS; /* the CPU that has stopped all others; MAX_CPUS: none */
static u32 stopped;		   /* bits of those that have */

/* Starting ------------------------------------------------------------------------------------ */

void ap_main(void)
{
	struct cpu *cpu = this_cpu();

	features_enable();
	gdt_init(cpu);
	idt_load();
	syscall_msrs_init();
	lapic_init();
	time_init_cpu();
	__atomic_store_n(&ncpus, cpu->id + 1, __ATOMIC_RELEASE);
	sched_start_cpu();
}

static u32 awaited(void)
{
	return __atomic_load_n(&ap_awaited, __ATOMIC_ACQUIRE);
}

/* Until it has arrived or the time is over. */
static void wait_for_arrival(u64 limit_ns)
{
	u64 end = time_now_ns() + limit_ns;

	while (awaited() != AP_ARRIVED && time_now_ns() < end)
		cpu_relax();
}

/* SIPI, and once more if the first one got lost, as the SDM has it. */
static bool wake_cpu(u32 apic_id, u8 start_page)
{
	u32 expected = apic_id;

	__atomic_store_n(&ap_awaited, apic_id, __ATOMIC_SEQ_CST);
	lapic_send(apic_id, SEND_STARTUP, start_page);
	wait_for_arrival(NSEC_PER_MSEC / 5);
	if (awaited() != AP_ARRIVED)
		lapic_send(apic_id, SEND_STARTUP, start_page);
	wait_for_arrival(10 * NSEC_PER_SEC); /* a busy host may take its time; Linux's limit */
	/* From here on it cannot arrive any more: it would find that nobody waits. */
	return !__atomic_compare_exchange_n(&ap_awaited, &expected, AP_NOBODY, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int start_cpu(u32 apic_id, u8 start_page)
{
	struct cpu *cpu = &cpus[ncpus];
	va_t stack = kstack_alloc();

	*cpu = (struct cpu){.self = cpu, .id = ncpus, .apic_id = apic_id};
	cpu->tsc_at_boot = cpus[0].tsc_at_boot; /* until time_compare has looked */
	if (!stack || gdt_alloc_stacks(cpu) != 0)
		goto no_memory;
	gdt_set_kernel_stack(cpu, stack);
	ap_cpu = cpu;
	if (!wake_cpu(apic_id, start_page))
		goto no_answer;
	time_compare(cpu);
	while (__atomic_load_n(&ncpus, __ATOMIC_ACQUIRE) == cpu->id)
		cpu_relax();
	return 0;

no_answer:
	gdt_free_stacks(cpu);
	kstack_free(stack);
	return -EIO;
no_memory:
	if (stack)
		kstack_free(stack);
	return -ENOMEM;
}

/* No CPU may be started in a page that the loader or firmware uses, or that holds a module. */
static bool page_is_free(pa_t start)
{
	bool usable = false;

	for (u32 i = 0; i < boot_info.nranges; i++) {
		const struct boot_range *range = &boot_info.range[i];
		if (range->start >= start + PAGE_SIZE || range->end <= start)
			continue;
		if (!range->usable)
			return false;
		usable |= range->start <= start && range->end >= start + PAGE_SIZE;
	}
	for (u32 i = 0; i < boot_info.nmodules; i++)
		if (boot_info.module[i].start < start + PAGE_SIZE && boot_info.module[i].end > start)
			return false;
	return usable;
}

/* The highest free page of what mm/page_boot.c keeps back; 0: none. */
static pa_t trampoline_page(void)
{
	pa_t page = BOOT_LOW_KEPT - PAGE_SIZE;

	while (page > 0 && !page_is_free(page))
		page -= PAGE_SIZE;
	return page;
}

static u32 cpu_limit(void)
{
	char value[8] = "";
	const char *end;

	boot_option("maxcpus", value, sizeof value);
	u64 limit = parse_u64(value, &end, 10);
	return end == value ? MAX_CPUS : (u32)MAX(MIN(limit, (u64)MAX_CPUS), 1ul);
}

void smp_start(void)
{
	u32 limit = MIN(cpu_limit(), MAX(acpi_info.ncpus, 1u));
	pa_t page = trampoline_page();

	if (limit > 1 && page) {
		memcpy(pa_kva(page), ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
		for (u32 i = 0; i < acpi_info.ncpus; i++)
			if (acpi_info.cpu_apic_id[i] != cpus[0].apic_id)
				lapic_send(acpi_info.cpu_apic_id[i], SEND_INIT, 0);
		u64 end = time_now_ns() + 10 * NSEC_PER_MSEC;
		while (time_now_ns() < end)
			cpu_relax();
	}
	for (u32 i = 0; i < acpi_info.ncpus && ncpus < limit && page; i++) {
		u32 apic_id = acpi_info.cpu_apic_id[i];
		if (apic_id == cpus[0].apic_id)
			continue;
		int error = start_cpu(apic_id, (u8)(page >> PAGE_SHIFT));
		if (error)
			kprintf("smp: the CPU with APIC id %u %s\n", apic_id,
				error == -ENOMEM ? "finds no memory" : "does not answer");
	}
	kprintf("smp: %u of %u CPUs online\n", ncpus, MAX(acpi_info.ncpus, 1u));
}

/* Interrupting -------------------------------------------------------------------------------- */

void smp_kick(u32 cpu)
{
	lapic_send(cpus[cpu].apic_id, SEND_FIXED, VECTOR_KICK);
}

void smp_send_flush(u32 cpu)
{
	lapic_send(cpus[cpu].apic_id, SEND_FIXED, VECTOR_FLUSH);
}

static void (*called)(void);
static u32 call_waits_for; /* atomic: CPUs that have not called it yet */

void smp_call_answer(void)
{
	called();
	__atomic_fetch_and(&call_waits_for, ~(1u << this_cpu()->id), __ATOMIC_SEQ_CST);
}

void smp_call_all(void (*fn)(void))
{
	u32 here = 1u << this_cpu()->id, others = (u32)((1ull << ncpus) - 1) & ~here;

	called = fn;
	__atomic_store_n(&call_waits_for, others, __ATOMIC_SEQ_CST);
	for (; others; others &= others - 1)
		lapic_send(cpus[__builtin_ctz(others)].apic_id, SEND_FIXED, VECTOR_CALL);
	fn();
	while (__atomic_load_n(&call_waits_for, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static __noreturn void halt_here(void)
{
	irq_disable();
	for (;;)
		__asm__ volatile("hlt");
}

void smp_stop_others(void)
{
	enum { PATIENCE = 10000000 }; /* by counting: the clock may be what is broken */
	u32 here = this_cpu()->id, none = MAX_CPUS;

	if (!__atomic_compare_exchange_n(&stopper, &none, here, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		if (none == here)
			return; /* they are stopped already */
		halt_here();	/* the other one's NMI counts this CPU */
	}
	for (u32 i = 0; i < ncpus; i++)
		if (i != here)
			lapic_send(cpus[i].apic_id, SEND_NMI, 0);
	u32 others = (u32)((1ull << ncpus) - 1) & ~(1u << here);
	for (int i = 0; i < PATIENCE && __atomic_load_n(&stopped, __ATOMIC_ACQUIRE) != others; i++)
		cpu_relax();
}

void smp_stop_point(const struct regs *regs)
{
	u32 cpu = __atomic_load_n(&stopper, __ATOMIC_ACQUIRE);

	if (cpu == MAX_CPUS || cpu == this_cpu()->id)
		return;
	smp_note(regs);
	this_cpu()->stopped_at = regs;
	__atomic_fetch_or(&stopped, 1u << this_cpu()->id, __ATOMIC_RELEASE);
	halt_here();
}

bool smp_is_stopped(u32 cpu)
{
	return __atomic_load_n(&stopped, __ATOMIC_ACQUIRE) & 1u << cpu;
}
