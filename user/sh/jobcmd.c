/*
 * jobcmd.c - the builtins for jobs: jobs, fg, bg, wait and kill, and how a job is named.
 *
 *	%3	the job with that number	%% %+	the current one
 *	%cat	whose command begins so		%-	the one before
 *	%?cat	whose command has it in it
 *
 * Source: POSIX, XCU 3.204 "job control job ID" and the pages of the utilities.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "jobs.h"

static void put_text(struct str *s, const struct job *job)
{
	for (int i = 0; i < job->count; i++) {
		if (i > 0)
			str_add(s, " | ");
		str_add(s, job->members[i].text);
	}
}

static void put_state(struct str *s, const struct job *job)
{
	int status = job_wait_status(job);
	char number[32];

	if (job_state(job) == JOB_RUNNING) {
		str_add(s, "Running");
	} else if (WIFSTOPPED(status)) {
		str_add(s, strsignal(WSTOPSIG(status)));
	} else if (WIFSIGNALED(status)) {
		str_add(s, strsignal(WTERMSIG(status)));
		if (WCOREDUMP(status))
			str_add(s, " (core dumped)");
	} else {
		str_add(s, "Done");
		snprintf(number, sizeof(number), "(%d)", WEXITSTATUS(status));
		if (WEXITSTATUS(status))
			str_add(s, number);
	}
}

static void pad(struct str *s, size_t line_start)
{
	enum { TEXT_COLUMN = 33 };

	do
		str_put(s, ' ');
	while (s->len - line_start < TEXT_COLUMN);
}

/* One line, or with SHOW_PIDS one for each process. */
void job_show(struct job *job, enum job_show how, int fd)
{
	struct job *first = jobs_next(NULL);
	char mark = job == first ? '+' : first && job == jobs_next(first) ? '-' : ' ';
	struct mark memory = arena_mark();
	struct str s = { 0 };
	char text[64];

	if (how == SHOW_GROUP) {
		snprintf(text, sizeof(text), "%d\n", (int)job->members[0].pid);
		str_add(&s, text);
	} else {
		snprintf(text, sizeof(text), "[%d]%c  ", job->number, mark);
		str_add(&s, text);
		snprintf(text, sizeof(text), "%d ", (int)job->members[0].pid);
		if (how == SHOW_PIDS)
			str_add(&s, text);
		put_state(&s, job);
		pad(&s, 0);
		if (how == SHOW_PIDS)
			str_add(&s, job->members[0].text);
		else
			put_text(&s, job);
		str_put(&s, '\n');
	}
	for (int i = 1; how == SHOW_PIDS && i < job->count; i++) {
		size_t start = s.len;

		snprintf(text, sizeof(text), "      %d", (int)job->members[i].pid);
		str_add(&s, text);
		pad(&s, start);
		str_add(&s, "| ");
		str_add(&s, job->members[i].text);
		str_put(&s, '\n');
	}
	write_all(fd, s.text, s.len);
	arena_release(memory);
}

static bool has_name(const struct job *job, const char *name)
{
	struct str s = { 0 };
	const char *text;

	put_text(&s, job);
	text = str_text(&s);
	return *name == '?' ? strstr(text, name + 1) != NULL
			    : strncmp(text, name, strlen(name)) == 0;
}

static bool has_pid(const struct job *job, pid_t pid)
{
	for (int i = 0; i < job->count; i++)
		if (job->members[i].pid == pid)
			return true;
	return false;
}

/* The job that a word names, %ID or a pid of it. NULL, and *why says why. */
static struct job *find_job(const char *id, const char **why)
{
	struct job *first = jobs_next(NULL), *found = NULL;

	*why = "no such job";
	if (!id || strcmp(id, "%") == 0 || strcmp(id, "%%") == 0 || strcmp(id, "%+") == 0)
		return first;
	if (strcmp(id, "%-") == 0)
		return first ? jobs_next(first) : NULL;
	for (struct job *job = first; job; job = jobs_next(job)) {
		bool match;

		if (*id != '%')
			match = has_pid(job, (pid_t)strtol(id, NULL, 10));
		else if (isdigit((unsigned char)id[1]))
			match = job->number == atoi(id + 1);
		else
			match = has_name(job, id + 1);
		if (match && found) {
			*why = "which of them?";
			return NULL;
		}
		if (match)
			found = job;
	}
	return found;
}

int builtin_jobs(int argc, char **argv)
{
	enum job_show how = SHOW_STATE;
	struct job *next;
	const char *why;
	int first = 1;

	if (argc > 1 && argv[1][0] == '-') {
		if (strcmp(argv[1], "-l") != 0 && strcmp(argv[1], "-p") != 0) {
			warn("jobs: %s: no such option (there are -l -p)", argv[1]);
			return 2;
		}
		how = argv[1][1] == 'l' ? SHOW_PIDS : SHOW_GROUP;
		first = 2;
	}
	jobs_reap();
	for (int i = first; i < argc; i++) {
		struct job *job = find_job(argv[i], &why);

		if (!job) {
			warn("jobs: %s: %s", argv[i], why);
			return 2;
		}
		job_show(job, how, 1);
	}
	for (struct job *job = jobs_next(NULL); job && first == argc; job = next) {
		next = jobs_next(job);
		job_show(job, how, 1);
		job->told = true;
	}
	for (struct job *job = jobs_next(NULL); job && is_interactive; job = next) {
		next = jobs_next(job);
		if (job->told && job_state(job) == JOB_ENDED)
			job_free(job);
	}
	return 0;
}

static int go_on(int argc, char **argv, enum job_place place)
{
	int status = 0;

	for (int i = 1; i < argc || i == 1; i++) {
		struct str line = { 0 };
		const char *why;
		struct job *job = find_job(argc > 1 ? argv[i] : NULL, &why);
		char number[32];

		if (job && !job->group)
			why = "it is no job of its own (set -m)";
		if (!job || !job->group) {
			warn("%s: %s: %s", argv[0], argc > 1 ? argv[i] : "%+", why);
			return 2;
		}
		snprintf(number, sizeof(number), "[%d] ", job->number);
		if (place == BACKGROUND)
			str_add(&line, number);
		put_text(&line, job);
		str_put(&line, '\n');
		write_all(1, line.text, line.len);
		status = job_continue(job, place);
	}
	return status;
}

int builtin_fg(int argc, char **argv)
{
	return go_on(argc, argv, FOREGROUND);
}

int builtin_bg(int argc, char **argv)
{
	return go_on(argc, argv, BACKGROUND);
}

/* What ended a wait too early, as its status. */
static int interrupted_status(void)
{
	int signo = trap_pending();

	return 128 + (signo ? signo : SIGINT);
}

static bool any_runs(void)
{
	for (struct job *job = jobs_next(NULL); job; job = jobs_next(job))
		if (job->place == BACKGROUND && job_state(job) == JOB_RUNNING)
			return true;
	return false;
}

static int wait_for_all(void)
{
	struct job *next;

	while (any_runs())
		if (!jobs_wait_change())
			return interrupted_status();
	for (struct job *job = jobs_next(NULL); job && !is_interactive; job = next) {
		next = jobs_next(job);
		if (job->place == BACKGROUND && job_state(job) == JOB_ENDED)
			job_free(job);
	}
	return 0;
}

static int wait_for_one(const char *id)
{
	const char *why;
	struct job *job = find_job(id, &why);
	int status;

	if (*id != '%' && (!isdigit((unsigned char)*id) || atol(id) <= 0)) {
		warn("wait: %s: not a process number", id);
		return 2;
	}
	if (!job)
		return 127;
	while (job_state(job) == JOB_RUNNING) {
		if (!jobs_wait_change())
			return interrupted_status();
	}
	status = status_of(job_wait_status(job));
	if (job_state(job) == JOB_ENDED && !is_interactive)
		job_free(job);
	return status;
}

int builtin_wait(int argc, char **argv)
{
	int status = 0;

	if (argc == 1)
		return wait_for_all();
	for (int i = 1; i < argc; i++) {
		status = wait_for_one(argv[i]);
		if (signals_interrupted() || trap_pending())
			break;
	}
	return status;
}

/* To a whole job, or to the process or group (-PGID) of that number. */
static int send(const char *target, int signo)
{
	const char *why = "not a process number";
	struct job *job = NULL;
	char *end;
	long pid = strtol(target, &end, 10);
	int result = 0;

	if (*target == '%')
		job = find_job(target, &why);
	if (!job && (end == target || *end)) {
		warn("kill: %s: %s", target, why);
		return 1;
	}
	if (!job)
		result = kill((pid_t)pid, signo);
	else if (job->group)
		result = kill(-job->group, signo);
	for (int i = 0; job && !job->group && i < job->count; i++)
		if (job->members[i].state != JOB_ENDED)
			result |= kill(job->members[i].pid, signo);
	if (result < 0)
		warn("kill: %s: %s", target, strerror(errno));
	return result < 0;
}

/* kill -l: all names, or that of each number, which may be an exit status. */
static int list_signals(int argc, char **argv)
{
	struct str list = { 0 };

	for (int signo = 1; argc == 2 && signo < NSIG; signo++) {
		if (!signal_name(signo))
			continue;
		str_add(&list, signal_name(signo));
		str_put(&list, '\n');
	}
	for (int i = 2; i < argc; i++) {
		int signo = atoi(argv[i]);
		const char *name = signal_name(signo > 128 ? signo - 128 : signo);

		if (!name || !signo) {
			warn("kill: %s: no such signal", argv[i]);
			return 2;
		}
		str_add(&list, name);
		str_put(&list, '\n');
	}
	return write_all(1, str_text(&list), list.len) < 0;
}

int builtin_kill(int argc, char **argv)
{
	int signo = SIGTERM, first = 1, status = 0;

	if (argc > 1 && strcmp(argv[1], "-l") == 0)
		return list_signals(argc, argv);
	if (argc > 1 && argv[1][0] == '-' && argv[1][1] && strcmp(argv[1], "--") != 0) {
		const char *name = argv[1] + 1;

		first = 2;
		if (strcmp(name, "s") == 0 && argc > 2)
			name = argv[first++];
		signo = signal_number(name);
		if (signo < 0) {
			warn("kill: %s: no such signal", name);
			return 2;
		}
	}
	if (first < argc && strcmp(argv[first], "--") == 0)
		first++;
	if (first == argc) {
		warn("kill: whom?");
		return 2;
	}
	for (int i = first; i < argc; i++)
		status |= send(argv[i], signo);
	return status;
}
