/*
 * What QEMU says when it loads the kernel by -kernel: struct hvm_start_info of
 * Xen's PVH boot protocol. The command line is -append's, the first module is
 * -initrd's file.
 *
 * Entry point: pvh_parse, before any memory is given out.
 * Source: Xen, xen/include/public/arch-x86/hvm/start_info.h.
 */
#include "boot.h"

enum { E820_RAM = 1 };

struct start_info {
	u32 magic, version; /* version 1 added the memory map */
	u32 flags, nmodules;
	u64 modules, cmdline, rsdp;
	u64 memmap;
	u32 memmap_entries, reserved;
};

struct module_entry {
	u64 start, len_bytes, cmdline, reserved;
};

struct memmap_entry {
	u64 start, len_bytes;
	u32 type, reserved;
};

const char *pvh_parse(pa_t info)
{
	const struct start_info *start = boot_bytes(info, sizeof *start);

	if (!start || start->magic != PVH_MAGIC)
		return "the PVH start information is not where the loader says";
	boot_set_cmdline(start->cmdline);
	boot_info.rsdp = start->rsdp;
	if (start->version < 1 || start->memmap_entries == 0)
		return "the PVH start information has no memory map (QEMU 4.0 or newer is needed)";

	const struct memmap_entry *map =
		boot_bytes(start->memmap, start->memmap_entries * sizeof *map);
	const struct module_entry *module =
		boot_bytes(start->modules, start->nmodules * sizeof *module);
	if (!map || (start->nmodules != 0 && !module))
		return "the PVH start information does not lie in the first 4 GiB";
	for (u32 i = 0; i < start->memmap_entries; i++)
		boot_add_range(map[i].start, map[i].len_bytes, map[i].type == E820_RAM);
	for (u32 i = 0; i < start->nmodules; i++)
		boot_add_module(module[i].start, module[i].len_bytes);
	return NULL;
}
