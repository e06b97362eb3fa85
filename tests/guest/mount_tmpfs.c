/*
 * mount and umount of tmpfs: options, limits, flags, mounts on mounts, busy and
 * detached file systems, remounting; and the errors.
 *
 * From mount(2), umount(2), tmpfs(5), proc_pid_mounts(5), statfs(2).
 * native: no
 */
#include "check.h"
#include <sys/mount.h>
#include <sys/statfs.h>

static char big[64 << 10];

/* The options of the last mount at this place, those that are asked for. */
static const char *shown(const char *place)
{
	static char text[16384];
	char *line, *options = "not mounted";
	int fd = MUST(open("/proc/mounts", O_RDONLY)), n = 0, got;
	size_t length = strlen(place);

	while ((got = MUST(read(fd, text + n, sizeof(text) - 1 - n))) > 0)
		n += got;
	close(fd);
	text[n] = 0;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *at = strchr(line, ' ');
		if (at && strncmp(at + 1, place, length) == 0 && at[1 + length] == ' ') {
			options = strchr(at + length + 2, ' ') + 1;
			*strchr(options, ' ') = 0;
		}
	}
	return options;
}

static int has(const char *options, const char *wanted)
{
	const char *at = strstr(options, wanted);
	size_t length = strlen(wanted);

	return at && (at[length] == ',' || at[length] == 0);
}

static void limits(void)
{
	struct statfs fs;
	struct stat st;
	const char *options;
	int fd;

	OK(mount("none", "/m", "tmpfs", 0, "size=40k,nr_inodes=4,mode=750,uid=7,gid=8"));
	MUST(stat("/m", &st));
	say("mode %o, owner %d, group %d, links %d", st.st_mode, st.st_uid, st.st_gid, (int)st.st_nlink);
	MUST(statfs("/m", &fs));
	say("magic %lx, %ld blocks of %ld, %ld free, %ld inodes, %ld free", (long)fs.f_type,
	    (long)fs.f_blocks, (long)fs.f_bsize, (long)fs.f_bfree, (long)fs.f_files, (long)fs.f_ffree);
	options = shown("/m");
	YES(has(options, "size=40k"));
	YES(has(options, "nr_inodes=4"));
	YES(has(options, "mode=750"));
	YES(has(options, "uid=7") && has(options, "gid=8"));
	fd = MUST(open("/m/f", O_CREAT | O_RDWR, 0600));
	VALUE(write(fd, big, sizeof(big)));
	VALUE(write(fd, big, 1));
	MUST(statfs("/m", &fs));
	VALUE_OF("blocks free", fs.f_bfree);
	VALUE(pwrite(fd, "x", 1, 100));
	OK(ftruncate(fd, 4096));
	VALUE(pwrite(fd, big, sizeof(big), 1 << 20));
	MUST(fstat(fd, &st));
	VALUE_OF("sectors", st.st_blocks);
	OK(mkdir("/m/d", 0700));
	OK(symlink("f", "/m/s"));
	OK(mknod("/m/one_too_many", S_IFREG | 0600, 0));
	VALUE(open("/m/one_too_many", O_CREAT | O_RDWR, 0600));
	OK(rmdir("/m/d"));
	OK(mknod("/m/fits_now", S_IFIFO | 0600, 0));
	VALUE(umount("/m"));
	close(fd);
	OK(mount(NULL, "/m", NULL, MS_REMOUNT, "size=8k"));
	OK(mount(NULL, "/m", NULL, MS_REMOUNT, "size=64k"));
	MUST(statfs("/m", &fs));
	say("%ld blocks, %ld free", (long)fs.f_blocks, (long)fs.f_bfree);
	OK(umount("/m"));
	VALUE(stat("/m/f", &st));
}

static void read_only(void)
{
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	int fd;

	MUST(mount("none", "/m", "tmpfs", 0, NULL));
	MUST(mkdir("/m/d", 0777));
	make_file("/m/f", 0666, "text", 4);
	fd = MUST(open("/m/f", O_RDWR));
	VALUE(mount(NULL, "/m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	close(fd);
	OK(mount(NULL, "/m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	YES(has(shown("/m"), "ro"));
	VALUE(open("/m/f", O_RDWR));
	VALUE(open("/m/f", O_WRONLY | O_TRUNC));
	VALUE(open("/m/f", O_RDONLY | O_TRUNC));
	VALUE(open("/m/new", O_RDWR | O_CREAT, 0600));
	OK(close(MUST(open("/m/f", O_RDONLY | O_CREAT, 0600))));
	VALUE(mkdir("/m/new", 0700));
	VALUE(mkdir("/m/d", 0700));
	VALUE(rmdir("/m/d"));
	VALUE(rmdir("/m/none"));
	VALUE(unlink("/m/f"));
	VALUE(rename("/m/f", "/m/g"));
	VALUE(link("/m/f", "/m/g"));
	VALUE(symlink("f", "/m/g"));
	VALUE(chmod("/m/f", 0600));
	VALUE(chown("/m/f", 1, 1));
	VALUE(utimensat(AT_FDCWD, "/m/f", now, 0));
	VALUE(truncate("/m/f", 0));
	VALUE(access("/m/f", W_OK));
	VALUE(access("/m/f", R_OK));
	OK(mount(NULL, "/m", NULL, MS_REMOUNT, NULL));
	OK(unlink("/m/f"));
	OK(umount("/m"));
}

static void flags(void)
{
	char *arguments[] = { "x", NULL };
	const char *options;
	int fd;

	OK(mount("none", "/m", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	options = shown("/m");
	YES(has(options, "rw") && has(options, "nosuid") && has(options, "nodev") && has(options, "noexec"));
	make_file("/m/x", 0755, "#!/bin/sh\n", 10);
	VALUE(execv("/m/x", arguments));
	VALUE(access("/m/x", X_OK));
	fd = MUST(open("/m/x", O_RDONLY));
	YES(mmap(NULL, 10, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EPERM);
	OK(munmap(mmap(NULL, 10, PROT_READ, MAP_PRIVATE, fd, 0), 10));
	close(fd);
	OK(mknod("/m/null", S_IFCHR | 0666, 1 << 8 | 3));
	VALUE(open("/m/null", O_RDWR));
	OK(close(MUST(open("/m/null", O_PATH))));
	OK(umount("/m"));
	OK(mount("none", "/m", "tmpfs", MS_RDONLY | 0xc0ed0000, NULL));
	VALUE(mkdir("/m/d", 0700));
	OK(umount("/m"));
}

static void on_each_other(void)
{
	struct stat below, above;
	int fd;

	MUST(mount("none", "/m", "tmpfs", 0, NULL));
	make_file("/m/first", 0644, "1", 1);
	fd = MUST(open("/m", O_RDONLY));
	MUST(stat("/m", &below));
	OK(mount("none", "/m", "tmpfs", 0, NULL));
	MUST(stat("/m", &above));
	YES(below.st_dev != above.st_dev);
	VALUE(access("/m/first", F_OK));
	OK(faccessat(fd, "first", F_OK, 0));
	make_file("/m/second", 0644, "2", 1);
	close(fd);
	OK(umount("/m"));
	OK(access("/m/first", F_OK));
	OK(mkdir("/m/in", 0755));
	OK(mount("none", "/m/in", "tmpfs", 0, NULL));
	OK(mkdir("/m/in/deep", 0755));
	MUST(stat("/m/in/deep/../..", &above));
	YES_OF("up from a mount", below.st_dev == above.st_dev && below.st_ino == above.st_ino);
	VALUE(rmdir("/m/in"));
	VALUE(rename("/m/in", "/m/out"));
	VALUE(rename("/m/in/deep", "/m/deep"));
	VALUE(link("/m/first", "/m/in/first"));
	VALUE(umount("/m"));
	MUST(chdir("/m/in/deep"));
	VALUE(umount("/m/in"));
	MUST(chdir("/m"));
	OK(umount("/m/in"));
	VALUE(umount("/m"));
	MUST(chdir("/"));
	OK(umount("/m"));
}

static void detached(void)
{
	char text[100];
	int dir, fd;

	MUST(mount("none", "/m", "tmpfs", 0, NULL));
	MUST(mkdir("/m/d", 0755));
	MUST(mount("none", "/m/d", "tmpfs", 0, NULL));
	make_file("/m/d/inner", 0644, "inner", 5);
	make_file("/m/f", 0644, "kept", 4);
	dir = MUST(open("/m", O_RDONLY | O_DIRECTORY));
	fd = MUST(open("/m/f", O_RDWR));
	VALUE(umount2("/m", 0));
	OK(umount2("/m", MNT_DETACH));
	VALUE(umount2("/m", MNT_DETACH));
	VALUE(access("/m/f", F_OK));
	VALUE(read(fd, text, sizeof(text)));
	OK(faccessat(dir, "f", F_OK, 0));
	VALUE(faccessat(dir, "d/inner", F_OK, 0));
	OK(mkdirat(dir, "new", 0755));
	OK(unlinkat(dir, "f", 0));
	OK(faccessat(dir, "..", F_OK, 0));
	VALUE(write(fd, big, sizeof(big)));
	close(dir);
	VALUE(pread(fd, text, sizeof(text), 0));
	close(fd);
}

/* One in the other, as many as nobody needs: the outermost takes all along. */
static void deep(void)
{
	enum { DEEP = 500 };
	int n = 0;

	MUST(chdir("/m"));
	while (n < DEEP && mkdir("d", 0755) == 0 && mount("none", "d", "tmpfs", 0, NULL) == 0 &&
	       chdir("d") == 0)
		n++;
	YES(n == DEEP);
	MUST(chdir("/"));
	VALUE(umount2("/m/d", 0));
	OK(umount2("/m/d", MNT_DETACH));
	OK(rmdir("/m/d"));
}

static void errors(void)
{
	MUST(symlink("/m", "/to_m"));
	make_file("/plain", 0644, "", 0);
	VALUE(mount("none", "/plain", "tmpfs", 0, NULL));
	VALUE(mount("none", "/missing", "tmpfs", 0, NULL));
	VALUE(mount("none", "/m", "no_such_type", 0, NULL));
	VALUE(mount("none", "/m", NULL, 0, NULL));
	VALUE(mount("none", "/m", "tmpfs", 0, "size=a_lot"));
	VALUE(mount("none", "/m", "tmpfs", 0, "no_such_option=1"));
	VALUE(mount("none", "/m", "tmpfs", 0, "mode=99"));
	VALUE(mount(NULL, "/m", NULL, MS_REMOUNT, NULL));
	VALUE(mount("none", nowhere, "tmpfs", 0, NULL));
	VALUE(mount("none", "/m", nowhere, 0, NULL));
	VALUE(mount("none", "/m", "tmpfs", 0, nowhere));
	VALUE(umount("/m"));
	VALUE(umount("/plain"));
	VALUE(umount("/missing"));
	VALUE(umount2("/m", 0x100));
	MUST(mount("none", "/to_m", "tmpfs", 0, NULL));
	VALUE(umount2("/to_m", UMOUNT_NOFOLLOW));
	OK(umount2("/to_m", MNT_FORCE));
	MUST(setresuid(1000, 1000, 1000));
	VALUE(mount("none", "/m", "tmpfs", 0, NULL));
	VALUE(umount("/m"));
	VALUE(umount("/missing"));
	VALUE(chroot("/m"));
}

static void other_types(void)
{
	struct statfs fs;

	OK(mount("none", "/m", "proc", 0, NULL));
	OK(access("/m/self/stat", R_OK));
	MUST(statfs("/m", &fs));
	say("magic %lx, %ld blocks", (long)fs.f_type, (long)fs.f_blocks);
	OK(umount("/m"));
	OK(mount("none", "/m", "ramfs", 0, NULL));
	make_file("/m/f", 0644, big, sizeof(big));
	MUST(statfs("/m", &fs));
	say("magic %lx, names of %ld", (long)fs.f_type & 0xffffffff, (long)fs.f_namelen);
	OK(umount("/m"));
}

static void roots(void)
{
	char path[PATH_MAX];
	struct stat a, b;

	MUST(mkdir("/m/etc", 0755));
	MUST(mkdir("/m/usr", 0755));
	make_file("/m/etc/here", 0644, "", 0);
	MUST(symlink("/etc/here", "/m/usr/absolute"));
	MUST(stat("/m", &b));
	OK(chroot("/m"));
	OK(access("/etc/here", F_OK));
	OK(access("/usr/absolute", F_OK));
	OK(access("/usr/../../../etc/here", F_OK));
	OK(chdir("/usr"));
	YES(getcwd(path, sizeof(path)) && strcmp(path, "/usr") == 0);
	OK(chdir("../.."));
	YES(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
	MUST(stat("/", &a));
	YES(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	VALUE(chroot("/missing"));
	VALUE(chroot("/etc/here"));
}

int main(void)
{
	MUST(mkdir("/m", 0755));
	limits();
	read_only();
	flags();
	on_each_other();
	detached();
	deep();
	in_child("other types", other_types);
	in_child("errors", errors);
	unlink("/to_m"), unlink("/plain");
	MUST(mount("none", "/m", "tmpfs", 0, NULL));
	in_child("another root", roots);
	VALUE(umount("/m"));
	OK(rmdir("/m"));
	return 0;
}
