/* jobs.h - what jobs.c and the builtins for jobs (jobcmd.c) share. */
#ifndef JOBS_H
#define JOBS_H

#include <termios.h>
#include "sh.h"

enum job_state { JOB_RUNNING, JOB_STOPPED, JOB_ENDED };

struct member {			/* a process of a job */
	pid_t pid;
	enum job_state state;
	int status;		/* as wait gives it, once it has ended */
	char *text;		/* the command */
};

struct job {
	int number;		/* %1 */
	enum job_place place;
	pid_t group;		/* process group; 0: that of the shell */
	struct member *members;
	int count;
	int stop_status;	/* what wait said when it stopped */
	bool told;		/* the person knows of its state */
	bool has_modes;
	struct termios modes;	/* of the terminal, when it stopped */
	struct job *next;
};

enum job_show { SHOW_STATE, SHOW_PIDS, SHOW_GROUP };	/* jobs, jobs -l, jobs -p */

struct job *jobs_next(const struct job *job);
enum job_state job_state(const struct job *job);
int job_wait_status(const struct job *job);
int job_continue(struct job *job, enum job_place place);
void job_make_current(struct job *job);
void job_show(struct job *job, enum job_show how, int fd);
bool jobs_wait_change(void);

#endif
