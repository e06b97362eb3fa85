/*
 * sendfile: offsets in the call and in the description, which descriptors it takes, ends of
 * files, bad pointers, full pipes. Pages: sendfile(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/sendfile.h>

static char buffer[1 << 17];
static int in, out, fds[2];

static long at(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

static void offsets(void)
{
	off_t offset = 2;

	VALUE(sendfile(out, in, NULL, 3));
	say("in %ld out %ld", at(in), at(out));
	VALUE(sendfile(out, in, &offset, 3));
	say("in %ld out %ld offset %ld", at(in), at(out), (long)offset);
	VALUE(sendfile(out, in, NULL, 100));
	VALUE(sendfile(out, in, NULL, 100));
	say("in %ld out %ld", at(in), at(out));
	offset = 8;
	VALUE(sendfile(out, in, &offset, 100));
	offset = 10;
	VALUE(sendfile(out, in, &offset, 100));
	offset = 1000;
	VALUE(sendfile(out, in, &offset, 100));
	say("offset %ld", (long)offset);
	offset = -1;
	VALUE(sendfile(out, in, &offset, 100));
	offset = LONG_MAX;
	VALUE(sendfile(out, in, &offset, 100));
	offset = 0;
	VALUE(sendfile(out, in, &offset, 0));
	VALUE(pread(out, buffer, 100, 0));
	buffer[13] = 0;
	say("%s", buffer);
	MUST(lseek(in, 0, SEEK_SET));
	VALUE(sendfile(out, in, (off_t *)nowhere, 3));
	say("in %ld", at(in));
	VALUE(sendfile(out, in, NULL, -1));
}

static void descriptors(void)
{
	int read_only = MUST(open("in", O_RDONLY));
	int write_only = MUST(open("out2", O_CREAT | O_WRONLY, 0644));
	int append = MUST(open("out", O_RDWR | O_APPEND)), folder = MUST(open(".", O_RDONLY));
	int null = MUST(open("/dev/null", O_RDWR)), zero = MUST(open("/dev/zero", O_RDONLY));
	off_t offset = 0;

	VALUE(sendfile(-1, in, NULL, 1));
	VALUE(sendfile(out, -1, NULL, 1));
	VALUE(sendfile(read_only, in, &offset, 1));
	VALUE(sendfile(out, write_only, &offset, 1));
	VALUE(sendfile(append, in, &offset, 1));
	VALUE(sendfile(out, folder, &offset, 1));
	VALUE(sendfile(folder, in, &offset, 1));
	offset = 0;
	VALUE(sendfile(null, in, &offset, 4));
	VALUE(sendfile(out, zero, NULL, 4) == 4 || errno == EINVAL);
	VALUE(sendfile(out, fds[0], NULL, 1));
	VALUE(sendfile(out, fds[0], &offset, 1));
	VALUE(sendfile(fds[0], in, NULL, 1));
	offset = 0;
	VALUE(sendfile(fds[1], in, &offset, 4));
	VALUE(read(fds[0], buffer, 100));
	int proc = MUST(open("/proc/self/comm", O_RDONLY));
	VALUE(sendfile(write_only, proc, NULL, 100));
	close(proc);
	VALUE_OF("onto itself", (offset = 0, sendfile(out, out, &offset, 2)));
	close(read_only), close(write_only), close(append), close(folder), close(null), close(zero);
}

static void pipes(void)
{
	off_t offset = 0;
	int big = MUST(open("big", O_CREAT | O_RDWR, 0600));

	MUST(ftruncate(big, sizeof(buffer)));
	MUST(fcntl(fds[1], F_SETFL, O_NONBLOCK));
	VALUE(sendfile(fds[1], big, &offset, sizeof(buffer)));
	say("offset %ld", (long)offset);
	VALUE(sendfile(fds[1], big, &offset, sizeof(buffer)));
	VALUE(read(fds[0], buffer, PAGE));
	VALUE(sendfile(fds[1], big, &offset, sizeof(buffer)));
	say("offset %ld, in %ld", (long)offset, at(big));
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	VALUE(sendfile(fds[1], big, &offset, 1));
	offset = sizeof(buffer);
	VALUE_OF("nothing to send, nobody to read", sendfile(fds[1], big, &offset, 1));
	close(fds[1]), close(big);
}

int main(void)
{
	spec_enter();
	make_file("in", 0644, "0123456789", 10);
	in = MUST(open("in", O_RDWR));
	out = MUST(open("out", O_CREAT | O_RDWR, 0644));
	MUST(pipe(fds));
	offsets();
	descriptors();
	pipes();
	spec_leave();
	return 0;
}
