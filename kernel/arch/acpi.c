/*
 * The ACPI tables, as far as the kernel needs them: the MADT (interrupt
 * controllers, CPUs) and the FADT (the PM timer's port, the power-off port).
 * No AML. Without tables the usual addresses of a PC are taken.
 *
 * Runs before page_init, while the early map covers the first 4 GiB.
 * Source: ACPI specification 6.5, 5.2.5 (RSDP) to 5.2.12 (MADT).
 */
#include "arch/acpi.h"

#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/pte.h"
#include "lib/printf.h"
#include "lib/string.h"

struct acpi_info acpi_info;

#define EARLY_MAP_END (4 * GIB)

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	u32 len_bytes; /* from here on: revision 2 */
	u64 xsdt;
	u8 extended_checksum, reserved[3];
} __packed;

struct table {
	char signature[4];
	u32 len_bytes;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __packed;

struct madt {
	struct table table;
	u32 lapic, flags;
} __packed;

struct madt_entry { /* the kinds that we read, in one struct */
	u8 type, len_bytes;
	union {
		struct {
			u8 processor, apic_id;
			u32 flags;
		} __packed lapic;
		struct {
			u8 id, reserved;
			u32 address, gsi_base;
		} __packed ioapic;
		struct {
			u8 bus, source;
			u32 gsi;
			u16 flags;
		} __packed override;
		struct {
			u16 reserved;
			u64 address;
		} __packed lapic_address;
	};
} __packed;

enum madt_type { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_LAPIC_ADDRESS = 5 };
enum { LAPIC_ENABLED = 1 };
enum { POLARITY_MASK = 3, POLARITY_LOW = 3, TRIGGER_MASK = 3 << 2, TRIGGER_LEVEL = 3 << 2 };

/* Offsets in the FADT (ACPI 6.5, table 5.9). */
enum { FADT_PM1A_CONTROL = 64, FADT_PM_TIMER = 76 };

static bool sum_is_zero(const void *bytes, size_t len)
{
	u8 sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += ((const u8 *)bytes)[i];
	return sum == 0;
}

/* The table at that address; NULL if it does not lie in the early map or is damaged. */
static const struct table *table_at(pa_t pa)
{
	const struct table *table = pa_kva(pa);

	if (pa == 0 || pa > EARLY_MAP_END - sizeof *table)
		return NULL;
	if (table->len_bytes < sizeof *table || table->len_bytes > EARLY_MAP_END - pa)
		return NULL;
	return sum_is_zero(table, table->len_bytes) ? table : NULL;
}

static const struct rsdp *rsdp_in(pa_t start, pa_t end)
{
	for (pa_t pa = start; pa < end; pa += 16) {
		const struct rsdp *rsdp = pa_kva(pa);
		if (memcmp(rsdp->signature, "RSD PTR ", 8) == 0 && sum_is_zero(rsdp, 20))
			return rsdp;
	}
	return NULL;
}

static const struct rsdp *rsdp_find(void)
{
	if (boot_info.rsdp != 0 && boot_info.rsdp < EARLY_MAP_END - sizeof(struct rsdp))
		return rsdp_in(boot_info.rsdp, boot_info.rsdp + 1);
	/* The first KiB of the extended BIOS data area, then the BIOS itself. */
	pa_t ebda = (pa_t) * (const volatile u16 *)pa_kva(0x40e) << 4;
	const struct rsdp *rsdp = ebda ? rsdp_in(ebda, ebda + 1024) : NULL;
	return rsdp ? rsdp : rsdp_in(0xe0000, 0x100000);
}

/* The pointers of the root table are 8 bytes wide in an XSDT and 4 in an RSDT, unaligned. */
static const struct table *find_table(const struct rsdp *rsdp, const char *signature)
{
	bool wide = rsdp->revision >= 2 && rsdp->xsdt != 0;
	const struct table *root = table_at(wide ? rsdp->xsdt : rsdp->rsdt);
	u32 width = wide ? 8 : 4;

	for (u32 at = sizeof *root; root && at + width <= root->len_bytes; at += width) {
		pa_t pa = 0;
		memcpy(&pa, (const u8 *)root + at, width);
		const struct table *table = table_at(pa);
		if (table && memcmp(table->signature, signature, 4) == 0)
			return table;
	}
	return NULL;
}

static void read_madt_entry(const struct madt_entry *entry)
{
	switch (entry->type) {
	case MADT_LAPIC:
		/* "Online capable" alone is an empty socket, so to speak. */
		if (entry->lapic.flags & LAPIC_ENABLED && acpi_info.ncpus < MAX_CPUS)
			acpi_info.cpu_apic_id[acpi_info.ncpus++] = entry->lapic.apic_id;
		break;
	case MADT_IOAPIC:
		if (entry->ioapic.gsi_base == 0) /* the one that has the ISA lines */
			acpi_info.ioapic = entry->ioapic.address;
		break;
	case MADT_OVERRIDE:
		if (entry->override.source < ISA_LINES)
			acpi_info.isa[entry->override.source] = (struct isa_route){
				.gsi = entry->override.gsi,
				.active_low = (entry->override.flags & POLARITY_MASK) == POLARITY_LOW,
				.level = (entry->override.flags & TRIGGER_MASK) == TRIGGER_LEVEL,
			};
		break;
	case MADT_LAPIC_ADDRESS:
		acpi_info.lapic = entry->lapic_address.address;
		break;
	}
}

static void read_madt(const struct madt *madt)
{
	u32 at = sizeof *madt;

	acpi_info.lapic = madt->lapic;
	while (at + 2 <= madt->table.len_bytes) {
		const struct madt_entry *entry = (const void *)((const u8 *)madt + at);
		if (entry->len_bytes < 8 || entry->len_bytes > madt->table.len_bytes - at)
			break;
		read_madt_entry(entry);
		at += entry->len_bytes;
	}
}

static void read_fadt(const struct table *fadt)
{
	u32 port;

	if (fadt->len_bytes < FADT_PM_TIMER + sizeof port)
		return;
	memcpy(&port, (const u8 *)fadt + FADT_PM_TIMER, sizeof port);
	acpi_info.pm_timer_port = (u16)port;
	memcpy(&port, (const u8 *)fadt + FADT_PM1A_CONTROL, sizeof port);
	acpi_info.pm1a_control_port = (u16)port;
}

void acpi_init(void)
{
	acpi_info.lapic = 0xfee00000;
	acpi_info.ioapic = 0xfec00000;
	for (u32 line = 0; line < ISA_LINES; line++)
		acpi_info.isa[line].gsi = line;

	const struct rsdp *rsdp = rsdp_find();
	if (!rsdp) {
		kprintf("acpi: no tables: one CPU, interrupts as on a PC\n");
		return;
	}
	const struct table *madt = find_table(rsdp, "APIC");
	const struct table *fadt = find_table(rsdp, "FACP");
	if (madt && madt->len_bytes >= sizeof(struct madt))
		read_madt((const struct madt *)madt);
	if (fadt)
		read_fadt(fadt);
}
