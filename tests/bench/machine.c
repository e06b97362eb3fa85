/*
 * The machine right after its boot: this program in the place of the shell.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <x86intrin.h>

/*
 * prompt_ticks: the CPU's time-stamp counter, which a machine starts with at 0: under -icount the
 * instructions from its reset, through the firmware, to this line. prompt_free: free memory.
 */
void machine_at_prompt(void)
{
	report("prompt_ticks", __rdtsc(), "ns");
	report("prompt_free", meminfo_kib("MemFree"), "KiB");
}
