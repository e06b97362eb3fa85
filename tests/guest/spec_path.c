/*
 * Paths: slashes, dots, links in the middle and at the end, each call's manners with a last
 * link, folders that vanish, roots, search permission on each step, deep trees.
 * Pages: path_resolution(7), symlink(7), chdir(2), getcwd(2), openat(2).
 *
 * native: no
 */
#include "spec.h"

static struct stat s;

static const char *const paths[] = {
	"a", "./a", "a/", "a//", "a/.", "a/..", "a/../a", "a//b///c", "a/b/c/", "a/b/c/.", "a/b/c/../c",
	"a/b/../../a/b/c", "la", "la/", "la/b", "la/b/c", "la/b/c/", "la/..", "la/../a/b/c", "lc", "lc/",
	"lc/.", "labs", "labs/c", "lslash", "lslash/c", "ldot", "ldot/a", "ldotdot", "ldotdot/spec.tmp",
	"chain", "chain/c", "up", "up/spec.tmp/a", "into", "into/c", "gone", "gone/", "gone/x", "gone/..",
	"self", "self/x", "a/b/c/x", "x/..", "x/.", "lempty", ".", "./", ".//.", "..", "../spec.tmp/a",
	"/", "//", "///", "/.", "/..", "/../..", "/tmp/spec.tmp/a/b/c", "//tmp//spec.tmp", "",
};

static void kinds(void)
{
	for (size_t i = 0; i < COUNT(paths); i++) {
		int follow = stat(paths[i], &s) == -1 ? -errno : (int)(s.st_mode & S_IFMT) >> 12;
		int plain = lstat(paths[i], &s) == -1 ? -errno : (int)(s.st_mode & S_IFMT) >> 12;
		char first[40], second[40];
		snprintf(first, sizeof(first), "%s", follow < 0 ? errno_text(-follow) : follow == 4 ? "folder" : "file");
		snprintf(second, sizeof(second), "%s", plain < 0 ? errno_text(-plain) : plain == 4 ? "folder" :
			 plain == 10 ? "link" : "file");
		say("'%s': stat %s, lstat %s, chdir %s", paths[i], first, second,
		    chdir(paths[i]) == 0 ? "ok" : errno_text(errno));
		MUST(chdir("/tmp/spec.tmp"));
	}
}

/* What each call does with a link at the end: to a file, to nothing. */
static void last_links(void)
{
	char text[32];
	struct timespec now[2] = { { 5, 0 }, { 5, 0 } };

	make_file("target", 0644, "abc", 3);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "to_gone" : "to_target";
		MUST(symlink(i ? "nothing" : "target", name));
		say("%s", name);
		VALUE(access(name, F_OK));
		VALUE(truncate(name, 2));
		VALUE(chmod(name, 0600));
		VALUE(chown(name, 0, 0));
		VALUE(lchown(name, 0, 0));
		VALUE(utimensat(AT_FDCWD, name, now, 0));
		VALUE(readlink(name, text, sizeof(text)));
		VALUE(mkdir(name, 0700));
		VALUE(mkfifo(name, 0600));
		VALUE(symlink("x", name));
		VALUE(link("target", name));
		VALUE(rmdir(name));
		VALUE(chdir(name));
		VALUE(opened(open(name, O_RDONLY)));
		VALUE(opened(open(name, O_CREAT | O_EXCL | O_RDWR, 0600)));
		VALUE(opened(open(name, O_CREAT | O_RDWR, 0600)));
		VALUE_OF("made through the link", access("nothing", F_OK));
		VALUE(rename(name, "renamed"));
		VALUE(lstat("renamed", &s) == 0 && S_ISLNK(s.st_mode));
		VALUE(unlink("renamed"));
		VALUE(unlink("nothing"));
	}
	say("target: size %ld mode %o", size_of("target"), mode_of("target"));
}

static void searching(void)
{
	static const struct { const char *label; int first, second; } rows[] = {
		{ "both", 0711, 0711 }, { "no first", 0766, 0711 }, { "no second", 0711, 0766 },
	};

	MUST(mkdir("p", 0700));
	MUST(mkdir("p/q", 0700));
	make_file("p/q/f", 0666, "x", 1);
	MUST(symlink("p/q/f", "through"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		MUST(chmod("p", rows[i].first));
		MUST(chmod("p/q", rows[i].second));
		if (!other(9, 9))
			continue;
		say("%s", rows[i].label);
		VALUE(stat("p/q/f", &s));
		VALUE(stat("p/q/absent", &s));
		VALUE(stat("p/absent/x", &s));
		VALUE(stat("p/q/", &s));
		VALUE(stat("p/q/..", &s));
		VALUE(stat("p/q/../..", &s));
		VALUE(stat("through", &s));
		VALUE(lstat("through", &s));
		VALUE(chdir("p/q"));
		_exit(0);
	}
	MUST(chmod("p", 0711));
	MUST(chmod("p/q", 0711));
	if (other(9, 9)) {
		MUST(chdir("p/q"));
		if (fork() == 0)
			_exit(0);
		MUST(wait(NULL));
		VALUE(stat("f", &s));
		VALUE(stat("../q/f", &s));
		_exit(0);
	}
	int fd = MUST(open("p/q", O_RDONLY | O_DIRECTORY));
	MUST(chmod("p", 0700));
	AS_OF("from a descriptor below a closed folder", 9, 9, fstatat(fd, "f", &s, 0));
	AS_OF("but not up and down again", 9, 9, fstatat(fd, "../q/f", &s, 0));
	AS_OF("up", 9, 9, fstatat(fd, "..", &s, 0));
	MUST(chmod("p/q", 0600));
	AS_OF("the folder of the descriptor is searched, too", 9, 9, fstatat(fd, "f", &s, 0));
	close(fd);
}

static void vanished(void)
{
	char text[PATH_MAX];
	int fd;

	MUST(mkdir("v", 0755));
	MUST(mkdir("v/w", 0755));
	fd = MUST(open("v/w", O_RDONLY | O_DIRECTORY));
	MUST(chdir("v/w"));
	MUST(rename("../../v", "../../v2"));
	YES(getcwd(text, sizeof(text)) && !strcmp(text, "/tmp/spec.tmp/v2/w"));
	MUST(rmdir("/tmp/spec.tmp/v2/w"));
	VALUE(getcwd(text, sizeof(text)) == NULL ? -1 : 0);
	VALUE(stat(".", &s));
	VALUE(s.st_nlink);
	VALUE(stat("..", &s));
	VALUE(stat("../..", &s));
	VALUE(stat("x", &s));
	VALUE(open("x", O_CREAT | O_RDWR, 0600));
	VALUE(mkdir("x", 0700));
	VALUE(symlink("y", "x"));
	VALUE(link("/tmp/spec.tmp/target", "x"));
	VALUE(rename("/tmp/spec.tmp/target", "x"));
	VALUE(chdir("."));
	VALUE(openat(fd, "x", O_CREAT | O_RDWR, 0600));
	OPENS(openat(fd, ".", O_RDONLY));
	VALUE(chdir(".."));
	YES(getcwd(text, sizeof(text)) && !strcmp(text, "/tmp/spec.tmp/v2"));
	VALUE(fchdir(fd));
	VALUE(getcwd(text, sizeof(text)) == NULL ? -1 : 0);
	MUST(chdir("/tmp/spec.tmp"));
	VALUE(readlinkat(fd, "", text, 10));
	close(fd);
	VALUE(syscall(SYS_getcwd, text, 14L));
	VALUE(syscall(SYS_getcwd, text, 13L));
	VALUE(syscall(SYS_getcwd, text, 0L));
	VALUE(syscall(SYS_getcwd, nowhere, 100L));
}

/* Paths longer than PATH_MAX exist; they are only not nameable at once. */
static void deep(void)
{
	char name[201], text[8192];
	int levels = 0;

	memset(name, 'd', 200), name[200] = 0;
	for (; levels < 30; levels++) {
		MUST(mkdir(name, 0755));
		MUST(chdir(name));
	}
	VALUE(syscall(SYS_getcwd, text, sizeof(text)));
	OPENS(open("f", O_CREAT | O_RDWR, 0600));
	VALUE(stat("../../../..", &s));
	VALUE(unlink("f"));
	while (levels-- > 0) {
		MUST(chdir(".."));
		MUST(rmdir(name));
	}
	VALUE(syscall(SYS_getcwd, text, sizeof(text)));
}

int main(void)
{
	spec_enter();
	MUST(mkdir("a", 0755));
	MUST(mkdir("a/b", 0755));
	make_file("a/b/c", 0644, "c", 1);
	MUST(symlink("a", "la"));
	MUST(symlink("a/b/c", "lc"));
	MUST(symlink("/tmp/spec.tmp/a/b", "labs"));
	MUST(symlink("a/b/", "lslash"));
	MUST(symlink(".", "ldot"));
	MUST(symlink("..", "ldotdot"));
	MUST(symlink("la/../la/b", "chain"));
	MUST(symlink("..", "a/up"));
	MUST(symlink("a/up/..", "up"));
	MUST(symlink("chain/../b", "into"));
	MUST(symlink("nowhere", "gone"));
	MUST(symlink("self", "self"));
	MUST(symlink("/", "lempty"));
	kinds();
	last_links();
	searching();
	vanished();
	deep();
	spec_leave();
	return 0;
}
