/*
 * redir.c - < > >> >& <<: points descriptors of this process at files.
 *
 * In a child that is all there is to it: open, dup2, close. Around a builtin or a loop the
 * shell needs its own descriptors back, so it first copies each to a number above 9, close on
 * exec, where no command can meet it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

enum { FIRST_SAVED_FD = 10, PIPE_HOLDS_BYTES = 4096 };

static int open_file(const char *path, enum redirect_kind kind)
{
	static const int flags[] = {
		[R_READ] = O_RDONLY,
		[R_WRITE] = O_WRONLY | O_CREAT | O_TRUNC,
		[R_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
		[R_READ_WRITE] = O_RDWR | O_CREAT,
	};
	int fd = open(path, flags[kind], 0666);

	if (fd < 0)
		warn("cannot %s %s: %s", kind == R_READ ? "open" : "create", path,
		     strerror(errno));
	return fd;
}

static char *expand_here_text(const struct redirect *redirect)
{
	struct text text = { 0 };
	const char *at = redirect->target;

	if (redirect->quoted)
		return redirect->target;
	if (!expand_into(&text, &at, at + strlen(at), true))
		return NULL;
	return str_text(&text.chars);
}

/* A pipe with the text in it; a child writes it when it is more than a pipe surely holds. */
static int open_here_text(const struct redirect *redirect)
{
	char *text = expand_here_text(redirect);
	int ends[2];
	size_t len;
	pid_t pid;

	if (!text)
		return -1;
	len = strlen(text);
	if (pipe(ends) < 0) {
		warn("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	if (len <= PIPE_HOLDS_BYTES) {
		write_all(ends[1], text, len);
	} else {
		struct job *job = job_new(WITHIN);

		pid = job_fork(job, "");
		if (pid == 0) {
			close(ends[0]);
			_exit(write_all(ends[1], text, len) < 0);
		}
		if (pid < 0)
			job_free(job);
	}
	close(ends[1]);
	return ends[0];
}

/* The descriptor that N>&word names; -1 for "-", -2 when it was wrong and said so. */
static int parse_duplicate(const char *target)
{
	char *end;
	long fd = strtol(target, &end, 10);

	if (strcmp(target, "-") == 0)
		return -1;
	if (end == target || *end || fd < 0 || fd > 1000000) {
		warn("%s: not a descriptor", target);
		return -2;
	}
	return (int)fd;
}

static void save(int fd, struct saved_fd **saved)
{
	struct saved_fd *one = arena_alloc(sizeof(*one));

	one->fd = fd;
	one->copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SAVED_FD);
	one->next = *saved;
	*saved = one;
}

/* Makes target_fd the same open file as fd; says so when it cannot. */
static bool duplicate(int fd, int target_fd)
{
	if (fd == target_fd)
		return true;
	if (dup2(fd, target_fd) < 0) {
		warn("%d: %s", fd, strerror(errno));
		return false;
	}
	return true;
}

static bool apply_one(struct redirect *redirect, struct saved_fd **saved)
{
	char *target = redirect->target;
	int fd;
	bool ok;

	if (redirect->kind != R_HERE)
		target = expand_single(target);
	if (!target)
		return false;
	if (redirect->kind == R_DUP) {
		fd = parse_duplicate(target);
		if (fd < -1)
			return false;
		if (saved)
			save(redirect->fd, saved);
		if (fd >= 0)
			return duplicate(fd, redirect->fd);
		close(redirect->fd);
		return true;
	}
	if (saved)
		save(redirect->fd, saved);
	if (redirect->kind == R_HERE)
		fd = open_here_text(redirect);
	else
		fd = open_file(target, redirect->kind);
	if (fd < 0)
		return false;
	ok = duplicate(fd, redirect->fd);
	if (fd != redirect->fd)
		close(fd);
	return ok;
}

/* In order, as typed. saved NULL: for good. Even after false what was saved must be undone. */
bool redirect_apply(struct redirect *list, struct saved_fd **saved)
{
	for (; list; list = list->next)
		if (!apply_one(list, saved))
			return false;
	return true;
}

/* The newest first, so that of several changes of one descriptor the first is what counts. */
void redirect_undo(struct saved_fd *saved)
{
	for (; saved; saved = saved->next) {
		if (saved->copy < 0) {
			close(saved->fd);
			continue;
		}
		dup2(saved->copy, saved->fd);
		close(saved->copy);
	}
}
