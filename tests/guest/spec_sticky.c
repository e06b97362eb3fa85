/*
 * Folders that only their writers change, and sticky ones, where it takes the owner of the
 * file or of the folder; hard links to others' files. Pages: unlink(2), rename(2),
 * rmdir(2), inode(7) "sticky bit", path_resolution(7), proc(5) protected_hardlinks.
 *
 * native: no
 */
#include "spec.h"

/* Folder of user 10; files of 10, 11 and 12; who may do what. */
static void make_tree(int mode)
{
	static const char *const names[] = { "of10", "of11", "of12" };
	char path[16];

	MUST(mkdir("d", 0755));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "d/%s", names[i]);
		make_file(path, 0666, "", 0);
		MUST(chown(path, 10 + i, 10 + i));
		snprintf(path, sizeof(path), "d/sub%s", names[i]);
		MUST(mkdir(path, 0777));
		MUST(chown(path, 10 + i, 10 + i));
	}
	MUST(chown("d", 10, 30));
	MUST(chmod("d", mode));
	MUST(mkdir("out", 0777));
	MUST(chmod("out", 0777));
	make_file("out/mine", 0666, "", 0);
	MUST(chown("out/mine", 11, 11));
}

static int drop(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type, (void)at;
	return remove(path);
}

static void remove_tree(void)
{
	MUST(nftw("d", drop, 8, FTW_DEPTH | FTW_PHYS));
	MUST(nftw("out", drop, 8, FTW_DEPTH | FTW_PHYS));
}

static void try_all(int mode, uid_t uid, gid_t gid)
{
	struct { const char *label; const char *from, *to; } moves[] = {
		{ "own away", "d/of11", "d/moved" }, { "other's away", "d/of12", "d/moved2" },
		{ "folder's owner's away", "d/of10", "out/moved3" },
		{ "in over other's", "out/mine", "d/of12" }, { "out", "d/of12", "out/o" },
		{ "sub away", "d/subof12", "d/submoved" }, { "sub over sub", "d/subof11", "d/subof12" },
		{ "sub into other", "d/subof10", "d/subof11/x" },
	};
	char label[80];

	for (size_t i = 0; i < COUNT(moves); i++) {
		make_tree(mode);
		snprintf(label, sizeof(label), "%04o %d:%d rename %s", mode, uid, gid, moves[i].label);
		AS_OF(label, uid, gid, rename(moves[i].from, moves[i].to));
		remove_tree();
	}
	make_tree(mode);
	if (other(uid, gid)) {
		say("%04o %d:%d", mode, uid, gid);
		OK(unlink("d/of10"));
		OK(unlink("d/of11"));
		OK(unlink("d/of12"));
		OK(rmdir("d/subof10"));
		OK(rmdir("d/subof11"));
		OK(rmdir("d/subof12"));
		OK(unlink("d/absent"));
		OK(rmdir("d/absent"));
		OK(mkdir("d/new", 0700));
		OK(rmdir("d/new"));
		_exit(0);
	}
	remove_tree();
}

static void hard_links(void)
{
	MUST(mkdir("w", 0777));
	MUST(chmod("w", 0777));
	make_file("theirs", 0644, "x", 1);
	make_file("open", 0666, "x", 1);
	make_file("setuid", 0666, "x", 1);
	MUST(chmod("setuid", 04666));
	make_file("own", 0600, "x", 1);
	MUST(chown("own", 11, 11));
	MUST(mkfifo("fifo", 0666));
	MUST(mkdir("closed", 0700));
	make_file("closed/f", 0666, "x", 1);
	AS(11, 11, link("own", "w/own"));
	AS(11, 11, link("own", "not_here"));
	AS(11, 11, link("closed/f", "w/f"));
	AS(11, 11, link("own", "closed/own"));
	AS(11, 11, link("w", "w/w"));
	AS(11, 11, symlink("theirs", "not_here"));
	AS(11, 11, symlink("theirs", "w/to_theirs"));
	AS(11, 11, mkfifo("not_here", 0600));
	AS(11, 11, mkfifo("w/fifo", 0600));
	AS(11, 11, mknod("w/device", S_IFCHR | 0600, 0x103));
	AS(11, 11, mknod("w/device", S_IFBLK | 0600, 0x103));
	AS(11, 11, mknod("w/socket", S_IFSOCK | 0600, 0));
	AS(11, 11, mknod("w/zero", 0600, 0));
	AS(11, 11, mknod("w/folder", S_IFDIR | 0600, 0));
	AS(11, 11, mknod("w/link", S_IFLNK | 0600, 0));
	AS(11, 11, mknod("w/odd", 0170000 | 0600, 0));
	AS(11, 11, rename("w", "w2"));
}

int main(void)
{
	static const int modes[] = { 0755, 0777, 01777, 01775 };

	spec_enter();
	for (size_t i = 0; i < COUNT(modes); i++) {
		try_all(modes[i], 11, 11);
		try_all(modes[i], 10, 10);
		try_all(modes[i], 12, 30);
		try_all(modes[i], 0, 0);
	}
	hard_links();
	spec_leave();
	return 0;
}
