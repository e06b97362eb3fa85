/*
 * sendfile between files, into pipes, sockets and devices: offsets given and kept, short ends,
 * full and broken pipes, and its errors. Pages: sendfile(2).
 */
#include "check.h"
#include <sys/sendfile.h>
#include <sys/socket.h>

static char data[100000];

static int source(void)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + i / 4096;
	make_file("from", 0600, data, sizeof(data));
	return MUST(open("from", O_RDONLY));
}

static int same(int fd, off_t at, const char *bytes, size_t n)
{
	char *got = malloc(n);
	int equal = pread(fd, got, n, at) == (ssize_t)n && memcmp(got, bytes, n) == 0;

	free(got);
	return equal;
}

static void files(int in)
{
	int out = MUST(open("to", O_RDWR | O_CREAT | O_TRUNC, 0600));
	off_t at = 5000;

	VALUE(sendfile(out, in, NULL, 10000));
	VALUE(lseek(in, 0, SEEK_CUR));
	VALUE(lseek(out, 0, SEEK_CUR));
	VALUE(sendfile(out, in, &at, 3));
	VALUE(at);
	VALUE(lseek(in, 0, SEEK_CUR));
	VALUE(lseek(out, 0, SEEK_CUR));
	YES(same(out, 0, data, 10000) && same(out, 10000, data + 5000, 3));
	VALUE(sendfile(out, in, NULL, 1 << 20));
	VALUE(sendfile(out, in, NULL, 1 << 20));
	at = 200000;
	VALUE(sendfile(out, in, &at, 10));
	VALUE(sendfile(out, in, NULL, 0));
	YES(same(out, 10003, data + 10000, 90000));
	VALUE(lseek(out, 0, SEEK_END));
	MUST(close(out));
}

static void pipes(int in)
{
	int end[2];
	off_t at = 0;

	MUST(pipe2(end, O_NONBLOCK));
	VALUE(sendfile(end[1], in, &at, 6000));
	YES(({ char got[6000]; read(end[0], got, 6000) == 6000 && !memcmp(got, data, 6000); }));
	VALUE(sendfile(in, end[0], NULL, 10));
	at = 0;
	VALUE(sendfile(end[1], end[0], NULL, 10));
	VALUE(sendfile(end[1], end[0], &at, 10));
	signal(SIGPIPE, SIG_IGN);
	MUST(close(end[0]));
	VALUE(sendfile(end[1], in, &at, 10));
	VALUE(at);
	MUST(close(end[1]));
}

/* Sockets, devices, and whatever our own output is. */
static void others(int in)
{
	int s[2], null = MUST(open("/dev/null", O_WRONLY)), full = MUST(open("/dev/full", O_WRONLY));
	off_t at = 100;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	VALUE(sendfile(s[0], in, &at, 6000));
	VALUE(at);
	YES(({ char got[6000]; recv(s[1], got, 6000, MSG_WAITALL) == 6000 &&
			       !memcmp(got, data + 100, 6000); }));
	MUST(close(s[1]));
	VALUE(sendfile(s[0], in, &at, 10));
	VALUE(sendfile(in, s[0], &at, 10));
	VALUE(sendfile(null, s[0], NULL, 10));
	VALUE(sendfile(null, in, &at, 10000));
	VALUE(sendfile(full, in, &at, 10));
	VALUE(at);
	MUST(close(s[0]));
	MUST(close(null));
	MUST(close(full));
	make_file("line", 0600, "by sendfile\n", 12);
	in = MUST(open("line", O_RDONLY));
	VALUE(sendfile(1, in, NULL, 100));
	MUST(close(in));
	MUST(unlink("line"));
}

static void errors(int in)
{
	int out = MUST(open("to", O_WRONLY));
	int append = MUST(open("to", O_WRONLY | O_APPEND));
	off_t at = -1;

	VALUE(sendfile(out, in, &at, 10));
	VALUE(sendfile(out, in, (off_t *)nowhere, 10));
	VALUE(sendfile(99, in, (off_t *)nowhere, 10));
	VALUE(sendfile(99, in, NULL, 10));
	VALUE(sendfile(out, 99, NULL, 10));
	VALUE(sendfile(in, in, NULL, 10));
	VALUE(sendfile(out, out, NULL, 10));
	VALUE(sendfile(append, in, NULL, 10));
	MUST(close(out));
	MUST(close(append));
}

int main(void)
{
	int in = source();

	files(in);
	pipes(in);
	others(in);
	errors(in);
	MUST(unlink("from"));
	MUST(unlink("to"));
	return 0;
}
