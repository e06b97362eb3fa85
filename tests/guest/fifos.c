/*
 * Named pipes: who waits for whom at open, what a removed or reopened one
 * holds, and short writes that meet a bad address while there is little room.
 * Then the types that mknod makes, and the access mode that is neither.
 * Pages: fifo(7), pipe(7), mknod(2), open(2) NOTES.
 */
#include "check.h"

static void fifo_opens(void)
{
	char text[8] = "";
	int status;

	OK(mknod("fifo", S_IFIFO | 0600, 0));
	VALUE(open("fifo", O_WRONLY | O_NONBLOCK));
	int both = MUST(open("fifo", O_RDWR));
	MUST(close(both));
	int reader = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	VALUE(read(reader, text, 1));
	int writer = MUST(open("fifo", O_WRONLY | O_NONBLOCK));
	VALUE(read(reader, text, 1));
	VALUE(write(writer, "abc", 3));
	MUST(close(writer));
	VALUE(read(reader, text, 8));
	VALUE(read(reader, text, 8));
	MUST(close(reader));

	pid_t child = MUST(fork());
	if (child == 0) {
		sleep_ms(100);
		writer = MUST(open("fifo", O_WRONLY));
		MUST(write(writer, "x", 1));
		_exit(0);
	}
	reader = MUST(open("fifo", O_RDONLY));
	VALUE(read(reader, text, 8));
	VALUE(read(reader, text, 8));
	MUST(waitpid(child, &status, 0));
	MUST(close(reader));

	child = MUST(fork());
	if (child == 0) { /* gone again at once: its writer must not wait for ever */
		sleep_ms(100);
		MUST(close(MUST(open("fifo", O_RDONLY | O_NONBLOCK))));
		_exit(0);
	}
	signal(SIGPIPE, SIG_IGN);
	writer = MUST(open("fifo", O_WRONLY));
	MUST(waitpid(child, &status, 0));
	VALUE(write(writer, "x", 1));
	MUST(close(writer));
	MUST(unlink("fifo"));
}

/* Room for the whole, then a fault in the middle: it may not wait for what will not come. */
static void short_write_faults(void)
{
	int end[2];
	char *edge = map_before_hole(PAGE) + PAGE;
	static char fill[65536 - 4096];

	MUST(pipe(end));
	VALUE(write(end[1], fill, sizeof(fill)));
	memset(edge - 100, 'e', 100);
	long done = write(end[1], edge - 100, 4096);
	YES_OF("it ends", done == 100 || (done == -1 && errno == EFAULT));
	MUST(close(end[0]));
	MUST(close(end[1]));
}

static void node_types(void)
{
	OK(mknod("plain", 0600, 0));
	VALUE(mknod("plain", S_IFREG | 0600, 0));
	VALUE(mknod("x", S_IFDIR | 0700, 0));
	VALUE(mknod("x", S_IFLNK | 0700, 0));
	VALUE(mknod("x", 0030000 | 0600, 0));
	VALUE(mknod("x", 0150000 | 0600, 0));
	OK(mknod("socket", S_IFSOCK | 0600, 0));
	VALUE(open("socket", O_RDWR));
	OK(unlink("socket"));
}

static void neither(void)
{
	char byte;
	int fd = MUST(open("plain", 3));

	VALUE(fcntl(fd, F_GETFL) & 3);
	VALUE(read(fd, &byte, 1));
	VALUE(write(fd, "x", 1));
	MUST(close(fd));
}

static void file_times(void)
{
	struct stat st;
	struct timespec set[2] = { { 1000000000, 5 }, { 0, UTIME_OMIT } };

	MUST(utimensat(AT_FDCWD, "plain", set, 0));
	MUST(stat("plain", &st));
	YES(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 5 && st.st_mtim.tv_sec != 0);
	set[1].tv_nsec = 1000000000;
	VALUE(utimensat(AT_FDCWD, "plain", set, 0));
	set[0] = (struct timespec){ 8000000000, 7 };
	set[1] = (struct timespec){ 0, 0 };
	MUST(utimensat(AT_FDCWD, "plain", set, 0));
	MUST(stat("plain", &st));
	YES(st.st_atim.tv_sec == 8000000000 && st.st_atim.tv_nsec == 7 && st.st_mtim.tv_sec == 0);
	MUST(unlink("plain"));
}

int main(void)
{
	fifo_opens();
	short_write_faults();
	node_types();
	neither();
	file_times();
	return 0;
}
