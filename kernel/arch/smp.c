/*
 * The other CPUs (arch/smp.h).
 */
#include "arch/smp.h"

#include "arch/arch.h"
#include "arch/cpu.h"

/* Until mm/tlb.c and proc/sched.c have theirs. */
__attribute__((weak)) void tlb_answer(void)
{
}

__attribute__((weak)) void sched_start_cpu(void)
{
	for (;;)
		irq_enable_and_halt();
}

void smp_start(void)
{
}

void smp_kick(u32 cpu)
{
	lapic_send(cpus[cpu].apic_id, SEND_FIXED, VECTOR_KICK);
}

void smp_send_flush(u32 cpu)
{
	lapic_send(cpus[cpu].apic_id, SEND_FIXED, VECTOR_FLUSH);
}

void smp_stop_others(void)
{
}
