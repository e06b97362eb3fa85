/*
 * Several processes make, link, rename and remove the same few names at once,
 * while others list the directory and look the names up. Each call may succeed
 * or find that another one came first; no other error is possible, and at the
 * end the counts of links are right and the directory can be emptied.
 * open(2), link(2), rename(2), unlink(2), mkdir(2), rmdir(2), readdir(3).
 *
 * Arguments: rounds (200).
 * guest: -c 4 -t 120
 */
#include "check.h"

enum { WORKERS = 6, NAMES = 4 };

static unsigned seed;

static unsigned pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static const char *name(int sub)
{
	static char text[2][40];
	static int which;
	char *to = text[which ^= 1];
	snprintf(to, sizeof text[0], sub ? "storm/sub%u/f%u" : "storm/f%u", pick(2), pick(NAMES));
	return to;
}

/* 0, or an errno that no order of the calls explains. */
static int unexpected(int result, const int *allowed)
{
	if (result >= 0)
		return 0;
	for (; *allowed; allowed++)
		if (errno == *allowed)
			return 0;
	return errno;
}
#define TRY(call, ...) \
	do { \
		int bad_ = unexpected((call), (const int[]){__VA_ARGS__, 0}); \
		if (bad_) { \
			say("# %s: %s", #call, errno_text(bad_)); \
			return 1; \
		} \
	} while (0)

static int step(void)
{
	int fd;
	char sub[20];
	snprintf(sub, sizeof sub, "storm/sub%u", pick(2));
	switch (pick(8)) {
	case 0:
		fd = open(name(pick(2)), O_CREAT | O_EXCL | O_WRONLY, 0644);
		TRY(fd, EEXIST, ENOENT);
		if (fd >= 0)
			close(fd);
		return 0;
	case 1:
		TRY(unlink(name(pick(2))), ENOENT);
		return 0;
	case 2:
		TRY(rename(name(pick(2)), name(pick(2))), ENOENT);
		return 0;
	case 3:
		TRY(link("storm/anchor", name(pick(2))), EEXIST, ENOENT);
		return 0;
	case 4:
		TRY(mkdir(sub, 0755), EEXIST);
		return 0;
	case 5:
		TRY(rmdir(sub), ENOENT, ENOTEMPTY);
		return 0;
	case 6:
		TRY(rename("storm/sub0", "storm/sub1"), ENOENT, ENOTEMPTY);
		return 0;
	default:
		TRY(symlink("f0", name(0)), EEXIST, ENOENT);
		return 0;
	}
}

static int worker(int rounds)
{
	for (int i = 0; i < rounds; i++)
		if (step())
			return 1;
	return 0;
}

static int reader(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		char target[40];
		struct stat st;
		struct dirent *entry;
		DIR *dir = opendir(pick(2) ? "storm" : "storm/sub1");
		while (dir && (entry = readdir(dir)))
			if (entry->d_name[0] != '.' && strchr("afs", entry->d_name[0]) == NULL)
				return 1;
		if (dir)
			closedir(dir);
		TRY(stat(name(pick(2)), &st), ENOENT, ELOOP);
		TRY(readlink(name(0), target, sizeof target), ENOENT, EINVAL);
		TRY(stat("storm/sub1/../anchor", &st), ENOENT);
	}
	return 0;
}

static int run(int me, int rounds)
{
	seed = me * 7919 + 1;
	return me < 2 ? reader(rounds) : worker(rounds);
}

static void empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char inside[300];
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
		if (strcmp(entry->d_name, "anchor") != 0 && unlink(inside) != 0) {
			empty(inside);
			MUST(rmdir(inside));
		}
	}
	if (dir)
		closedir(dir);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 200, failed = 0, status;
	struct stat st;
	MUST(mkdir("storm", 0755));
	MUST(close(MUST(open("storm/anchor", O_CREAT | O_WRONLY, 0644))));
	for (int i = 0; i < WORKERS; i++)
		if (MUST(fork()) == 0)
			_exit(run(i, rounds));
	for (int i = 0; i < WORKERS; i++) {
		MUST(wait(&status));
		failed += status != 0;
	}
	VALUE(failed);
	empty("storm");
	MUST(stat("storm/anchor", &st));
	VALUE_OF("links of the anchor", st.st_nlink);
	MUST(stat("storm", &st));
	VALUE_OF("links of the directory", st.st_nlink);
	OK(unlink("storm/anchor"));
	OK(rmdir("storm"));
	return 0;
}
