/*
 * mount and umount2 of tmpfs and proc: what is covered and comes back, EBUSY, EXDEV, flags,
 * permissions, mount points that cannot be removed or renamed, `..` across them.
 * Pages: mount(2), umount(2), path_resolution(7), tmpfs(5), rename(2), rmdir(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/mount.h>
#include <sys/statfs.h>

static char text[1024];

static void mounting(void)
{
	struct stat under, over, back;
	struct statfs system;

	MUST(mkdir("m", 0711));
	make_file("m/covered", 0600, "c", 1);
	MUST(stat("m", &under));
	VALUE(mount("none", "m", "tmpfs", 0, NULL));
	MUST(stat("m", &over));
	YES(under.st_dev != over.st_dev);
	say("mode of its root %o links %ld", over.st_mode, (long)over.st_nlink);
	VALUE(access("m/covered", F_OK));
	make_file("m/f", 0644, "abc", 3);
	MUST(statfs("m", &system));
	say("type %lx", (long)system.f_type);
	MUST(stat("m/..", &back));
	MUST(stat(".", &over));
	YES_OF(".. leads out", back.st_ino == over.st_ino && back.st_dev == over.st_dev);
	VALUE(rmdir("m"));
	VALUE(rename("m", "n"));
	VALUE(unlink("m"));
	VALUE(rename("m/f", "f"));
	VALUE(link("m/f", "f"));
	make_file("g", 0644, "g", 1);
	VALUE(rename("g", "m/f"));
	VALUE(rename("m/f", "m/f2"));
	VALUE(umount2("m", 0));
	VALUE(access("m/covered", F_OK));
	VALUE(access("m/f2", F_OK));
	VALUE(umount2("m", 0));
	MUST(stat("m", &back));
	YES(back.st_ino == under.st_ino);
	VALUE(unlink("m/covered"));
}

static void busy(void)
{
	int fd;

	MUST(mount("none", "m", "tmpfs", 0, NULL));
	make_file("m/f", 0644, "abc", 3);
	fd = MUST(open("m/f", O_RDONLY));
	VALUE_OF("a file is open", umount2("m", 0));
	close(fd);
	fd = MUST(open("m", O_PATH));
	VALUE_OF("an O_PATH descriptor", umount2("m", 0));
	close(fd);
	MUST(chdir("m"));
	VALUE_OF("somebody stands in it", umount2("../m", 0));
	MUST(chdir(".."));
	MUST(mkdir("m/sub", 0755));
	MUST(mount("none", "m/sub", "tmpfs", 0, NULL));
	VALUE_OF("another mount is in it", umount2("m", 0));
	VALUE(umount2("m/sub", 0));
	fd = MUST(open("m/f", O_RDONLY));
	close(fd);
	VALUE(umount2("m", 0));
	VALUE_OF("the place itself", rmdir("m"));
	MUST(mkdir("m", 0755));
}

static void arguments(void)
{
	make_file("file", 0644, "", 0);
	MUST(symlink("m", "to_m"));
	VALUE(mount("none", "absent", "tmpfs", 0, NULL));
	VALUE(mount("none", "file", "tmpfs", 0, NULL));
	VALUE(mount("none", "file/x", "tmpfs", 0, NULL));
	VALUE(mount("none", "m", "no_such_fs", 0, NULL));
	VALUE(mount("none", "m", NULL, 0, NULL));
	VALUE(mount("none", "m", nowhere, 0, NULL));
	VALUE(mount("none", nowhere, "tmpfs", 0, NULL));
	VALUE(mount("none", "", "tmpfs", 0, NULL));
	VALUE(umount2("m", 0));
	VALUE(umount2("absent", 0));
	VALUE(umount2("file", 0));
	VALUE(umount2("", 0));
	VALUE(umount2(nowhere, 0));
	VALUE(umount2("m", 0x100));
	VALUE(umount2("m", -1));
	VALUE(umount2("file/x", 0));
	VALUE(mount("none", "to_m", "tmpfs", 0, NULL));
	VALUE(umount2("to_m", 8));
	VALUE(umount2("to_m", 0));
	VALUE(mount("proc", "m", "proc", 0, NULL));
	OPENS(open("m/self/stat", O_RDONLY));
	VALUE(umount2("m", 0));
	VALUE(mount("none", "m", "tmpfs", 0, NULL));
	VALUE_OF("twice on one place", mount("none", "m", "tmpfs", 0, NULL));
	VALUE(umount2("m", 0));
	VALUE(umount2("m", 0));
	VALUE(umount2("m", 0));
	AS(9, 9, mount("none", "m", "tmpfs", 0, NULL));
	AS(9, 9, umount2("/proc", 0));
	VALUE(mount("none", "m", "tmpfs", 0, "mode=750"));
	MODE("m");
	VALUE(umount2("m", 0));
	VALUE(mount("none", "m", "tmpfs", 0, "size=1m"));
	VALUE(umount2("m", 0));
}

/* Words of the line of /proc/mounts for a place. */
static void listed(const char *label, const char *place)
{
	int fd = MUST(open("/proc/mounts", O_RDONLY));
	long n = MUST(read(fd, text, sizeof(text) - 1));
	char *at, *end;

	text[n] = 0;
	close(fd);
	at = strstr(text, place);
	if (!at) {
		say("%s: not listed", label);
		return;
	}
	while (at > text && at[-1] != '\n')
		at--;
	end = strchr(at, ' ') + 1;
	end = strchr(end, ' ') + 1;
	end = strpbrk(end, " ");
	say("%s: %.*s", label, (int)(end - at), at);
}

static void lists(void)
{
	listed("before", "/tmp/spec.tmp/m");
	MUST(mount("a name", "m", "tmpfs", 0, NULL));
	listed("mounted", "/tmp/spec.tmp/m");
	MUST(umount2("m", 0));
	listed("after", "/tmp/spec.tmp/m");
}

static void mapped(void)
{
	MUST(mount("none", "m", "tmpfs", 0, NULL));
	make_file("m/f", 0644, "abc", 3);
	int fd = MUST(open("m/f", O_RDONLY));
	char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	close(fd);
	VALUE_OF("mapped", umount2("m", 0));
	at[0] = 'x';
	VALUE_OF("mapped, copied", umount2("m", 0));
	MUST(munmap(at, PAGE));
	VALUE_OF("no more", umount2("m", 0));
	MUST(mount("none", "m", "tmpfs", 0, NULL));
	make_file("m/f", 0644, "abc", 3);
	fd = MUST(open("m/f", O_RDWR));
	at = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	close(fd);
	VALUE_OF("beyond the end", umount2("m", 0));
	VALUE_OF("detached", umount2("m", MNT_DETACH));
	MUST(munmap(at, 4 * PAGE));
}

static void read_only(void)
{
	int fd;

	MUST(mount("none", "m", "tmpfs", 0, NULL));
	make_file("m/f", 0644, "abc", 3);
	if (mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0) {
		VALUE(open("m/f", O_RDWR));
		VALUE(open("m/new", O_CREAT | O_RDWR, 0600));
		OPENS(open("m/f", O_RDONLY));
		VALUE(mkdir("m/d", 0700));
		VALUE(unlink("m/f"));
		VALUE(chmod("m/f", 0600));
		VALUE(truncate("m/f", 0));
		VALUE(access("m/f", W_OK));
		VALUE(access("m/f", R_OK));
		VALUE(rename("m/f", "m/g"));
		VALUE(utimensat(AT_FDCWD, "m/f", NULL, 0));
		VALUE(mkdir("m/f", 0700));
		fd = open("m/f", O_CREAT | O_RDONLY, 0600);
		VALUE(close(fd));
	}
	MUST(umount2("m", 0));
}

int main(void)
{
	spec_enter();
	mounting();
	busy();
	arguments();
	lists();
	mapped();
	read_only();
	spec_leave();
	return 0;
}
