/*
 * jobs.c - children that run in the background, from & to wait.
 *
 * A child that has ended stays a zombie until someone waits for it. The shell does so before
 * each fork and each prompt without blocking (WNOHANG), and keeps the status for a later
 * `wait PID`. Children in the foreground never come here: run.c waits for them by pid.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "sh.h"

enum { MAX_REMEMBERED = 256 };	/* statuses nobody asked for, the oldest go first */

struct job {
	pid_t pid;
	bool ended;
	int status;
	struct job *next;
};

static struct job *jobs;	/* the newest first */

int status_of(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

/* Forgets the oldest of the ended ones when there are too many. */
static void drop_oldest(void)
{
	struct job **oldest = NULL;
	int ended = 0;

	for (struct job **at = &jobs; *at; at = &(*at)->next) {
		if (!(*at)->ended)
			continue;
		oldest = at;
		ended++;
	}
	if (ended > MAX_REMEMBERED) {
		struct job *job = *oldest;

		*oldest = job->next;
		free(job);
	}
}

void job_add(pid_t pid)
{
	struct job *job = heap_alloc(sizeof(*job));

	*job = (struct job){ .pid = pid, .next = jobs };
	jobs = job;
	drop_oldest();
}

/* Each by its pid: waitpid(-1) could take the first commands of a pipeline from run.c. */
void jobs_reap(void)
{
	for (struct job *job = jobs; job; job = job->next) {
		int status;

		if (job->ended || waitpid(job->pid, &status, WNOHANG) <= 0)
			continue;
		job->ended = true;
		job->status = status_of(status);
	}
}

/* In a child: the jobs are the parent's children, not its own. */
void jobs_forget(void)
{
	while (jobs) {
		struct job *next = jobs->next;

		free(jobs);
		jobs = next;
	}
}

/* Blocks until the job has ended. 130: Ctrl-C came first. */
static int wait_until_ended(struct job *job)
{
	while (!job->ended) {
		int status;
		pid_t pid = waitpid(job->pid, &status, 0);

		if (pid < 0 && errno == EINTR && signals_interrupted())
			return 130;
		if (pid < 0 && errno == EINTR)
			continue;
		job->ended = true;
		job->status = pid > 0 ? status_of(status) : 127;
	}
	return job->status;
}

int job_wait(pid_t pid)
{
	for (struct job **at = &jobs; *at; at = &(*at)->next) {
		struct job *job = *at;
		int status;

		if (job->pid != pid)
			continue;
		status = wait_until_ended(job);
		if (job->ended) {
			*at = job->next;
			free(job);
		}
		return status;
	}
	return 127;
}

int jobs_wait_all(void)
{
	while (jobs) {
		if (job_wait(jobs->pid) == 130 && signals_interrupted())
			return 130;
	}
	return 0;
}
