/*
 * execve of damaged copies of this program: bytes of its headers turned one by
 * one, and the file cut at many places. The kernel must live through each, and
 * the copy that is whole must run before and after.
 *
 * What a damaged copy does is its own affair (it may even run); only the whole
 * copy's result and the number of damaged runs are printed. From execve(2).
 *
 * guest: -m 128 -t 120
 */
#include "exec.h"

static char *image;
static size_t image_size;

static void load_self(void)
{
	int fd = MUST(open("/proc/self/exe", O_RDONLY));
	struct stat status;

	MUST(fstat(fd, &status));
	image_size = status.st_size;
	image = malloc(image_size);
	for (size_t done = 0; done < image_size;) {
		long n = MUST(read(fd, image + done, image_size - done));

		if (n == 0)
			break;
		done += n;
	}
	close(fd);
}

/* A damaged program may spin or write: it gets no output, and 100 ms. */
static void run_muted(size_t length)
{
	int status;
	pid_t pid;

	make_file("copy.tmp", 0755, image, length);
	pid = MUST(fork());
	if (pid == 0) {
		char *argv[] = { "copy.tmp", "child", NULL };

		for (int fd = 0; fd < 3; fd++)
			close(fd);
		execve("./copy.tmp", argv, NULL);
		_exit(96);
	}
	for (int waited = 0; waited < 100; waited++) {
		if (MUST(waitpid(pid, &status, WNOHANG)) == pid)
			goto out;
		sleep_ms(1);
	}
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
out:
	MUST(unlink("copy.tmp"));
}

static void whole(const char *label)
{
	make_file("copy.tmp", 0755, image, image_size);
	report(label, run_file("./copy.tmp"));
	MUST(unlink("copy.tmp"));
}

int main(int argc, char **argv)
{
	size_t headers;
	int runs = 0;

	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return 42;
	load_self();
	whole("whole");
	headers = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);
	for (size_t at = 4; at < headers; at++, runs++) {
		image[at] ^= 0xff;
		run_muted(image_size);
		image[at] ^= 0xff;
	}
	VALUE_OF("bytes turned", runs);
	whole("whole");
	for (size_t i = 0; i < 32; i++)
		run_muted(image_size * i / 32);
	whole("after 32 cuts");
	free(image);
	return 0;
}
