/*
 * What a new object gets: mode by umask, owner, group of a set-group-ID folder, times of
 * its folder, link counts; the types of mknod.
 * Pages: mkdir(2), mknod(2), open(2), umask(2), inode(7), symlink(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/sysmacros.h>

static void show(const char *name)
{
	struct stat status;

	if (lstat(name, &status) == -1)
		say("  %s: %s", name, errno_text(errno));
	else
		say("  %s: mode %06o owner %d:%d links %ld", name, status.st_mode, status.st_uid,
		    status.st_gid, (long)status.st_nlink);
	remove(name);
}

static void make_each(mode_t mode)
{
	int fd = open("file", O_CREAT | O_WRONLY | O_EXCL, mode);

	if (fd != -1)
		close(fd);
	show("file");
	OK(mkdir("folder", mode));
	show("folder");
	OK(mkfifo("fifo", mode));
	show("fifo");
	OK(mknod("plain", mode, 0));
	show("plain");
	OK(mknod("socket", S_IFSOCK | mode, 0));
	show("socket");
	OK(symlink("x", "link"));
	show("link");
}

static void masks(void)
{
	static const mode_t masks[] = { 0, 022, 077, 0777, 0123 };
	static const mode_t modes[] = { 0777, 0666, 07777, 0 };

	for (size_t i = 0; i < COUNT(masks); i++) {
		for (size_t j = 0; j < COUNT(modes); j++) {
			umask(masks[i]);
			say("umask %03o mode %04o", masks[i], modes[j]);
			make_each(modes[j]);
		}
	}
	umask(022);
	VALUE(umask(07777));
	VALUE(umask(~0U));
	VALUE(umask(022));
}

static void groups(void)
{
	MUST(mkdir("g", 0777));
	MUST(chown("g", 3, 44));
	MUST(chmod("g", 02777));
	MUST(chdir("g"));
	say("by root in a set-group-ID folder");
	make_each(02777);
	if (other(8, 9)) {
		say("by 8:9");
		make_each(0777);
		say("by 8:9, set-group-ID asked for");
		make_each(02777);
		_exit(0);
	}
	if (other(8, 44)) {
		say("by a member");
		make_each(06777);
		_exit(0);
	}
	MUST(chdir(".."));
	MUST(chmod("g", 0777));
	MUST(chdir("g"));
	if (other(8, 9)) {
		say("without the bit");
		make_each(06777);
		_exit(0);
	}
	MUST(chdir(".."));
}

static void fs_ids(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		say("effective 8:9, real 0:0");
		MUST(setegid(9));
		MUST(seteuid(8));
		MUST(chdir("g"));
		make_each(0777);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
}

static void link_counts(void)
{
	struct stat status;

	MUST(mkdir("p", 0755));
	for (int i = 0; i < 4; i++) {
		char name[8];
		snprintf(name, sizeof(name), "p/%d", i);
		MUST(mkdir(name, 0755));
		MUST(stat("p", &status));
		say("folders %d links %ld", i + 1, (long)status.st_nlink);
	}
	make_file("p/file", 0644, "", 0);
	MUST(symlink("0", "p/link"));
	MUST(stat("p", &status));
	say("a file and a link more: %ld", (long)status.st_nlink);
	MUST(rename("p/3", "p/0/3"));
	MUST(rmdir("p/2"));
	MUST(stat("p", &status));
	say("one away, one moved down: %ld", (long)status.st_nlink);
}

static void mknod_types(void)
{
	struct stat status;

	OK(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	MUST(stat("null", &status));
	say("device %d:%d mode %o", major(status.st_rdev), minor(status.st_rdev), status.st_mode);
	OPENS(open("null", O_RDWR));
	OK(mknod("block", S_IFBLK | 0600, makedev(300, 70000)));
	MUST(stat("block", &status));
	say("device %d:%d mode %o", major(status.st_rdev), minor(status.st_rdev), status.st_mode);
	OK(mknod("d", S_IFDIR | 0600, 0));
	OK(mknod("l", S_IFLNK | 0600, 0));
	OK(mknod("o", 0050000, 0));
	OK(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	OK(mknod("absent/x", S_IFREG | 0666, 0));
	OK(mknod("null/x", S_IFREG | 0666, 0));
	OK(mknod("", S_IFREG | 0666, 0));
	OK(mknod(nowhere, S_IFREG | 0666, 0));
	OK(mkdir(nowhere, 0666));
	OK(mknodat(-1, "x", S_IFREG, 0));
	OK(mknodat(0, "x", S_IFREG, 0));
	MUST(symlink("gone", "dangling"));
	OK(mknod("dangling", S_IFREG | 0666, 0));
	OK(mkdir("dangling", 0666));
	OK(mkdir("dangling/", 0666));
	OK(mkdir("made/", 0755));
	OK(mkdir("made//", 0755));
	OK(mkdir("made/.", 0755));
	OK(mkdir("absent/.", 0755));
	OK(mkdir("/proc/x", 0755));
	OK(mkdir("/", 0755));
}

int main(void)
{
	spec_enter();
	masks();
	groups();
	fs_ids();
	link_counts();
	mknod_types();
	spec_leave();
	return 0;
}
