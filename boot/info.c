/*
 * struct boot_info: filled by one of two parsers when the kernel starts, and
 * read by everything that wants the memory map, the modules or an option.
 *
 * Entry points: boot_parse (from kmain), boot_option, boot_init_args.
 * The command line is as on Linux: options, then "--", then init's arguments.
 */
#include "boot.h"

#include "lib/string.h"

struct boot_info boot_info;

const void *boot_bytes(pa_t start, u64 len_bytes)
{
	if (start == 0 || start >= EARLY_MAP_END || len_bytes > EARLY_MAP_END - start)
		return NULL;
	return pa_kva(start);
}

void boot_add_range(pa_t start, u64 len_bytes, bool usable)
{
	struct boot_range *range = &boot_info.range[boot_info.nranges];

	if (boot_info.nranges == BOOT_MAX_RANGES || len_bytes == 0 || start + len_bytes < start)
		return;
	*range = (struct boot_range){start, start + len_bytes, usable};
	boot_info.nranges++;
}

u64 boot_limit_memory(pa_t end)
{
	u64 lost = 0;

	for (u32 i = 0; i < boot_info.nranges; i++) {
		struct boot_range *range = &boot_info.range[i];
		if (!range->usable || range->end <= end)
			continue;
		range->usable = range->start < end;
		lost += range->end - MAX(range->start, end);
		range->end = MAX(range->start, end);
	}
	return lost;
}

void boot_add_module(pa_t start, u64 len_bytes)
{
	struct boot_range *module = &boot_info.module[boot_info.nmodules];

	if (boot_info.nmodules == BOOT_MAX_MODULES || !boot_bytes(start, len_bytes))
		return;
	*module = (struct boot_range){start, start + len_bytes, false};
	boot_info.nmodules++;
}

void boot_set_cmdline(pa_t text)
{
	const char *from = boot_bytes(text, BOOT_CMDLINE_MAX);

	if (!from)
		return;
	size_t len = strnlen(from, BOOT_CMDLINE_MAX - 1);
	memcpy(boot_info.cmdline, from, len);
	boot_info.cmdline[len] = '\0';
}

const char *boot_parse(u32 magic, pa_t info)
{
	switch (magic) {
	case MULTIBOOT2_MAGIC:
		boot_info.loader = "multiboot2";
		return multiboot2_parse(info);
	case PVH_MAGIC:
		boot_info.loader = "PVH";
		return pvh_parse(info);
	default:
		return "the boot loader speaks neither multiboot2 nor PVH";
	}
}

/* The next word from *at on, its length in *len; false at "--" and at the end. */
static bool next_word(const char **at, size_t *len)
{
	while (**at == ' ')
		(*at)++;
	for (*len = 0; (*at)[*len] != '\0' && (*at)[*len] != ' '; (*len)++)
		;
	return *len != 0 && !(*len == 2 && strncmp(*at, "--", 2) == 0);
}

bool boot_option_nth(const char *name, u32 nth, char *value, size_t size)
{
	const char *word = boot_info.cmdline;
	size_t name_len = strlen(name);
	size_t len;

	for (; next_word(&word, &len); word += len) {
		if (len < name_len || strncmp(word, name, name_len) != 0)
			continue;
		bool bare = len == name_len;
		if ((!bare && word[name_len] != '=') || nth-- > 0)
			continue;
		size_t value_len = bare ? 0 : len - name_len - 1;
		if (size != 0)
			strlcpy(value, word + len - value_len, MIN(size, value_len + 1));
		return true;
	}
	return false;
}

bool boot_option(const char *name, char *value, size_t size)
{
	bool found = false;

	/* As on Linux the last one counts. */
	for (u32 nth = 0; boot_option_nth(name, nth, value, size); nth++)
		found = true;
	return found;
}

const char *boot_init_args(void)
{
	const char *word = boot_info.cmdline;
	size_t len;

	while (next_word(&word, &len))
		word += len;
	word += len;
	while (*word == ' ')
		word++;
	return word;
}
