/*
 * jobs.c - job control: each pipeline is a job, in the foreground or in the background.
 *
 * A job is a process group, because that is what the terminal knows: it sends the signals of
 * Ctrl-C, Ctrl-\ and Ctrl-Z to its foreground group, and stops (SIGTTIN, SIGTTOU) who reads it
 * or changes it from another. So the shell puts every child into the group of its job, and
 * hands the terminal to that group and back:
 *
 *	job_new, job_fork...	a group of children
 *	job_foreground		waits until they have ended or stopped, takes the terminal back
 *	job_background		does not wait; jobs_tell says before a prompt what became of it
 *
 * Without job control (a script) all children stay in the shell's own group.
 * Read beside it: "Implementing a Job Control Shell" in the manual of the GNU C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "jobs.h"

enum {
	MAX_REMEMBERED = 256,	/* statuses nobody asked for, the oldest go first */
	FIRST_OWN_FD = 10,	/* where no command meets it */
	MAX_TRIES = 16,		/* to come into the foreground */
};

bool has_job_control;

static struct job *jobs;	/* the current job first: %+, then %- */
static bool are_parents;	/* the list is of the shell that forked us: only to be shown */
static int terminal = -1;	/* controlling terminal; -1: job control without one */
static struct termios shell_modes;	/* of the terminal, while the shell has it */
static pid_t shell_group, group_before;	/* ours, and what we were in when we started */
static int stopped_warnings;

/* ---- the list ---- */

/* The next that a person knows of, the first after NULL. */
struct job *jobs_next(const struct job *job)
{
	struct job *next = job ? job->next : jobs;

	while (next && next->place != BACKGROUND)
		next = next->next;
	return next;
}

enum job_state job_state(const struct job *job)
{
	enum job_state state = JOB_ENDED;

	for (int i = 0; i < job->count; i++) {
		if (job->members[i].state == JOB_RUNNING)
			return JOB_RUNNING;
		if (job->members[i].state == JOB_STOPPED)
			state = JOB_STOPPED;
	}
	return state;
}

/* What wait said: of who stopped last, or of the last command of the pipeline. */
int job_wait_status(const struct job *job)
{
	if (job_state(job) == JOB_STOPPED)
		return job->stop_status;
	return job->count ? job->members[job->count - 1].status : 0;
}

/* What wait says, as $? says it. */
int status_of(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	if (WIFSTOPPED(wait_status))
		return 128 + WSTOPSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

static void unlink_job(struct job *job)
{
	struct job **at = &jobs;

	while (*at && *at != job)
		at = &(*at)->next;
	if (*at)
		*at = job->next;
}

/* A stopped job becomes the current one; others line up behind those that are stopped. */
void job_make_current(struct job *job)
{
	struct job **at = &jobs;

	unlink_job(job);
	while (*at && job_state(job) != JOB_STOPPED && job_state(*at) == JOB_STOPPED)
		at = &(*at)->next;
	job->next = *at;
	*at = job;
}

void job_free(struct job *job)
{
	unlink_job(job);
	for (int i = 0; i < job->count; i++)
		free(job->members[i].text);
	free(job->members);
	free(job);
}

/* A script can start more children than it ever asks for. */
static void drop_oldest(void)
{
	struct job *oldest = NULL, *next;
	int ended = 0;

	for (struct job *job = jobs; job; job = next) {
		next = job->next;
		if (job_state(job) != JOB_ENDED)
			continue;
		if (job->place == WITHIN) {
			job_free(job);
			continue;
		}
		oldest = job;
		ended++;
	}
	if (ended > MAX_REMEMBERED)
		job_free(oldest);
}

static bool is_taken(int number)
{
	for (struct job *job = jobs; job; job = job->next)
		if (job->number == number)
			return true;
	return false;
}

struct job *job_new(enum job_place place)
{
	struct job *job = heap_alloc(sizeof(*job));

	while (are_parents && jobs)
		job_free(jobs);
	are_parents = false;
	drop_oldest();
	*job = (struct job){ .number = 1, .place = place };
	while (is_taken(job->number))
		job->number++;
	job->next = jobs;
	jobs = job;
	return job;
}

/* ---- starting ---- */

/* In the child. It and the shell both call setpgid: who comes first does it for both. */
static void become_member(struct job *job)
{
	bool own_group = has_job_control && job->place != WITHIN;

	if (own_group) {
		setpgid(0, job->group);
		if (job->place == FOREGROUND && terminal >= 0)
			tcsetpgrp(terminal, getpgrp());	/* SIGTTOU is still ignored */
	}
	has_job_control = has_job_control && !own_group;
	signals_reset_for_child(job->place == BACKGROUND && !own_group);
	has_job_control = false;
	if (job->place == BACKGROUND && !own_group && job->count == 0) {
		int fd = open("/dev/null", O_RDONLY);	/* the input is for the foreground */

		if (fd > 0) {
			dup2(fd, 0);
			close(fd);
		}
	}
	job_free(job);
	are_parents = true;
}

static void add_member(struct job *job, pid_t pid, const char *text)
{
	struct member *members = heap_alloc((job->count + 1) * sizeof(*members));

	if (job->count)
		memcpy(members, job->members, job->count * sizeof(*members));
	members[job->count] = (struct member){ .pid = pid, .state = JOB_RUNNING,
					       .text = heap_copy(text) };
	free(job->members);
	job->members = members;
	job->count++;
}

/* fork, and what each child needs first: signals wait until that is done. text: for messages. */
pid_t job_fork(struct job *job, const char *text)
{
	sigset_t all, before;
	pid_t pid;

	jobs_reap();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become_member(job);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		warn("cannot fork: %s", strerror(errno));
	if (pid <= 0)
		return pid;
	if (has_job_control && job->place != WITHIN) {
		if (!job->group)
			job->group = pid;
		setpgid(pid, job->group);
	}
	add_member(job, pid, text);
	return pid;
}

/* ---- waiting ---- */

static void note(pid_t pid, int status)
{
	for (struct job *job = jobs; job; job = job->next) {
		for (int i = 0; i < job->count; i++) {
			struct member *member = &job->members[i];

			if (member->pid != pid || member->state == JOB_ENDED)
				continue;
			if (WIFSTOPPED(status)) {
				member->state = JOB_STOPPED;
				job->stop_status = status;
			} else if (WIFCONTINUED(status)) {
				member->state = JOB_RUNNING;
			} else {
				member->state = JOB_ENDED;
				member->status = status;
			}
			if (job_state(job) == JOB_STOPPED)
				job_make_current(job);
			job->told = false;
			return;
		}
	}
}

/* waitpid for any child. Without job control a stopped child is somebody else's affair. */
static pid_t wait_any(int flags)
{
	int status;
	pid_t pid;

	if (has_job_control)
		flags |= WUNTRACED | WCONTINUED;
	pid = waitpid(-1, &status, flags);
	if (pid > 0)
		note(pid, status);
	return pid;
}

/* A child that has ended is a zombie until someone waits for it. */
void jobs_reap(void)
{
	while (wait_any(WNOHANG) > 0)
		;
}

/*
 * Sleeps until a child has changed: true; or a signal has come that ends the wait: false.
 * Signals are blocked from the look to the sleep; sigsuspend lets them in, so none is missed.
 */
bool jobs_wait_change(void)
{
	sigset_t all, before;
	pid_t pid;

	signals_catch_child();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	while ((pid = wait_any(WNOHANG)) == 0 && !signals_interrupted() && !trap_pending())
		sigsuspend(&before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid != 0;
}

/* Takes the terminal back, with the settings that the shell left it with. */
static void take_terminal(struct job *job)
{
	int status = job_wait_status(job);

	tcsetpgrp(terminal, shell_group);
	if (job_state(job) == JOB_STOPPED)
		job->has_modes = tcgetattr(terminal, &job->modes) == 0;
	if (WIFEXITED(status))
		tcgetattr(terminal, &shell_modes);	/* it may be stty, which is to last */
	else
		tcsetattr(terminal, TCSADRAIN, &shell_modes);
}

/* How a job in the foreground ended, where that is worth a word. */
static void tell_end(const struct job *job)
{
	int status = job_wait_status(job);
	int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	struct str line = { 0 };

	/*
	 * Ctrl-C went to the job alone; the shell takes part now. Without job control it went to
	 * both, and ends the line only if it killed the child: one that lives on has handled it.
	 */
	if (job->group && signo == SIGINT)
		raise(SIGINT);
	else if (is_interactive && !job->group)
		signals_set_interrupted(signo == SIGINT);
	if (signo == 0 || signo == SIGINT || signo == SIGPIPE)
		return;
	if (job->group && is_interactive)
		str_put(&line, '\n');		/* behind the ^\ on the screen */
	str_add(&line, strsignal(signo));
	str_add(&line, WCOREDUMP(status) ? " (core dumped)\n" : "\n");
	write_all(2, line.text, line.len);
}

/* Waits until the job has ended or stopped; its status. An ended job is gone afterwards. */
int job_foreground(struct job *job)
{
	int status;

	while (job_state(job) == JOB_RUNNING ||
	       (job->place == WITHIN && job_state(job) == JOB_STOPPED)) {
		if (wait_any(0) < 0 && errno != EINTR) {
			warn("cannot wait: %s", strerror(errno));
			job_free(job);
			return 127;
		}
	}
	if (job->group && terminal >= 0)
		take_terminal(job);
	status = status_of(job_wait_status(job));
	if (job_state(job) == JOB_STOPPED) {
		job->place = BACKGROUND;
		job_make_current(job);
		if (is_interactive)
			write_all(2, "\n", 1);
		job_show(job, SHOW_STATE, 2);
		job->told = true;
	} else {
		tell_end(job);
		job_free(job);
	}
	return status;
}

/* fg and bg: goes on where it was stopped. */
int job_continue(struct job *job, enum job_place place)
{
	job->place = place;
	if (place == FOREGROUND && terminal >= 0) {
		tcsetpgrp(terminal, job->group);
		if (job->has_modes)
			tcsetattr(terminal, TCSADRAIN, &job->modes);
	}
	for (int i = 0; i < job->count; i++)
		if (job->members[i].state == JOB_STOPPED)
			job->members[i].state = JOB_RUNNING;
	if (job->group && kill(-job->group, SIGCONT) < 0)
		warn("cannot continue: %s", strerror(errno));
	if (place == FOREGROUND)
		return job_foreground(job);
	job_make_current(job);
	return 0;
}

/* The job runs on; $! is its last process. */
int job_background(struct job *job)
{
	char text[64];

	last_background = job->members[job->count - 1].pid;
	job_make_current(job);
	if (is_interactive) {
		snprintf(text, sizeof(text), "[%d] %d\n", job->number, (int)last_background);
		write_all(2, text, strlen(text));
	}
	return 0;
}

/* Before a prompt: says which jobs have stopped or ended since. */
void jobs_tell(void)
{
	struct job *next;

	jobs_reap();
	for (struct job *job = jobs_next(NULL); job; job = next) {
		enum job_state state = job_state(job);

		next = jobs_next(job);
		if (state == JOB_RUNNING)
			continue;
		if (!job->told)
			job_show(job, SHOW_STATE, 2);
		job->told = true;
		if (state == JOB_ENDED)
			job_free(job);
	}
}

/* ---- on and off ---- */

/* The controlling terminal on a descriptor that no command meets, or -1. */
static int open_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC), high;

	if (fd < 0)
		return -1;
	high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);
	close(fd);
	return high;
}

/* A shell in the background stops here until someone brings it into the foreground. */
static bool wait_for_foreground(void)
{
	for (int i = 0; i < MAX_TRIES && terminal >= 0; i++) {
		if (tcgetpgrp(terminal) == getpgrp())
			return true;
		kill(0, SIGTTIN);
	}
	return false;
}

static void job_control_on(void)
{
	terminal = open_terminal();
	if (!wait_for_foreground() && is_interactive) {
		warn("no terminal of our own: job control is off");
		close(terminal);
		terminal = -1;
		return;
	}
	has_job_control = true;
	signals_update();
	group_before = getpgrp();
	if (terminal < 0)
		return;
	setpgid(0, 0);			/* fails for who leads a session, and so a group */
	shell_group = getpgrp();
	tcsetpgrp(terminal, shell_group);
	tcgetattr(terminal, &shell_modes);
}

/* Also when the shell ends: who waits for it finds the terminal in its own hands. */
static void job_control_off(void)
{
	if (terminal >= 0) {
		tcsetpgrp(terminal, group_before);
		setpgid(0, group_before);
		close(terminal);
		terminal = -1;
	}
	has_job_control = false;
	signals_update();
}

/* Before `exit`: says once that there are stopped jobs, and is asked again after that. */
bool jobs_hold_exit(void)
{
	if (stopped_warnings > 0 || !is_interactive)
		return false;
	for (struct job *job = jobs_next(NULL); job; job = jobs_next(job)) {
		if (job_state(job) == JOB_STOPPED) {
			warn("there are stopped jobs");
			stopped_warnings = 2;	/* this command and the next one */
			return true;
		}
	}
	return false;
}

void jobs_warning_fades(void)
{
	if (stopped_warnings > 0)
		stopped_warnings--;
}

void job_control_set(bool on)
{
	if (on && !has_job_control)
		job_control_on();
	if (!on && has_job_control)
		job_control_off();
}
