/* Reading what the boot loader left in memory: shared by boot/multiboot2.c and boot/pvh.c. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "arch/boot_info.h"
#include "arch/pte.h"
#include "lib/types.h"

enum { MULTIBOOT2_MAGIC = 0x36d76289, PVH_MAGIC = 0x336ec578 };

/* The early tables map this much physical memory (boot/entry.S). */
#define EARLY_MAP_END (4 * GIB)

/*
 * Fills boot_info from the loader's information at that physical address.
 * Everything is copied, for page_init may give that memory away. Returns NULL,
 * or what is wrong with it.
 */
const char *multiboot2_parse(pa_t info);
const char *pvh_parse(pa_t info);

/* The bytes of physical memory from start on; NULL if they do not lie in the early map. */
const void *boot_bytes(pa_t start, u64 len_bytes);

/* Adds to boot_info; what does not fit any more is left out. */
void boot_add_range(pa_t start, u64 len_bytes, bool usable);
void boot_add_module(pa_t start, u64 len_bytes);
void boot_set_cmdline(pa_t text);

#endif
