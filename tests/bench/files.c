/*
 * Calls on files of the root, which is in memory on both kernels: no disk is measured.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_PAGES = 64 };

static char path[64];
static char *page;
static int file;
static unsigned at;

static void new_name(void)
{
	snprintf(path, sizeof(path), "/tmp/bench.%d", (int)getpid());
}

static void make_file(void)
{
	new_name();
	page = map(NULL, PAGE_BYTES);
	file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (file < 0)
		fail(path);
	for (int i = 0; i < FILE_PAGES; i++)
		if (write(file, page, PAGE_BYTES) != PAGE_BYTES)
			fail("write");
}

static void create_unlink(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || close(fd) < 0 || unlink(path) < 0)
		fail(path);
}

/* file_create_unlink: open with O_CREAT, close, unlink, of an empty file in /tmp. */
void file_create_unlink(void)
{
	new_name();
	report("file_create_unlink", per_call(200, create_unlink), "ns");
}

static void open_close(void)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || close(fd) < 0)
		fail(path);
}

/* file_open_close: open and close of a file that is there, by a path of two names. */
void file_open_close(void)
{
	make_file();
	report("file_open_close", per_call(500, open_close), "ns");
	unlink(path);
}

static void call_stat(void)
{
	struct stat st;

	if (stat(path, &st) < 0)
		fail(path);
}

/* file_stat: stat by a path of two names. */
void file_stat(void)
{
	make_file();
	report("file_stat", per_call(500, call_stat), "ns");
	unlink(path);
}

static off_t next_page(void)
{
	return (off_t)(at++ % FILE_PAGES) * PAGE_BYTES;
}

static void read_page(void)
{
	if (pread(file, page, PAGE_BYTES, next_page()) != PAGE_BYTES)
		fail("pread");
}

/* file_read_4KiB: pread of one page of a file of 64, all in memory: the call and the copy. */
void file_read_4KiB(void)
{
	make_file();
	report("file_read_4KiB", per_call(500, read_page), "ns");
	unlink(path);
}

static void write_page(void)
{
	if (pwrite(file, page, PAGE_BYTES, next_page()) != PAGE_BYTES)
		fail("pwrite");
}

/* file_write_4KiB: pwrite over one page of a file of 64: the file does not grow. */
void file_write_4KiB(void)
{
	make_file();
	report("file_write_4KiB", per_call(500, write_page), "ns");
	unlink(path);
}
