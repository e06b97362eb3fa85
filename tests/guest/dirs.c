/*
 * mkdir, rmdir, unlink, getdents64: what they make and remove, open files that
 * outlive their names, listings that are long or change, and the errors.
 *
 * From mkdir(2), rmdir(2), unlink(2), getdents(2).
 */
#include "check.h"

struct entry {
	uint64_t number;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static void making(void)
{
	VALUE(mkdir("d.one", 0755));
	VALUE(mkdir("d.one", 0755));
	VALUE(mkdir("d.one/two", 0700));
	VALUE(mkdir("d.one/two/three/", 0700));
	VALUE(mkdir("d.gone/x", 0755));
	VALUE(mkdir("d.file/x", 0755));
	VALUE(mkdir("d.file", 0755));
	VALUE(mkdir("d.dangling", 0755));
	VALUE(mkdir("d.loop/x", 0755));
	VALUE(mkdir("", 0755));
	VALUE(mkdir(".", 0755));
	VALUE(mkdir("..", 0755));
	VALUE(mkdir("/", 0755));
	VALUE(mkdir("d.one/.", 0755));
	VALUE(mkdir("d.one/..", 0755));
}

static void removing(void)
{
	char buffer[8] = "";
	int fd;

	VALUE(rmdir("d.one"));
	VALUE(rmdir("d.one/two"));
	VALUE(rmdir("d.one/two/three/."));
	VALUE(rmdir("d.one/two/three/.."));
	VALUE(rmdir("d.one/two/three/"));
	VALUE(rmdir("d.one/two"));
	VALUE(rmdir("d.one"));
	VALUE(rmdir("d.one"));
	VALUE(rmdir("d.file"));
	VALUE(rmdir("d.file/x"));
	VALUE(rmdir("d.dirlink"));
	VALUE(rmdir("."));
	VALUE(rmdir("/"));
	VALUE(rmdir(""));
	VALUE(unlink("d.dir"));
	VALUE(unlink("d.dir/"));
	VALUE(unlink("d.file/"));
	VALUE(unlink("d.file/x"));
	VALUE(unlink("d.gone"));
	VALUE(unlink(""));
	VALUE(unlink("."));
	VALUE(unlink("/"));
	VALUE(unlink("d.loop/x"));
	fd = MUST(open("d.file", O_RDWR));
	VALUE(unlink("d.file"));
	VALUE(unlink("d.file"));
	VALUE_OF("read from an unlinked file", pread(fd, buffer, 8, 0));
	VALUE_OF("write to it", pwrite(fd, "more", 4, 4));
	make_file("d.file", 0644, "new", 3);
	VALUE_OF("its name can be used again, and it", pread(fd, buffer, 8, 0));
	close(fd);
}

/* Lists with a buffer of the given size: how many names, and how many twice. */
static void list(const char *label, size_t size, int expected)
{
	char buffer[4096];
	static char seen[500];
	int fd = MUST(open("d.dir", O_RDONLY | O_DIRECTORY)), names = 0, twice = 0, dots = 0,
	    wrong_kind = 0;
	long n;

	memset(seen, 0, sizeof(seen));
	while ((n = MUST(syscall(SYS_getdents64, fd, buffer, size))) > 0) {
		for (long at = 0; at < n;) {
			struct entry *entry = (struct entry *)(buffer + at);

			if (entry->name[0] == '.') {
				dots++;
				wrong_kind += entry->type != DT_DIR && entry->type != DT_UNKNOWN;
			} else {
				int number = atoi(entry->name + 1);

				names++;
				twice += seen[number]++ != 0;
				wrong_kind += entry->type != DT_REG && entry->type != DT_UNKNOWN;
			}
			wrong_kind += entry->length % 8 != 0 || entry->number == 0;
			at += entry->length;
		}
	}
	say("%s: %d names of %d, %d twice, %d dots, %d wrong", label, names, expected, twice,
	    dots, wrong_kind);
	VALUE_OF("at the end again", syscall(SYS_getdents64, fd, buffer, size));
	MUST(lseek(fd, 0, SEEK_SET));
	YES_OF("and from the start", syscall(SYS_getdents64, fd, buffer, size) > 0);
	close(fd);
}

static void listing(void)
{
	enum { MANY = 300 };
	char name[32], buffer[256];
	int fd, fds[2];

	list("empty", 4096, 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d.dir/f%d", i);
		make_file(name, 0644, "", 0);
	}
	list("long", 4096, MANY);
	list("small buffer", 64, MANY);
	for (int i = 0; i < MANY; i += 2) {
		snprintf(name, sizeof(name), "d.dir/f%d", i);
		MUST(unlink(name));
	}
	list("half of them", 300, MANY / 2);
	for (int i = 1; i < MANY; i += 2) {
		snprintf(name, sizeof(name), "d.dir/f%d", i);
		MUST(unlink(name));
	}
	list("empty again", 4096, 0);
	fd = MUST(open("d.dir", O_RDONLY));
	VALUE_OF("buffer too small", syscall(SYS_getdents64, fd, buffer, 8));
	VALUE_OF("buffer of no bytes", syscall(SYS_getdents64, fd, buffer, 0));
	MUST(mkdir("d.dir2", 0755));
	close(fd);
	fd = MUST(open("d.dir2", O_RDONLY));
	MUST(rmdir("d.dir2"));
	VALUE_OF("a removed folder", syscall(SYS_getdents64, fd, buffer, 256));
	close(fd);
	fd = MUST(open("d.file", O_RDONLY));
	MUST(pipe(fds));
	VALUE_OF("a file", syscall(SYS_getdents64, fd, buffer, 256));
	VALUE_OF("a pipe", syscall(SYS_getdents64, fds[0], buffer, 256));
	VALUE_OF("no descriptor", syscall(SYS_getdents64, 99, buffer, 256));
	close(fd), close(fds[0]), close(fds[1]);
}

int main(void)
{
	umask(022);
	make_file("d.file", 0644, "file", 4);
	MUST(mkdir("d.dir", 0755));
	MUST(symlink("d.gone", "d.dangling"));
	MUST(symlink("d.dir", "d.dirlink"));
	MUST(symlink("d.loop", "d.loop"));
	making();
	removing();
	listing();
	MUST(unlink("d.file")), MUST(rmdir("d.dir")), MUST(unlink("d.dangling"));
	MUST(unlink("d.dirlink")), MUST(unlink("d.loop"));
	return 0;
}
