/*
 * Folders read by getdents64: what is listed, offsets, small buffers, names that come and go
 * between reads, removed folders; many names. Pages: getdents(2), readdir(3), lseek(2),
 * telldir(3), rewinddir(3).
 *
 * native: no
 */
#include "spec.h"

struct entry { uint64_t ino; int64_t off; unsigned short reclen; unsigned char type; char name[]; };

static char buffer[32768];

static long dents(int fd, void *at, long size)
{
	return syscall(SYS_getdents64, fd, at, size);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All that is left to read, sorted, with the letter of each type. */
static void list(const char *label, int fd)
{
	char *names[64], text[600] = "";
	static char store[64][32];
	int count = 0;

	for (long n; (n = MUST(dents(fd, buffer, sizeof(buffer)))) > 0;) {
		for (long at = 0; at < n;) {
			struct entry *e = (void *)(buffer + at);
			if (count < 64) {
				snprintf(store[count], 32, "%.20s:%c", e->name, "?pc?d?b?f?l?s???"[e->type & 15]);
				names[count] = store[count];
				count++;
			}
			at += e->reclen;
		}
	}
	qsort(names, count, sizeof(*names), by_name);
	for (int i = 0; i < count; i++)
		strcat(strcat(text, " "), names[i]);
	say("%s:%s", label, text);
}

static void kinds(void)
{
	int fd;

	MUST(mkdir("k", 0755));
	make_file("k/file", 0644, "", 0);
	MUST(mkdir("k/folder", 0755));
	MUST(symlink("x", "k/link"));
	MUST(mkfifo("k/pipe", 0644));
	MUST(mknod("k/char", S_IFCHR | 0600, 0x103));
	MUST(mknod("k/block", S_IFBLK | 0600, 0x103));
	MUST(mknod("k/sock", S_IFSOCK | 0600, 0));
	make_file("k/.hidden", 0644, "", 0);
	fd = MUST(open("k", O_RDONLY));
	list("first", fd);
	list("again, at the end", fd);
	VALUE(lseek(fd, 0, SEEK_SET));
	list("rewound", fd);
	VALUE(dents(fd, buffer, sizeof(buffer)));
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE(dents(fd, buffer, 0));
	VALUE(dents(fd, buffer, 10));
	VALUE(dents(fd, buffer, 23));
	VALUE(dents(fd, buffer, 24));
	VALUE(dents(fd, nowhere, 1000));
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE(dents(fd, buffer, 48));
	struct entry *e = (void *)buffer;
	say("%s %d, %s %d", e->name, e->reclen, ((struct entry *)(buffer + 24))->name,
	    ((struct entry *)(buffer + 24))->reclen);
	YES_OF("the records are aligned", e->reclen % 8 == 0);
	struct stat s;
	MUST(fstat(fd, &s));
	YES_OF(". has the folder's own number", e->ino == s.st_ino);
	MUST(stat(".", &s));
	YES_OF(".. has the number of its parent", ((struct entry *)(buffer + 24))->ino == s.st_ino);
	list("the rest", fd);
	VALUE(lseek(fd, -1, SEEK_SET));
	VALUE(lseek(fd, 0, 9));
	VALUE(read(fd, buffer, 10));
	close(fd);
	VALUE(dents(fd, buffer, 100));
	fd = MUST(open("k/file", O_RDONLY));
	VALUE(dents(fd, buffer, 100));
	close(fd);
	fd = MUST(open("k", O_PATH));
	VALUE(dents(fd, buffer, 100));
	close(fd);
}

/* Entry by entry: each offset leads back to what follows it. */
static void offsets(void)
{
	int fd = MUST(open("k", O_RDONLY)), count = 0, wrong = 0;
	int64_t after[64];
	char next[64][32];

	for (long n; (n = dents(fd, buffer, 48)) > 0 && count < 60;) {
		struct entry *e = (void *)buffer;
		after[count] = e->off;
		snprintf(next[count], 32, "%.31s", e->name);
		count++;
		MUST(lseek(fd, e->off, SEEK_SET));
	}
	for (int i = count - 2; i >= 0; i--) {
		MUST(lseek(fd, after[i], SEEK_SET));
		MUST(dents(fd, buffer, 48));
		wrong += strcmp(((struct entry *)buffer)->name, next[i + 1]) != 0;
	}
	say("%d entries, %d wrong", count, wrong);
	MUST(lseek(fd, after[2], SEEK_SET));
	int copy = MUST(dup(fd)), more = MUST(open("k", O_RDONLY));
	MUST(dents(fd, buffer, 48));
	YES_OF("a copy shares the place", lseek(copy, 0, SEEK_CUR) == lseek(fd, 0, SEEK_CUR));
	VALUE_OF("another open does not", lseek(more, 0, SEEK_CUR));
	close(copy), close(more), close(fd);
}

/* 2,000 names, every second unlinked on the way: the others come once each. */
static void while_changing(void)
{
	static char seen[2000];
	char name[32];
	int fd, twice = 0, missing = 0, odd = 0;

	MUST(mkdir("many", 0755));
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "many/n%d", i);
		MUST(mknod(name, S_IFREG | 0644, 0));
	}
	fd = MUST(open("many", O_RDONLY));
	for (long n; (n = MUST(dents(fd, buffer, 700))) > 0;) {
		for (long at = 0; at < n;) {
			struct entry *e = (void *)(buffer + at);
			int number = e->name[0] == 'n' ? atoi(e->name + 1) : -1;
			if (number >= 0) {
				twice += seen[number];
				seen[number] = 1;
				if (number % 2) {
					snprintf(name, sizeof(name), "many/n%d", number);
					odd += unlink(name) == 0;
				}
			}
			at += e->reclen;
		}
	}
	for (int i = 0; i < 2000; i++)
		missing += !seen[i];
	say("twice %d, missing %d, unlinked %d", twice, missing, odd);
	VALUE(rmdir("many"));
	for (int i = 0; i < 2000; i += 2) {
		snprintf(name, sizeof(name), "many/n%d", i);
		MUST(unlink(name));
	}
	MUST(lseek(fd, 0, SEEK_SET));
	list("emptied", fd);
	VALUE(rmdir("many"));
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE_OF("removed", dents(fd, buffer, sizeof(buffer)));
	close(fd);
}

static void permissions(void)
{
	int fd;

	MUST(mkdir("closed", 0711));
	make_file("closed/in", 0644, "", 0);
	AS(9, 9, open("closed", O_RDONLY));
	fd = MUST(open("closed", O_RDONLY));
	AS_OF("read by a descriptor from before", 9, 9, dents(fd, buffer, 100) > 0 ? 0 : -1);
	close(fd);
	MUST(chmod("closed", 0744));
	if (other(9, 9)) {
		fd = MUST(open("closed", O_RDONLY));
		list("names without x", fd);
		VALUE(access("closed/in", F_OK));
		_exit(0);
	}
}

int main(void)
{
	spec_enter();
	kinds();
	offsets();
	while_changing();
	permissions();
	spec_leave();
	return 0;
}
