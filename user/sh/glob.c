/*
 * glob.c - a pattern to the sorted names of the files that it matches.
 *
 * The pattern is taken apart at its slashes: a part without * ? [ is just appended, for any
 * other the folder is read, and each name that fits goes on with the rest of the pattern.
 * A name that begins with a dot must be asked for by a dot. Source: POSIX 2.14.3.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "sh.h"

struct matches {
	char **list;
	int count, size;
};

static void match_add(struct matches *m, char *path)
{
	if (m->count == m->size) {
		int size = m->size ? 2 * m->size : 16;
		char **list = arena_alloc(size * sizeof(*list));

		if (m->count)
			memcpy(list, m->list, m->count * sizeof(*list));
		m->list = list;
		m->size = size;
	}
	m->list[m->count++] = path;
}

static char *join(const char *folder, const char *name, size_t name_len)
{
	size_t len = strlen(folder);
	char *path = arena_alloc(len + name_len + 1);

	memcpy(path, folder, len);
	memcpy(path + len, name, name_len);
	path[len + name_len] = '\0';
	return path;
}

/* A [ without its ] is itself: no folder is read for each `[ $i -lt 9 ]`. */
bool has_pattern(const char *part, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (part[i] == '\\')
			i++;
		else if (part[i] == '*' || part[i] == '?')
			return true;
		else if (part[i] == '[' && memchr(part + i, ']', len - i))
			return true;
	}
	return false;
}

static char *without_backslashes(const char *part, size_t len)
{
	struct str plain = { 0 };

	for (size_t i = 0; i < len; i++) {
		if (part[i] == '\\' && i + 1 < len)
			i++;
		str_put(&plain, part[i]);
	}
	return str_text(&plain);
}

/* folder is "" or ends in a slash; rest is what of the pattern is left. */
static void glob_in(struct matches *m, char *folder, const char *rest)
{
	size_t len = strcspn(rest, "/");
	size_t slashes = strspn(rest + len, "/");
	bool is_last = !rest[len + slashes];
	char *part = without_backslashes(rest, len);
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (!has_pattern(rest, len)) {
		char *path = join(folder, part, strlen(part));

		path = join(path, rest + len, slashes);
		if (!is_last)
			glob_in(m, path, rest + len + slashes);
		else if (lstat(path, &st) == 0)
			match_add(m, path);
		return;
	}
	dir = opendir(*folder ? folder : ".");
	if (!dir)
		return;
	part = join("", rest, len);
	while ((entry = readdir(dir))) {
		char *path;

		if (entry->d_name[0] == '.' && part[0] != '.')
			continue;
		if (fnmatch(part, entry->d_name, 0) != 0)
			continue;
		path = join(folder, entry->d_name, strlen(entry->d_name));
		if (slashes && (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
			continue;
		path = join(path, rest + len, slashes);
		if (is_last)
			match_add(m, path);
		else
			glob_in(m, path, rest + len + slashes);
	}
	closedir(dir);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int glob_expand(const char *pattern, char ***matches)
{
	struct matches m = { 0 };

	glob_in(&m, arena_copy(""), pattern);
	if (m.count > 1)
		qsort(m.list, m.count, sizeof(*m.list), compare);
	*matches = m.list;
	return m.count;
}
