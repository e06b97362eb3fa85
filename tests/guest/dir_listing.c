/*
 * A long directory: made, found, listed and removed; listings while names come
 * and go, telldir and seekdir, two listings at once, rewinding; entries that
 * stay are seen exactly once.
 *
 * From getdents64(2), readdir(3), telldir(3), seekdir(3), rewinddir(3).
 *
 * Arguments: names (10,000).
 */
#include "check.h"

static int names = 10000;
static unsigned char *seen;

static const char *name(int i)
{
	static char text[40];

	snprintf(text, sizeof(text), "%c-a-name-of-some-length-%d", i % 2 ? 'o' : 'e', i);
	return text;
}

static int number(const struct dirent *entry)
{
	return entry->d_name[0] == '.' ? -1 : atoi(strrchr(entry->d_name, '-') + 1);
}

static void make_all(void)
{
	for (int i = 0; i < names; i++)
		MUST(mknod(name(i), S_IFREG | 0600, 0));
}

/* Lists to the end; what is seen twice, or has not that kind, is wrong. */
static long wrong(DIR *dir)
{
	struct dirent *entry;
	long count = 0;

	while ((entry = readdir(dir))) {
		int n = number(entry);
		if (n >= 0 && (seen[n]++ || (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN)))
			count++;
	}
	return count;
}

static long seen_of(int first, int step)
{
	long count = 0;

	for (int i = first; i < names; i += step)
		count += seen[i] == 1;
	return count;
}

static void listed(void)
{
	DIR *dir = opendir("."), *other = opendir(".");
	struct stat st;
	struct dirent *entry;
	int twice = 0;

	for (int i = 0; i < names; i++)
		if (stat(name(i), &st) != 0)
			twice++;
	VALUE_OF("not found", twice);
	VALUE(stat("o-a-name-of-some-length-0", &st));
	VALUE(wrong(dir));
	YES(seen_of(0, 1) == names);
	rewinddir(dir);
	memset(seen, 0, names);
	VALUE(wrong(dir));
	/* Two listings, in turns. */
	memset(seen, 0, names);
	rewinddir(dir);
	for (int i = 0; i < names / 2; i++)
		if ((entry = readdir(dir)) && number(entry) >= 0)
			seen[number(entry)]++;
	twice = 0;
	for (int i = 0; i < names / 3; i++)
		twice += readdir(other) == NULL;
	VALUE(twice);
	VALUE(wrong(dir));
	YES(seen_of(0, 1) == names);
	closedir(dir), closedir(other);
}

static void positions(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	char after[300] = "";
	long at = 0;
	int same = 0;

	for (int i = 0; i < names / 2; i++) {
		if (i == names / 4)
			at = telldir(dir);
		entry = readdir(dir);
		if (i == names / 4)
			snprintf(after, sizeof(after), "%s", entry->d_name);
	}
	for (int i = 0; i < 3; i++) {
		seekdir(dir, at);
		entry = readdir(dir);
		same += entry && strcmp(entry->d_name, after) == 0;
		for (int j = 0; j < 1000 && entry; j++)
			entry = readdir(dir);
	}
	VALUE(same);
	closedir(dir);
}

/* Every second name goes, and new ones come, while the listing is half through. */
static void changing(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;

	memset(seen, 0, names);
	for (int i = 0; i < names / 2; i++)
		if ((entry = readdir(dir)) && number(entry) >= 0)
			seen[number(entry)]++;
	for (int i = 1; i < names; i += 2)
		MUST(unlink(name(i)));
	for (int i = 1; i < names; i += 4)
		MUST(mknod(name(i), S_IFREG | 0600, 0));
	while ((entry = readdir(dir)))
		if (number(entry) >= 0)
			seen[number(entry)]++;
	YES(seen_of(0, 2) == (names + 1) / 2);
	closedir(dir);
}

/* As rm -r does: a few are read, these go, and on. */
static void removed(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	long count = 0;

	while ((entry = readdir(dir)))
		if (number(entry) >= 0)
			count += unlink(entry->d_name) == 0;
	closedir(dir);
	YES(count >= names / 2);
	dir = opendir(".");
	for (count = 0; readdir(dir);)
		count++;
	VALUE_OF("left", count);
	MUST(chdir(".."));
	OK(rmdir("long"));
	errno = 0;
	rewinddir(dir);
	YES(readdir(dir) == NULL);
	closedir(dir);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		names = atoi(argv[1]);
	seen = calloc(names, 1);
	MUST(mkdir("long", 0755));
	MUST(chdir("long"));
	make_all();
	listed();
	positions();
	changing();
	removed();
	return 0;
}
