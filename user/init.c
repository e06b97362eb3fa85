/*
 * init: process 1 of Tine, and of a Linux that boots the same root archive.
 *
 * It does one of two jobs:
 *  - /.guest/argv exists (tools/guest put it there): run that program on ttyS0, kill what is left,
 *    write the trailer "tine-init: ..." to /dev/console (ttyS1), and reset the machine;
 *  - else: start a shell, or the command in the arguments, on /dev/console, and power off when it
 *    ends.
 * In both it mounts what is not mounted and reaps orphans. The protocol with tools/guest is
 * described there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
	MAX_ARGS = 1024,
	ARGV_BYTES = 64 * 1024,
	TEXT_BYTES = 16 * 1024,
	STATUS_NOT_RUN = 127, /* as a shell says it: the program could not be started */
};

/* What /.guest/config says. */
struct guest_config {
	char stdin_kind[16]; /* tty, pipe, file or null */
	char term[64];
	char cwd[PATH_MAX];
	int rows, cols;
};

/* Static, so that memory does not change between the two looks at MemFree. */
static char argv_text[ARGV_BYTES];
static char *guest_argv[MAX_ARGS + 1];
static char audit_text[TEXT_BYTES];
static char mounts_text[TEXT_BYTES];

/* One write for a line: the console is shared with the kernel's log. */
static void say(const char *format, ...)
{
	static char line[1024];
	va_list args;
	int prefix = snprintf(line, sizeof(line), "tine-init: ");

	va_start(args, format);
	vsnprintf(line + prefix, sizeof(line) - (size_t)prefix - 1, format, args);
	va_end(args);
	strcat(line, "\n");
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return; /* there is nowhere else to say it */
}

/* Reads a file as a string, cut to fit. Returns its length, or -1. */
static ssize_t read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	return n < 0 ? -1 : (ssize_t)len;
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

/* The archive has /dev nodes enough; devtmpfs adds what the kernel has found. Failure is no harm. */
static void mount_missing(const char *kind, const char *where)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), " %s %s ", where, kind);
	if (strstr(mounts_text, pattern))
		return;
	mkdir(where, 0755);
	mount(kind, where, kind, 0, NULL);
}

static void set_up(void)
{
	if (access("/proc/self", F_OK) < 0) {
		mkdir("/proc", 0755);
		mount("proc", "/proc", "proc", 0, NULL);
	}
	read_text("/proc/mounts", mounts_text, sizeof(mounts_text));
	mount_missing("devtmpfs", "/dev");
	if (access("/sys/.", F_OK) == 0)
		mount_missing("sysfs", "/sys");
	if (symlink("/proc/self/fd", "/dev/fd") == 0) {
		(void)!symlink("/proc/self/fd/0", "/dev/stdin");
		(void)!symlink("/proc/self/fd/1", "/dev/stdout");
		(void)!symlink("/proc/self/fd/2", "/dev/stderr");
	}
	/* /tmp is a folder of the root: a mount would hide what tools/guest -f put there. */
	mkdir("/tmp", 01777);
	chmod("/tmp", 01777);

	mkdir("/dev/shm", 01777); /* where libcs keep shm_open's and sem_open's files */
	chmod("/dev/shm", 01777);

	/* A kernel gives init the console; where it could not, take it now. */
	if (fcntl(STDERR_FILENO, F_GETFD) < 0) {
		int fd = open("/dev/console", O_RDWR | O_NOCTTY);

		for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++)
			dup2(fd, i);
		if (fd > STDERR_FILENO)
			close(fd);
	}
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/root", 1);
	signal(SIGTTOU, SIG_IGN); /* init sets the terminal although it is not its foreground job */
}

/* Waits for one child; reaps every orphan on the way. Returns its wait status. */
static int wait_for(pid_t pid)
{
	int status;

	for (;;) {
		pid_t got = waitpid(-1, &status, 0);

		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR)
			return STATUS_NOT_RUN << 8;
	}
}

static void kill_and_reap_all(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* In a new child: a job of its own in the foreground of `tty`, which is its stdio. Then exec. */
static void run_child(int in, int tty, const char *cwd, char *const argv[])
{
	setpgid(0, 0);
	tcsetpgrp(tty, getpid());
	signal(SIGTTOU, SIG_DFL);
	dup2(in, STDIN_FILENO);
	dup2(tty, STDOUT_FILENO);
	int console = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(tty, STDERR_FILENO);
	if (chdir(cwd) < 0 && chdir("/") < 0)
		_exit(STATUS_NOT_RUN);
	execvp(argv[0], argv);

	int error = errno;
	dup2(console, STDERR_FILENO);
	say("error %s: %s", argv[0], strerror(error));
	_exit(STATUS_NOT_RUN);
}

/* ---- The guest runner's job ------------------------------------------------------------------- */

static void read_config(struct guest_config *c)
{
	static char text[TEXT_BYTES];

	*c = (struct guest_config){ .stdin_kind = "null", .term = "dumb", .cwd = "/tmp" };
	if (read_text("/.guest/config", text, sizeof(text)) < 0)
		return;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		sscanf(line, "stdin %15s", c->stdin_kind);
		sscanf(line, "term %63s", c->term);
		sscanf(line, "cwd %4095[^\n]", c->cwd);
		sscanf(line, "size %d %d", &c->rows, &c->cols);
	}
}

/* A terminal is cooked as a login shell wants it; a pipe passes every byte but ^V and ^D. */
static void set_terminal(int tty, const struct guest_config *c)
{
	struct termios t = { .c_cflag = CS8 | CREAD | CLOCAL };
	struct winsize size = { .ws_row = (unsigned short)c->rows,
				.ws_col = (unsigned short)c->cols };

	t.c_cc[VEOF] = 4;	/* ^D */
	t.c_cc[VLNEXT] = 22;	/* ^V */
	t.c_cc[VMIN] = 1;
	t.c_lflag = ICANON | IEXTEN;
	if (strcmp(c->stdin_kind, "tty") == 0) {
		t.c_iflag = ICRNL | IXON;
		t.c_oflag = OPOST | ONLCR;
		t.c_lflag |= ISIG | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
		t.c_cc[VINTR] = 3;	/* ^C */
		t.c_cc[VQUIT] = 28;	/* ^\ */
		t.c_cc[VERASE] = 127;
		t.c_cc[VKILL] = 21;	/* ^U */
		t.c_cc[VSUSP] = 26;	/* ^Z */
		t.c_cc[VSTART] = 17;
		t.c_cc[VSTOP] = 19;
		t.c_cc[VWERASE] = 23;
		t.c_cc[VREPRINT] = 18;
	}
	cfsetispeed(&t, B115200);
	cfsetospeed(&t, B115200);
	if (tcsetattr(tty, TCSANOW, &t) < 0)
		say("note tcsetattr: %s", strerror(errno));
	ioctl(tty, TIOCSWINSZ, &size);
}

static int open_guest_stdin(int tty, const struct guest_config *c)
{
	int fd = -1;

	if (strcmp(c->stdin_kind, "file") == 0)
		fd = open("/.guest/stdin", O_RDONLY | O_CLOEXEC);
	else if (strcmp(c->stdin_kind, "null") == 0)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : tty;
}

struct memory {
	long free_kib; /* -1: unknown */
	long slab_kib; /* of what is not free, the kernel's heap */
};

static struct memory look_at_memory(void)
{
	static char text[TEXT_BYTES];
	struct memory m = { -1, 0 };
	char *at;

	if (read_text("/proc/meminfo", text, sizeof(text)) < 0)
		return m;
	at = strstr(text, "MemFree:");
	if (at)
		sscanf(at, "MemFree: %ld", &m.free_kib);
	at = strstr(text, "Slab:");
	if (at)
		sscanf(at, "Slab: %ld", &m.slab_kib);
	return m;
}

/*
 * Does once all that init does between the two looks at free memory, so that what is allocated
 * the first time only (pages of init, kernel caches) does not count as lost.
 */
static void warm_up(int tty)
{
	static char *argv[] = { "/bin/busybox", "true", NULL };
	pid_t pid;

	read_text("/proc/audit", audit_text, sizeof(audit_text));
	look_at_memory();
	pid = fork();
	if (pid == 0) {
		int in = open("/dev/null", O_RDWR | O_CLOEXEC);

		setpgid(0, 0);
		dup2(in, STDIN_FILENO);
		dup2(in, STDOUT_FILENO);
		dup2(in, STDERR_FILENO);
		execv(argv[0], argv);
		_exit(0);
	}
	if (pid > 0)
		wait_for(pid);
	kill_and_reap_all();
	tcdrain(tty);
	look_at_memory();
}

/* The lines of /proc/audit, where the kernel has it, and free memory before and after. */
static void report_audit(struct memory before)
{
	if (read_text("/proc/audit", audit_text, sizeof(audit_text)) < 0)
		return;
	for (char *line = strtok(audit_text, "\n"); line; line = strtok(NULL, "\n"))
		say("audit %s", line);
	struct memory after = look_at_memory();
	say("memory %ld %ld slab %ld %ld", before.free_kib, after.free_kib, before.slab_kib,
	    after.slab_kib);
}

/*
 * The leader of the program's session, between init and the program. It is there for two reasons:
 * job control does not stop a process group whose parent is process 1, and the death of a session's
 * leader hangs its terminal up, which throws away what was not sent yet. So it kills what the
 * program left, sends the output off, reports the program's wait status, and dies last.
 */
static _Noreturn void lead_session(int in, int tty, int report, const struct guest_config *c)
{
	int status = STATUS_NOT_RUN << 8;
	pid_t pid;

	setsid();
	ioctl(tty, TIOCSCTTY, 0);
	pid = fork();
	if (pid == 0)
		run_child(in, tty, c->cwd, guest_argv);
	if (pid > 0)
		waitpid(pid, &status, 0);
	else
		say("error fork: %s", strerror(errno));
	kill(-1, SIGKILL); /* all but itself and process 1 */
	tcdrain(tty);
	_exit(write(report, &status, sizeof(status)) == sizeof(status) ? 0 : 1);
}

/* Runs the program in a session of its own. Returns its wait status. */
static int run_session(int in, int tty, const struct guest_config *c)
{
	int ends[2], status = STATUS_NOT_RUN << 8;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		say("error pipe2: %s", strerror(errno));
		return status;
	}
	pid_t pid = fork();
	if (pid == 0)
		lead_session(in, tty, ends[1], c);
	if (pid < 0) {
		say("error fork: %s", strerror(errno));
		return status;
	}
	int leader_status = wait_for(pid);
	close(ends[1]);
	if (read(ends[0], &status, sizeof(status)) != sizeof(status))
		status = leader_status; /* the program killed its session's leader */
	close(ends[0]);
	return status;
}

static void clear_guest_folder(void)
{
	unlink("/.guest/argv");
	unlink("/.guest/config");
	unlink("/.guest/stdin");
	rmdir("/.guest");
}

static _Noreturn void run_guest(ssize_t argv_len)
{
	struct guest_config config;
	int argc = 0;
	struct memory before;
	int status;

	for (char *s = argv_text; s < argv_text + argv_len && argc < MAX_ARGS; s += strlen(s) + 1)
		guest_argv[argc++] = s;
	read_config(&config);
	setenv("TERM", config.term, 1);

	int tty = open("/dev/ttyS0", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		say("error /dev/ttyS0: %s", strerror(errno));
	set_terminal(tty, &config);
	int in = open_guest_stdin(tty, &config);
	clear_guest_folder();

	warm_up(tty);
	say("ready");
	before = look_at_memory();
	status = run_session(in, tty, &config);
	kill_and_reap_all();
	tcdrain(tty);

	report_audit(before);
	if (WIFSIGNALED(status))
		say("signal %d", WTERMSIG(status));
	else
		say("exit %d", WEXITSTATUS(status));
	tcdrain(STDERR_FILENO);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

/* ---- A person at the console ------------------------------------------------------------------ */

static _Noreturn void run_shell(int argc, char **argv)
{
	static char *shell[] = { "/bin/sh", NULL };
	char **command = argc > 1 ? argv + 1 : shell;
	int status = 0;

	if (argc <= 1 && access(shell[0], X_OK) < 0)
		say("no %s in the root archive: there is nothing to run", shell[0]);
	setenv("TERM", "linux", 0);
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		int console = open("/dev/console", O_RDWR | O_CLOEXEC);

		/* Who reads by the name of the console is exempt from job control: the terminal's
		 * other name. Not every console can be a controlling terminal: then there is none. */
		ioctl(console, TIOCSCTTY, 1);
		int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
		if (tty < 0)
			tty = console;
		run_child(tty, tty, "/root", command);
	}
	if (pid > 0)
		status = wait_for(pid);
	else
		say("fork: %s", strerror(errno));
	kill_and_reap_all();
	if (WIFSIGNALED(status))
		say("%s was killed by signal %d: power off", command[0], WTERMSIG(status));
	else
		say("%s has ended with status %d: power off", command[0], WEXITSTATUS(status));
	tcdrain(STDERR_FILENO);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (getpid() != 1) {
		fprintf(stderr, "init: to be started by the kernel as process 1\n");
		return 1;
	}
	set_up();
	ssize_t argv_len = read_text("/.guest/argv", argv_text, sizeof(argv_text));

	if (argv_len > 0)
		run_guest(argv_len);
	run_shell(argc, argv);
}
