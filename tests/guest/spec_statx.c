/*
 * statx, fstatat, statfs, fstatfs, utime family's sizes: flags, masks, empty paths, what the
 * fields say of each kind of object. Pages: statx(2), stat(2), statfs(2), inode(7).
 *
 * native: no
 */
#include "spec.h"
#include <sys/statfs.h>
#include <sys/sysmacros.h>

enum { EMPTY = AT_EMPTY_PATH, NOFOLLOW = AT_SYMLINK_NOFOLLOW, NOAUTO = AT_NO_AUTOMOUNT };
enum { FORCE = 0x2000, DONT = 0x4000 };

enum { STATX_BASIC_STATS = 0x7ff, STATX_ALL = 0xfff };

/* statx(2): this musl has it not. */
static struct {
	uint32_t stx_mask, stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink, stx_uid, stx_gid;
	uint16_t stx_mode, pad;
	uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct { int64_t tv_sec; uint32_t tv_nsec, pad; } stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	uint64_t stx_spare[14];
} x;

static struct stat s;

static long sx(int dir, const char *path, int flags, unsigned mask)
{
	return syscall(SYS_statx, dir, path, flags, mask, &x);
}

static void arguments(void)
{
	int fd = MUST(open("f", O_PATH)), link = MUST(open("l", O_PATH | O_NOFOLLOW));

	VALUE(sx(AT_FDCWD, "f", 0, 0));
	VALUE(sx(AT_FDCWD, "f", 0, STATX_ALL));
	VALUE(sx(AT_FDCWD, "f", 0, 0x7fffffff));
	VALUE(sx(AT_FDCWD, "f", 0, 0x80000000));
	VALUE(sx(AT_FDCWD, "f", FORCE, STATX_BASIC_STATS));
	VALUE(sx(AT_FDCWD, "f", DONT, STATX_BASIC_STATS));
	VALUE(sx(AT_FDCWD, "f", FORCE | DONT, STATX_BASIC_STATS));
	VALUE(sx(AT_FDCWD, "f", NOAUTO, STATX_BASIC_STATS));
	VALUE(sx(AT_FDCWD, "f", 1, STATX_BASIC_STATS));
	VALUE(sx(AT_FDCWD, "f", AT_SYMLINK_FOLLOW, STATX_BASIC_STATS));
	VALUE(sx(AT_FDCWD, "f", AT_REMOVEDIR, STATX_BASIC_STATS));
	VALUE(sx(AT_FDCWD, "", 0, 0));
	VALUE(sx(AT_FDCWD, "", EMPTY, 0));
	VALUE(S_ISDIR(x.stx_mode));
	VALUE(sx(fd, "", EMPTY, 0));
	VALUE(S_ISREG(x.stx_mode));
	VALUE(sx(link, "", EMPTY, 0));
	VALUE(S_ISLNK(x.stx_mode));
	VALUE(sx(link, "", 0, 0));
	VALUE(sx(-1, "", EMPTY, 0));
	VALUE(sx(-1, "f", 0, 0));
	VALUE(sx(fd, "f", 0, 0));
	VALUE(sx(fd, "/", 0, 0));
	VALUE(sx(AT_FDCWD, nowhere, 0, 0));
	VALUE(syscall(SYS_statx, AT_FDCWD, "f", 0, 0, nowhere));
	VALUE(sx(AT_FDCWD, "dangling", 0, 0));
	VALUE(sx(AT_FDCWD, "dangling", NOFOLLOW, 0));
	VALUE(sx(AT_FDCWD, "f/x", 0, 0));
	VALUE(sx(AT_FDCWD, "f/", 0, 0));
	VALUE(syscall(SYS_newfstatat, AT_FDCWD, "f", &s, 0));
	VALUE(syscall(SYS_newfstatat, AT_FDCWD, "f", &s, NOAUTO));
	VALUE(syscall(SYS_newfstatat, AT_FDCWD, "f", &s, 1));
	VALUE(syscall(SYS_newfstatat, AT_FDCWD, "f", &s, AT_SYMLINK_FOLLOW));
	VALUE(syscall(SYS_newfstatat, AT_FDCWD, "", &s, 0));
	VALUE(syscall(SYS_newfstatat, AT_FDCWD, "", &s, EMPTY));
	VALUE(syscall(SYS_newfstatat, -1, "", &s, EMPTY));
	VALUE(syscall(SYS_newfstatat, fd, "", &s, EMPTY));
	VALUE(syscall(SYS_newfstatat, fd, "x", &s, EMPTY));
	VALUE(syscall(SYS_newfstatat, 0, "x", &s, 0));
	VALUE(syscall(SYS_newfstatat, AT_FDCWD, "f", nowhere, 0));
	VALUE(syscall(SYS_fstat, -1, &s));
	VALUE(syscall(SYS_fstat, 0, nowhere));
	close(fd), close(link);
}

static void agree(const char *path)
{
	MUST(lstat(path, &s));
	MUST(sx(AT_FDCWD, path, NOFOLLOW, STATX_BASIC_STATS));
	say("%s: mode %o links %u uid %u gid %u size %ld blocks %ld block %u, rdev %d:%d", path,
	    x.stx_mode, S_ISDIR(x.stx_mode) && path[0] == '/' ? 0 : x.stx_nlink, x.stx_uid, x.stx_gid,
	    S_ISDIR(x.stx_mode) ? 0L : (long)x.stx_size, (long)x.stx_blocks,
	    x.stx_blksize, x.stx_rdev_major, x.stx_rdev_minor);
	say("%s: basic bits %s, stat and statx agree: %s", path,
	    (x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS ? "yes" : "no",
	    s.st_mode == x.stx_mode && s.st_ino == x.stx_ino && s.st_nlink == x.stx_nlink &&
	    s.st_uid == x.stx_uid && s.st_gid == x.stx_gid && (uint64_t)s.st_size == x.stx_size &&
	    (uint64_t)s.st_blocks == x.stx_blocks && major(s.st_dev) == x.stx_dev_major &&
	    minor(s.st_dev) == x.stx_dev_minor && s.st_mtim.tv_sec == x.stx_mtime.tv_sec &&
	    s.st_mtim.tv_nsec == x.stx_mtime.tv_nsec && s.st_blksize == x.stx_blksize ? "yes" : "no");
}

static void objects(void)
{
	int fds[2], fd;
	struct stat one, two;

	agree("f"), agree("big"), agree("l"), agree("d"), agree("p"), agree("/dev/null"), agree("hole");
	MUST(pipe(fds));
	MUST(fstat(fds[0], &one));
	MUST(fstat(fds[1], &two));
	YES_OF("both ends are one", one.st_ino == two.st_ino && one.st_dev == two.st_dev);
	say("pipe: mode %o links %ld size %ld blksize %ld", one.st_mode, (long)one.st_nlink,
	    (long)one.st_size, (long)one.st_blksize);
	MUST(write(fds[1], "abc", 3));
	MUST(fstat(fds[0], &one));
	say("with three bytes: size %ld", (long)one.st_size);
	MUST(stat(".", &one));
	MUST(stat("/proc", &two));
	YES_OF("another device number for /proc", one.st_dev != two.st_dev);
	YES_OF("inode numbers are not 0", one.st_ino != 0 && two.st_ino != 0);
	fd = MUST(open("f", O_RDONLY));
	MUST(fstat(fd, &one));
	MUST(unlink("f"));
	MUST(fstat(fd, &two));
	YES_OF("unlinked: the same, with no links", one.st_ino == two.st_ino && two.st_nlink == 0);
	close(fd), close(fds[0]), close(fds[1]);
}

static void systems(void)
{
	struct statfs a, b;
	int fd = MUST(open("d", O_RDONLY));

	VALUE(statfs(".", &a));
	VALUE(fstatfs(fd, &b));
	say("type %lx namelen %ld bsize %ld frsize %ld", (long)a.f_type, (long)a.f_namelen,
	    (long)a.f_bsize, (long)a.f_frsize);
	YES_OF("one system", a.f_type == b.f_type && !memcmp(&a.f_fsid, &b.f_fsid, sizeof(a.f_fsid)));
	YES(a.f_blocks >= a.f_bfree && a.f_bfree >= a.f_bavail && a.f_blocks > 0);
	YES(a.f_files >= a.f_ffree);
	VALUE(statfs("/proc", &a));
	say("type %lx namelen %ld bsize %ld blocks %ld", (long)a.f_type, (long)a.f_namelen,
	    (long)a.f_bsize, (long)a.f_blocks);
	VALUE(statfs("absent", &a));
	VALUE(statfs("big/x", &a));
	VALUE(statfs("dangling", &a));
	VALUE(statfs("", &a));
	VALUE(statfs(nowhere, &a));
	VALUE(syscall(SYS_statfs, ".", nowhere));
	VALUE(fstatfs(-1, &a));
	VALUE(syscall(SYS_fstatfs, fd, nowhere));
	close(fd);
	MUST(mkdir("closed", 0700));
	make_file("closed/f", 0600, "", 0);
	AS(9, 9, statfs("closed", &a));
	AS(9, 9, statfs("closed/f", &a));
	AS(9, 9, stat("closed/f", &s));
	AS(9, 9, stat("closed/.", &s));
	AS(9, 9, stat("closed", &s));
}

int main(void)
{
	static char data[5000];
	int fd;

	spec_enter();
	make_file("f", 04751, "abc", 3);
	make_file("big", 0640, data, sizeof(data));
	MUST(symlink("f", "l"));
	MUST(symlink("gone", "dangling"));
	MUST(mkdir("d", 0711));
	MUST(mkdir("d/sub", 0711));
	MUST(mkfifo("p", 0604));
	fd = MUST(open("hole", O_CREAT | O_RDWR, 0600));
	MUST(ftruncate(fd, 1 << 20));
	MUST(pwrite(fd, "x", 1, 500000));
	close(fd);
	arguments();
	objects();
	systems();
	spec_leave();
	return 0;
}
