/*
 * A program is run by several processes while its file is replaced by rename
 * and its copies are forked and exit; other descriptors come and go meanwhile.
 * Every exec finds one whole program, or the file open for writing; when all
 * have ended nothing keeps writers away. execve(2), ETXTBSY; rename(2).
 *
 * Arguments: rounds (40).
 * guest: -c 4 -t 120
 */
#include "check.h"

enum { RUNNERS = 4 };

static char image[4 << 20];
static ssize_t image_size;

static void read_self(void)
{
	int fd = MUST(open("/proc/self/exe", O_RDONLY));
	image_size = MUST(read(fd, image, sizeof image));
	close(fd);
}

static void write_program(const char *path)
{
	int fd = MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755));
	if (MUST(write(fd, image, image_size)) != image_size)
		_exit(9);
	MUST(close(fd));
}

/* The program's copies fork, so that they and their children count as running it. */
static int as_program(void)
{
	int status, failed = 0;
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			_exit(7);
	while (wait(&status) > 0)
		failed += WEXITSTATUS(status) != 7;
	return failed ? 8 : 42;
}

static int runner(int rounds)
{
	int status;
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			execl("./prog", "prog", "run", (char *)NULL);
			_exit(errno == ETXTBSY ? 43 : 9);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		    (WEXITSTATUS(status) != 42 && WEXITSTATUS(status) != 43))
			return 1;
	}
	return 0;
}

static int replacer(int rounds)
{
	for (int i = 0; i < rounds / 4; i++) {
		write_program("prog.new");
		MUST(rename("prog.new", "prog"));
		int fd = open("prog", O_WRONLY);
		if (fd < 0 && errno != ETXTBSY)
			return 1;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 40, failed = 0, status;
	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return as_program();
	read_self();
	write_program("prog");
	for (int replaced = 0; replaced < 2; replaced++) {
		for (int i = 0; i < RUNNERS + replaced; i++)
			if (MUST(fork()) == 0)
				_exit(i < RUNNERS ? runner(rounds) : replacer(rounds));
		while (wait(&status) > 0)
			failed += status != 0;
		VALUE_OF(replaced ? "failed, with replacing" : "failed", failed);
		OK_OF("then it can be written", close(open("prog", O_WRONLY)));
	}
	OK(unlink("prog"));
	return 0;
}
