/*
 * What the boot loader says, in one form for multiboot2 and PVH. boot/ fills
 * it before kmain; all addresses are physical.
 */
#ifndef ARCH_BOOT_INFO_H
#define ARCH_BOOT_INFO_H

#include "lib/types.h"

enum { BOOT_MAX_RANGES = 64, BOOT_MAX_MODULES = 8, BOOT_CMDLINE_MAX = 2048 };

struct boot_range {
	pa_t start, end; /* end is exclusive; not aligned */
	bool usable;	 /* RAM that is free to use (module and kernel bytes are not taken out) */
};

struct boot_info {
	const char *loader; /* "multiboot2" or "PVH" */
	char cmdline[BOOT_CMDLINE_MAX];
	u32 nranges;
	struct boot_range range[BOOT_MAX_RANGES];
	u32 nmodules; /* initramfs archives, in order */
	struct boot_range module[BOOT_MAX_MODULES];
	pa_t rsdp; /* ACPI root pointer, 0: search for it */
};

extern struct boot_info boot_info;

/* The first bytes of memory, which are never given out: firmware may write there, and further
 * CPUs begin there (arch/smp.c). */
#define BOOT_LOW_KEPT (64 * KIB)

/* From kmain, once: fills boot_info. NULL, or what is wrong with the loader's information. */
const char *boot_parse(u32 magic, pa_t info);

/* Takes away the usable memory from end on; returns how many bytes that was. */
u64 boot_limit_memory(pa_t end);

/*
 * Option `name=value` or bare `name` of the command line, before "--"; false if absent. Of
 * several the last one counts; _nth gives each of them, from 0 on (console= may come twice).
 * The value is cut to size, with its NUL.
 */
bool boot_option(const char *name, char *value, size_t size);
bool boot_option_nth(const char *name, u32 nth, char *value, size_t size);

/* What follows "--" on the command line: the arguments of init; "" if there are none. */
const char *boot_init_args(void);

#endif
