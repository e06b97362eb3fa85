/*
 * What GRUB says: the multiboot2 information, a list of tags, each aligned to
 * eight bytes, that begins with its type and size. The ACPI tags hold copies of
 * the root pointer; acpi.c finds the original, so they are not used.
 *
 * Entry point: multiboot2_parse, before any memory is given out.
 * Source: Multiboot2 specification 2.0, 3.6 (boot information format).
 */
#include "boot.h"

enum tag_type {
	TAG_END = 0, TAG_CMDLINE = 1, TAG_MODULE = 3, TAG_MMAP = 6,
};

enum { MMAP_AVAILABLE = 1 };

struct info_header {
	u32 total_size, reserved;
};

struct tag {
	u32 type, size;
};

struct tag_module {
	struct tag tag;
	u32 start, end;
};

struct tag_mmap {
	struct tag tag;
	u32 entry_size, entry_version;
};

struct mmap_entry {
	u64 start, len_bytes;
	u32 type, reserved;
};

static void parse_mmap(const struct tag_mmap *mmap)
{
	if (mmap->tag.size < sizeof *mmap || mmap->entry_size < sizeof(struct mmap_entry))
		return;
	u32 nentries = (mmap->tag.size - sizeof *mmap) / mmap->entry_size;
	for (u32 i = 0; i < nentries; i++) {
		const char *at = (const char *)(mmap + 1) + i * mmap->entry_size;
		const struct mmap_entry *entry = (const void *)at;
		boot_add_range(entry->start, entry->len_bytes, entry->type == MMAP_AVAILABLE);
	}
}

static void parse_tag(const struct tag *tag)
{
	const struct tag_module *module = (const void *)tag;

	switch (tag->type) {
	case TAG_CMDLINE:
		boot_set_cmdline(kva_pa(tag + 1));
		break;
	case TAG_MODULE:
		if (tag->size >= sizeof *module && module->end >= module->start)
			boot_add_module(module->start, module->end - module->start);
		break;
	case TAG_MMAP:
		parse_mmap((const void *)tag);
		break;
	}
}

const char *multiboot2_parse(pa_t info)
{
	const struct info_header *header = boot_bytes(info, sizeof *header);

	if (!header || info % 8 != 0 || !boot_bytes(info, header->total_size))
		return "the multiboot2 information does not lie in the first 4 GiB";

	u32 offset = sizeof *header;
	while (offset + sizeof(struct tag) <= header->total_size) {
		const struct tag *tag = (const void *)((const char *)header + offset);
		if (tag->type == TAG_END || tag->size < sizeof *tag ||
		    tag->size > header->total_size - offset)
			break;
		parse_tag(tag);
		offset += ROUND_UP(tag->size, 8);
	}
	return boot_info.nranges ? NULL : "the boot loader gave no memory map";
}
