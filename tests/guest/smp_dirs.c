/*
 * Directories move between directories, under each other and over each other,
 * while others look names up in them, create, list, remove them and ask where
 * they are. Each call may succeed or find that another one came first; no
 * directory ends up below itself, none is lost, and the counts of links are
 * right at the end. rename(2), mkdir(2), rmdir(2), open(2), getcwd(2).
 *
 * Arguments: rounds (200).
 * guest: -c 4 -t 120
 */
#include "check.h"

enum { WORKERS = 6, TOPS = 3, SUBS = 3 };

static unsigned seed;

static unsigned pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* "t1/s0", at times deeper: "t1/s0/s2". */
static const char *dir_name(void)
{
	static char text[2][60];
	static int which;
	char *to = text[which ^= 1];
	int n = snprintf(to, sizeof text[0], "t%u/s%u", pick(TOPS), pick(SUBS));
	while (pick(3) == 0 && n < 40)
		n += snprintf(to + n, sizeof text[0] - n, "/s%u", pick(SUBS));
	return to;
}

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

static int move(void)
{
	for (int i = 0; i < 8; i++) {
		TRY(mkdir(dir_name(), 0755), EEXIST, ENOENT);
		TRY(rename(dir_name(), dir_name()), ENOENT, ENOTEMPTY, EINVAL, EEXIST);
	}
	TRY(rmdir(dir_name()), ENOENT, ENOTEMPTY);
	return 0;
}

static int live_inside(void)
{
	char path[80], cwd[PATH_MAX];
	struct stat st;
	int top = MUST(open(".", O_RDONLY | O_DIRECTORY));
	const char *dir = dir_name();
	TRY(chdir(dir), ENOENT);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "f%u", pick(2));
		int fd = open(path, O_CREAT | O_RDWR, 0644);
		TRY(fd, ENOENT, EISDIR);
		if (fd >= 0)
			close(fd);
		TRY(stat("..", &st), ENOENT);
		TRY(unlink(path), ENOENT);
		TRY(syscall(SYS_getcwd, cwd, sizeof cwd), ENOENT);
		if (strstr(cwd, "//"))
			return 1;
	}
	MUST(fchdir(top));
	close(top);
	return 0;
}

static int look(void)
{
	char path[80];
	struct stat st;
	const char *name = dir_name();
	DIR *dir = opendir(name);
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		if (!strchr(".sf", entry->d_name[0]))
			return 1;
	if (dir)
		closedir(dir);
	snprintf(path, sizeof path, "%s/../../anchor", name);
	TRY(stat(path, &st), ENOENT);
	TRY(stat("t0/../t1/../anchor", &st), 0);
	return 0;
}

static int run(int me, int rounds)
{
	seed = me * 7919 + 1;
	for (int i = 0; i < rounds; i++)
		if (me % 3 == 0 ? look() : me % 3 == 1 ? move() : live_inside())
			return 1;
	return 0;
}

/* Removes all there is below, and counts nothing: what cannot be reached is not removed. */
static void empty(const char *path)
{
	char inside[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
		if (unlink(inside) != 0) {
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
	char top[4];
	struct stat st;
	MUST(mkdir("storm", 0755));
	MUST(chdir("storm"));
	make_file("anchor", 0644, "", 0);
	for (int i = 0; i < TOPS; i++) {
		snprintf(top, sizeof top, "t%d", i);
		MUST(mkdir(top, 0755));
	}
	for (int i = 0; i < WORKERS; i++)
		if (MUST(fork()) == 0)
			_exit(run(i, rounds));
	for (int i = 0; i < WORKERS; i++) {
		MUST(wait(&status));
		failed += status != 0;
	}
	VALUE(failed);
	for (int i = 0; i < TOPS; i++) {
		snprintf(top, sizeof top, "t%d", i);
		empty(top);
		MUST(stat(top, &st));
		VALUE_OF("links", st.st_nlink);
		OK(rmdir(top));
	}
	MUST(stat(".", &st));
	VALUE_OF("links of the directory", st.st_nlink);
	OK(unlink("anchor"));
	MUST(chdir(".."));
	OK(rmdir("storm"));
	return 0;
}
