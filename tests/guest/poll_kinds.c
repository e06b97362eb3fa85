/*
 * poll on what is no pipe: fifos before, while and after they have a writer,
 * O_PATH, directories, devices, files of /proc, the same description twice;
 * entries that are skipped, and events that nobody asked for.
 * Pages: poll(2), fifo(7).
 */
#include "check.h"

static void show(const char *label, int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events, .revents = 0x5555 };
	int n = poll(&entry, 1, 0);

	say("%s: %d%s%s%s%s%s%s%s", label, n, entry.revents & POLLIN ? " IN" : "",
	    entry.revents & POLLPRI ? " PRI" : "", entry.revents & POLLOUT ? " OUT" : "",
	    entry.revents & POLLRDNORM ? " RDNORM" : "", entry.revents & POLLHUP ? " HUP" : "",
	    entry.revents & POLLERR ? " ERR" : "", entry.revents & POLLNVAL ? " NVAL" : "");
}

static void fifos(void)
{
	int first, second, writer, both;
	char text[8];

	MUST(mkfifo("poll.fifo", 0600));
	first = MUST(open("poll.fifo", O_RDONLY | O_NONBLOCK));
	show("no writer yet", first, POLLIN);
	VALUE(read(first, text, 8));
	writer = MUST(open("poll.fifo", O_WRONLY));
	show("a writer", first, POLLIN);
	MUST(write(writer, "x", 1));
	show("a byte", first, POLLIN | POLLRDNORM | POLLOUT);
	show("the writer", writer, POLLIN | POLLOUT);
	MUST(close(writer));
	show("a byte, no writer", first, POLLIN);
	MUST(read(first, text, 8));
	show("nothing, no writer", first, POLLIN);
	second = MUST(open("poll.fifo", O_RDONLY | O_NONBLOCK));
	show("one that never saw a writer", second, POLLIN);
	VALUE(read(second, text, 8));
	writer = MUST(open("poll.fifo", O_WRONLY));
	show("a new writer, the first", first, POLLIN);
	show("a new writer, the second", second, POLLIN);
	MUST(close(writer));
	show("gone, the first", first, POLLIN);
	show("gone, the second", second, POLLIN);
	MUST(close(first));
	MUST(close(second));
	both = MUST(open("poll.fifo", O_RDWR));
	show("both ends", both, POLLIN | POLLOUT);
	MUST(write(both, "x", 1));
	show("both ends, a byte", both, POLLIN | POLLOUT);
	MUST(close(both));
	MUST(unlink("poll.fifo"));
}

static void others(void)
{
	int file = MUST(open("poll.tmp", O_WRONLY | O_CREAT, 0600)), path = MUST(open(".", O_PATH));
	int dir = MUST(open(".", O_RDONLY)), zero = MUST(open("/dev/zero", O_RDONLY));
	struct pollfd list[4] = { { .fd = file, .events = POLLOUT }, { .fd = -5, .events = POLLIN },
				  { .fd = path, .events = 0 }, { .fd = file, .events = POLLIN } };

	show("a file, write-only", file, POLLIN | POLLOUT | POLLPRI);
	show("a file, nothing asked", file, 0);
	show("a directory", dir, POLLIN | POLLOUT);
	show("O_PATH", path, POLLIN);
	show("/dev/zero", zero, POLLIN | POLLOUT);
	for (int i = 0; i < 4; i++)
		list[i].revents = 0x7fff;
	VALUE(poll(list, 4, -1));
	say("revents: %d %d %d %d", list[0].revents, list[1].revents, list[2].revents,
	    list[3].revents);
	VALUE(poll((struct pollfd *)nowhere, 1, 0));
	VALUE(poll((struct pollfd *)nowhere, 0, 0));
	MUST(close(file)), MUST(close(path)), MUST(close(dir)), MUST(close(zero));
	MUST(unlink("poll.tmp"));
}

int main(void)
{
	fifos();
	others();
	return 0;
}
