/*
 * File systems come and go while others walk over the places where they are
 * mounted, stay in them, open and list files there. Each call may succeed or
 * find that it is not there (any more); at the end all can be unmounted. (".."
 * of a file system that is being unmounted leads nowhere.)
 * mount(2), umount2(2).
 *
 * Arguments: rounds (100).
 * guest: -c 4 -t 120
 * native: no
 */
#include "check.h"
#include <sys/mount.h>

enum { WORKERS = 6, PLACES = 2 };

static unsigned seed;

static unsigned pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static const char *place(void)
{
	static char text[20];

	snprintf(text, sizeof(text), pick(3) ? "/places/p%u" : "/places/p%u/in", pick(PLACES));
	return text;
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

static int mounter(void)
{
	char name[30];

	TRY(mount("none", place(), "tmpfs", 0, "size=1m"), ENOENT, EINVAL);
	snprintf(name, sizeof(name), "%s/in", place());
	TRY(mkdir(name, 0755), EEXIST, ENOENT);
	TRY(umount2(place(), pick(2) ? MNT_DETACH : 0), EINVAL, EBUSY, ENOENT);
	TRY(umount2(place(), MNT_DETACH), EINVAL, ENOENT);
	return 0;
}

static int walker(void)
{
	char name[40], text[64];
	struct stat st;
	struct dirent *entry;
	DIR *dir;
	int fd, there;

	snprintf(name, sizeof(name), "%s/f%u", place(), pick(3));
	fd = open(name, O_CREAT | O_RDWR, 0644);
	TRY(fd, ENOENT);
	if (fd >= 0) {
		TRY(write(fd, "some text", 9), ENOSPC);
		if (pread(fd, text, sizeof(text), 0) < 9)
			return 1;
		close(fd);
	}
	TRY(unlink(name), ENOENT);
	there = chdir(place());
	TRY(there, ENOENT);
	if (there == 0) {
		TRY(mkdir("d", 0755), EEXIST, ENOENT);
		TRY(rename("d", "e"), ENOENT, ENOTEMPTY);
		TRY(syscall(SYS_getcwd, name, sizeof(name)), ENOENT);
		TRY(stat("..", &st), ENOENT);
		TRY(rmdir("e"), ENOENT, EBUSY);
	}
	MUST(chdir("/"));
	dir = opendir(place());
	while (dir && (entry = readdir(dir)))
		if (!strchr(".fdei", entry->d_name[0]))
			return 1;
	if (dir)
		closedir(dir);
	TRY(stat("/places/p0/../p1/../anchor", &st), ENOENT);
	fd = open("/proc/mounts", O_RDONLY);
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	return 0;
}

static int run(int me, int rounds)
{
	seed = me * 7919 + 1;
	for (int i = 0; i < rounds; i++)
		if (me % 3 == 0 ? mounter() : walker())
			return 1;
	return 0;
}

static void empty(const char *path)
{
	char inside[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.' && unlink(inside) != 0) {
			empty(inside);
			MUST(rmdir(inside));
		}
	}
	if (dir)
		closedir(dir);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100, failed = 0, status;
	char name[30];

	MUST(mkdir("/places", 0755));
	make_file("/places/anchor", 0644, "", 0);
	for (int i = 0; i < PLACES; i++) {
		snprintf(name, sizeof(name), "/places/p%d", i);
		MUST(mkdir(name, 0755));
	}
	for (int i = 0; i < WORKERS; i++)
		if (MUST(fork()) == 0)
			_exit(run(i, rounds));
	for (int i = 0; i < WORKERS; i++) {
		MUST(wait(&status));
		failed += status != 0;
	}
	VALUE(failed);
	for (int i = 0; i < PLACES; i++) {
		snprintf(name, sizeof(name), "/places/p%d", i);
		while (umount2(name, MNT_DETACH) == 0)
			;
		strcat(name, "/in");
		while (umount2(name, MNT_DETACH) == 0)
			;
	}
	empty("/places");
	OK(rmdir("/places"));
	return 0;
}
