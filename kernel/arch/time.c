/*
 * Time: the TSC counts, the ACPI PM timer (or the PIT) says how fast, the CMOS
 * clock what date it was at boot. The local APIC's timer interrupts once at the
 * time asked for: by TSC deadline where the CPU can, else by counting down.
 *
 * Entry points: time_init, time_now_ns, time_arm_ns; time_init_cpu and
 * time_compare when another CPU starts. All TSCs count at one rate; where they
 * do not show the same, each CPU knows what its own showed at boot.
 * Sources: Intel SDM vol. 3B 17.17 (TSC), 3A 10.5.4 (APIC timer); ACPI 4.8.3.3
 * (PM timer); MC146818A data sheet (CMOS clock).
 */
#include "arch/time.h"

#include "arch/acpi.h"
#include "arch/arch.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "lib/printf.h"

enum {
	PM_TIMER_HZ = 3579545,
	PIT_HZ = 1193182,
	CALIBRATION_MS = 5, /* a tick of the PM timer is 0.006 % of it */
	MSR_TSC_DEADLINE = 0x6e0,
};

static u64 ns_per_tick_32; /* nanoseconds per TSC tick, times 2^32; 0: not known yet */
static u64 ticks_per_ns_32;
static u64 timer_per_ns_32; /* the same for the local APIC's timer; 0: TSC deadline */
static u64 epoch_ns;

static u64 multiply_32(u64 value, u64 factor_32)
{
	return (u64)((unsigned __int128)value * factor_32 >> 32);
}

/* Not before what stands before it: else a time read late, by another CPU, could be less. */
static u64 rdtsc_ordered(void)
{
	__asm__ volatile("lfence" ::: "memory"); /* SDM vol. 2, RDTSC */
	return rdtsc();
}

u64 time_now_ns(void)
{
	return multiply_32(rdtsc_ordered() - this_cpu()->tsc_at_boot, ns_per_tick_32);
}

u64 time_boot_epoch_ns(void)
{
	return epoch_ns;
}

void time_set_epoch_ns(u64 ns)
{
	epoch_ns = ns;
}

/*
 * May interrupt early: when the time is further off than the timer counts, or
 * because of rounding. timer_interrupt looks at the clock and asks again.
 */
void time_arm_ns(u64 deadline_ns)
{
	u64 now = time_now_ns();
	u64 wait_ns = deadline_ns > now ? deadline_ns - now : 0;

	if (wait_ns > 60 * NSEC_PER_SEC)
		wait_ns = 60 * NSEC_PER_SEC;
	if (timer_per_ns_32 == 0) {
		wrmsr(MSR_TSC_DEADLINE, rdtsc() + multiply_32(wait_ns, ticks_per_ns_32) + 1);
	} else {
		u64 count = multiply_32(wait_ns, timer_per_ns_32) + 1; /* 0 would stop it */
		lapic_timer_start((u32)MIN(count, UINT32_MAX));
	}
}

/* Calibration --------------------------------------------------------------------------------- */

/* A reference counter that the machine has besides the TSC. */
struct reference {
	u32 hz, mask;
	u32 (*read)(void);
};

static u32 pm_timer_read(void)
{
	return inl(acpi_info.pm_timer_port);
}

/* Channel 0 counts down from 65536 in mode 2; nothing else uses it. */
static u32 pit_read(void)
{
	outb(0x43, 0x00); /* latch channel 0 */
	u32 low = inb(0x40);
	return -(low | (u32)inb(0x40) << 8);
}

static void pit_start(void)
{
	outb(0x43, 0x34);
	outb(0x40, 0);
	outb(0x40, 0);
}

struct sample {
	u64 tsc;
	u32 reference, lapic;
};

/* All counters at one moment: of several tries the one that took least, for a virtual machine
 * may be away from its CPU in between. */
static struct sample take_sample(const struct reference *ref)
{
	struct sample best = {0};
	u64 best_took = UINT64_MAX;

	for (int i = 0; i < 8; i++) {
		u64 before = rdtsc();
		u32 reference = ref->read();
		u64 took = rdtsc() - before;
		if (took < best_took) {
			best_took = took;
			best = (struct sample){before + took / 2, reference, lapic_timer_left()};
		}
	}
	return best;
}

/* Spins between two looks at the reference: each look costs much under an emulator. */
static void wait_a_little(void)
{
	for (int i = 0; i < 2000; i++)
		cpu_relax();
}

static void calibrate(const struct reference *ref)
{
	u32 want = ref->hz / 1000 * CALIBRATION_MS;

	lapic_timer_setup(VECTOR_TIMER, false);
	lapic_timer_start(UINT32_MAX);
	struct sample start = take_sample(ref), end;
	do {
		wait_a_little();
		end = take_sample(ref);
	} while (((end.reference - start.reference) & ref->mask) < want);
	lapic_timer_start(0);

	u64 elapsed = (end.reference - start.reference) & ref->mask;
	u64 elapsed_ns = elapsed * NSEC_PER_SEC / ref->hz;
	u64 tsc_ticks = end.tsc - start.tsc;
	ns_per_tick_32 = (elapsed_ns << 32) / tsc_ticks;
	ticks_per_ns_32 = (tsc_ticks << 32) / elapsed_ns;
	timer_per_ns_32 = ((u64)(start.lapic - end.lapic) << 32) / elapsed_ns;
}

/* The date ------------------------------------------------------------------------------------ */

enum cmos_register {
	CMOS_SECOND = 0, CMOS_MINUTE = 2, CMOS_HOUR = 4, CMOS_DAY = 7, CMOS_MONTH = 8,
	CMOS_YEAR = 9, CMOS_STATUS_A = 10, CMOS_STATUS_B = 11,
};
enum { CMOS_UPDATING = 0x80, CMOS_24_HOURS = 2, CMOS_BINARY = 4, CMOS_PM = 0x80 };

struct date {
	u8 second, minute, hour, day, month, year; /* the year of this century */
};

static u8 cmos_read(enum cmos_register reg)
{
	outb(0x70, (u8)reg);
	return inb(0x71);
}

static u8 cmos_number(u8 raw, u8 status_b)
{
	return status_b & CMOS_BINARY ? raw : (u8)((raw >> 4) * 10 + (raw & 15));
}

static struct date cmos_date(void)
{
	u8 status = cmos_read(CMOS_STATUS_B);
	struct date date;

	for (int i = 0; i < 10000 && cmos_read(CMOS_STATUS_A) & CMOS_UPDATING; i++)
		cpu_relax(); /* an update takes 2 ms at most */
	u8 hour = cmos_read(CMOS_HOUR);
	date.second = cmos_number(cmos_read(CMOS_SECOND), status);
	date.minute = cmos_number(cmos_read(CMOS_MINUTE), status);
	date.hour = cmos_number(hour & ~CMOS_PM, status);
	if (!(status & CMOS_24_HOURS))
		date.hour = date.hour % 12 + (hour & CMOS_PM ? 12 : 0);
	date.day = cmos_number(cmos_read(CMOS_DAY), status);
	date.month = cmos_number(cmos_read(CMOS_MONTH), status);
	date.year = cmos_number(cmos_read(CMOS_YEAR), status);
	return date;
}

/* Seconds since 1970 of a date between 2000 and 2099, where every fourth year is a leap year. */
static u64 date_seconds(const struct date *date)
{
	static const u16 days_before_month[] = {0,   31,  59,  90,  120, 151,
						181, 212, 243, 273, 304, 334};
	u64 days = 10957 + date->year * 365 + (date->year + 3) / 4 + date->day - 1;

	days += days_before_month[(date->month + 11) % 12];
	if (date->year % 4 == 0 && date->month > 2)
		days++;
	return ((days * 24 + date->hour) * 60 + date->minute) * 60 + date->second;
}

static void timer_setup(void)
{
	lapic_timer_setup(VECTOR_TIMER, cpu_has.tsc_deadline);
	__asm__ volatile("mfence" ::: "memory"); /* SDM 10.5.4.1: before the first WRMSR */
}

__cold void time_init(void)
{
	struct reference pm = {PM_TIMER_HZ, 0xffffff, pm_timer_read};
	struct reference pit = {PIT_HZ, 0xffff, pit_read};

	this_cpu()->tsc_at_boot = rdtsc();
	if (acpi_info.pm_timer_port) {
		calibrate(&pm);
	} else {
		pit_start();
		calibrate(&pit);
	}
	if (cpu_has.tsc_deadline)
		timer_per_ns_32 = 0;
	timer_setup();
	struct date date = cmos_date();
	epoch_ns = date_seconds(&date) * NSEC_PER_SEC - time_now_ns();
	kprintf("time: TSC at %lu kHz, timer by %s\n", time_tsc_khz(),
		cpu_has.tsc_deadline ? "TSC deadline" : "local APIC");
}

u64 time_tsc_khz(void)
{
	return multiply_32(1000000, ticks_per_ns_32);
}

/* The TSC of another CPU ---------------------------------------------------------------------- */

/*
 * The boot CPU asks a few times what the other one's TSC shows, and looks at its own before and
 * after: so it knows to within half of the time between. compare_turn counts questions (odd) and
 * answers (even).
 */
enum { COMPARE_ROUNDS = 8 };
static u32 compare_turn;
static u64 compare_tsc;

static void wait_for_turn(u32 turn)
{
	while (__atomic_load_n(&compare_turn, __ATOMIC_ACQUIRE) != turn)
		cpu_relax();
}

static void end_turn(void)
{
	__atomic_fetch_add(&compare_turn, 1, __ATOMIC_SEQ_CST);
}

__cold void time_compare(struct cpu *cpu)
{
	u64 least = UINT64_MAX;
	s64 ahead = 0;

	compare_turn = 0;
	for (u32 i = 0; i < COMPARE_ROUNDS; i++) {
		u64 before = rdtsc_ordered();
		end_turn();
		wait_for_turn(2 * i + 2);
		u64 took = rdtsc_ordered() - before;
		if (took < least) {
			least = took;
			ahead = (s64)(compare_tsc - (before + took / 2));
		}
	}
	/* An answer from between the two looks is as good as the same. */
	u64 differ = (u64)(ahead < 0 ? -ahead : ahead);
	if (differ > least / 2 + 1) {
		cpu->tsc_at_boot += (u64)ahead;
		kprintf("time: the TSC of CPU %u is %ld ticks ahead\n", cpu->id, ahead);
	}
	end_turn();
}

__cold void time_init_cpu(void)
{
	for (u32 i = 0; i < COMPARE_ROUNDS; i++) {
		wait_for_turn(2 * i + 1);
		compare_tsc = rdtsc_ordered();
		end_turn();
	}
	wait_for_turn(2 * COMPARE_ROUNDS + 1);
	timer_setup();
}
