/*
 * Reads newc archives (cpio(5), "New ASCII Format"; Linux's
 * Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * Every length comes from the archive, so each is checked against what is left
 * before it is used. Entry point: cpio_read. No locks, no allocation.
 */
#include "fs/cpio.h"

#include "lib/string.h"

enum { HEADER_SIZE = 110, MAGIC_SIZE = 6, FIELD_SIZE = 8, NAME_SIZE_MAX = 4096 };

enum field {
	FIELD_INO, FIELD_MODE, FIELD_UID, FIELD_GID, FIELD_NLINK, FIELD_MTIME, FIELD_SIZE_BYTES,
	FIELD_DEV_MAJOR, FIELD_DEV_MINOR, FIELD_RDEV_MAJOR, FIELD_RDEV_MINOR, FIELD_NAME_SIZE,
	FIELD_CHECK, FIELD_COUNT,
};

struct reader {
	const u8 *bytes;
	size_t size, at;
	const char *error;
};

/* Each field is eight hexadecimal digits, and nothing else. */
static bool parse_fields(const u8 *header, u32 field[FIELD_COUNT])
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		char digits[FIELD_SIZE + 1] = "";
		const char *end;
		memcpy(digits, header + MAGIC_SIZE + i * FIELD_SIZE, FIELD_SIZE);
		field[i] = parse_u64(digits, &end, 16);
		if (end != digits + FIELD_SIZE)
			return false;
	}
	return true;
}

static bool fail(struct reader *r, const char *error)
{
	r->error = error;
	return false;
}

/* Header, name and data are padded to 4 bytes each, counted from the archive's start. */
static size_t padded(size_t offset)
{
	return (offset + 3) & ~(size_t)3;
}

static bool read_name(struct reader *r, size_t at, u32 name_size, struct cpio_entry *entry)
{
	if (name_size == 0 || name_size > NAME_SIZE_MAX)
		return fail(r, "name length out of range");
	if (name_size > r->size - at)
		return fail(r, "archive ends inside a name");
	if (memchr(r->bytes + at, 0, name_size) != r->bytes + at + name_size - 1)
		return fail(r, "name is not as long as its header says");
	entry->name = (const char *)r->bytes + at;
	entry->name_len = name_size - 1;
	return true;
}

/* One header with name and data; r->at moves past it. False: r->error says why. */
static bool read_entry(struct reader *r, struct cpio_entry *entry)
{
	u32 field[FIELD_COUNT];
	const u8 *header = r->bytes + r->at;
	if (r->size - r->at < HEADER_SIZE)
		return fail(r, "archive ends inside a header");
	if (memcmp(header, "070701", MAGIC_SIZE) != 0 && memcmp(header, "070702", MAGIC_SIZE) != 0)
		return fail(r, "no newc header (070701) here");
	if (!parse_fields(header, field))
		return fail(r, "a header field is not hexadecimal");
	if (!read_name(r, r->at + HEADER_SIZE, field[FIELD_NAME_SIZE], entry))
		return false;
	size_t data_at = padded(r->at + HEADER_SIZE + field[FIELD_NAME_SIZE]);
	entry->size = field[FIELD_SIZE_BYTES];
	if (data_at > r->size || entry->size > r->size - data_at) {
		if (entry->size || data_at > padded(r->size))
			return fail(r, "archive ends inside a file");
		data_at = r->size; /* the very end may lack its padding */
	}
	entry->data = r->bytes + data_at;
	entry->mode = field[FIELD_MODE];
	entry->uid = field[FIELD_UID];
	entry->gid = field[FIELD_GID];
	entry->nlink = field[FIELD_NLINK];
	entry->mtime = field[FIELD_MTIME];
	entry->ino = field[FIELD_INO];
	entry->dev_major = field[FIELD_DEV_MAJOR];
	entry->dev_minor = field[FIELD_DEV_MINOR];
	entry->rdev = (u64)field[FIELD_RDEV_MAJOR] << 8 | field[FIELD_RDEV_MINOR];
	size_t end = padded(data_at + entry->size);
	r->at = end < r->size ? end : r->size;
	return true;
}

static void skip_zeros(struct reader *r)
{
	while (r->at < r->size && r->bytes[r->at] == 0)
		r->at++;
}

int cpio_read(const void *bytes, size_t n, const struct cpio_callbacks *calls,
	      const char **error, size_t *error_at)
{
	struct reader r = {.bytes = bytes, .size = n};
	bool inside = false; /* an archive has begun, its trailer has not come yet */

	*error = NULL;
	*error_at = 0;
	for (;;) {
		if (!inside)
			skip_zeros(&r);
		if (r.at == r.size && !inside)
			return 0;
		struct cpio_entry entry;
		size_t start = r.at;
		if (!read_entry(&r, &entry)) {
			*error = r.error;
			*error_at = start;
			return -1;
		}
		if (!inside && calls->new_archive)
			calls->new_archive(calls->arg);
		inside = strcmp(entry.name, "TRAILER!!!") != 0;
		int err = inside ? calls->entry(calls->arg, &entry) : 0;
		if (err)
			return err;
	}
}
