/*
 * TLB shootdown (arch/shootdown.h).
 *
 *	shootdown       one request, an interrupt to each target, and the wait
 *	  tlb_answer    on the target: in the interrupt, or wherever it waits with
 *	                interrupts off (for a spinlock, or for an answer itself)
 *
 * So a flush always comes to an end: no CPU waits without answering. One
 * request per CPU is enough, since interrupts are off while one is made.
 *
 * Source: Intel SDM vol. 3A, 4.10.5 (propagation of changes to other CPUs).
 */
#include "arch/shootdown.h"
#include "arch/mmu.h"
#include "arch/smp.h"

static struct request {
	_Atomic u32 waiting_for; /* CPUs that have not answered */
	va_t start;
	size_t count;
} __attribute__((aligned(64))) requests[MAX_CPUS];

u32 shootdown_asked_by[MAX_CPUS];

void flush_here(va_t start, size_t count)
{
	if (start == FLUSH_ALL_OF_USER) {
		mmu_flush_user();
		return;
	}
	if (start == FLUSH_ALL) {
		mmu_flush_all();
		return;
	}
	for (size_t i = 0; i < count; i++)
		mmu_flush_page(start + i * PAGE_SIZE);
}

void tlb_answer(void)
{
	u32 here = this_cpu()->id;
	u32 senders = __atomic_exchange_n(&shootdown_asked_by[here], 0, __ATOMIC_SEQ_CST);
	for (; senders; senders &= senders - 1) {
		struct request *request = &requests[__builtin_ctz(senders)];
		flush_here(request->start, request->count);
		request->waiting_for &= ~(1u << here); /* the sender goes on */
	}
}

void shootdown(u32 targets, va_t start, size_t count)
{
	bool irq_was_on = irq_enabled();
	irq_disable();
	u32 here = this_cpu()->id;
	struct request *request = &requests[here];
	request->start = start;
	request->count = count;
	request->waiting_for = targets;
	for (u32 left = targets; left; left &= left - 1) {
		u32 cpu = __builtin_ctz(left);
		__atomic_fetch_or(&shootdown_asked_by[cpu], 1u << here, __ATOMIC_SEQ_CST);
		smp_send_flush(cpu);
	}
	while (request->waiting_for) {
		shootdown_poll();
		cpu_relax();
	}
	if (irq_was_on)
		irq_enable();
}
