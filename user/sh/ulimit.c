/*
 * ulimit.c - what the shell and its children may use: getrlimit(2), setrlimit(2).
 *
 * ulimit [-HS] [-a | -cdflmnstuvx] [N | unlimited]. Without N the limit is
 * shown; with it both limits are set, or the one that -S (soft) or -H (hard)
 * says. Names and units are those of other shells; POSIX has -f alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "sh.h"

static const struct limit {
	char letter;
	int resource;
	rlim_t unit;
	const char *name;
} limits[] = {
	{ 'c', RLIMIT_CORE, 512, "core file size (blocks)" },
	{ 'd', RLIMIT_DATA, 1024, "data seg size (kb)" },
	{ 'f', RLIMIT_FSIZE, 512, "file size (blocks)" },
	{ 'l', RLIMIT_MEMLOCK, 1024, "max locked memory (kb)" },
	{ 'm', RLIMIT_RSS, 1024, "max memory size (kb)" },
	{ 'n', RLIMIT_NOFILE, 1, "open files" },
	{ 's', RLIMIT_STACK, 1024, "stack size (kb)" },
	{ 't', RLIMIT_CPU, 1, "cpu time (seconds)" },
	{ 'u', RLIMIT_NPROC, 1, "max user processes" },
	{ 'v', RLIMIT_AS, 1024, "virtual memory (kb)" },
	{ 'x', RLIMIT_LOCKS, 1, "file locks" },
	{ 0 },
};

struct request {
	const struct limit *limit;
	bool all, hard, soft;
};

static int show(const struct limit *limit, const struct request *request)
{
	char number[32] = "unlimited", line[96];
	struct rlimit now;

	getrlimit(limit->resource, &now);
	rlim_t value = request->hard ? now.rlim_max : now.rlim_cur;

	if (value != RLIM_INFINITY)
		snprintf(number, sizeof number, "%llu", (unsigned long long)(value / limit->unit));
	if (request->all)
		snprintf(line, sizeof line, "%-32s-%c %s\n", limit->name, limit->letter, number);
	else
		snprintf(line, sizeof line, "%s\n", number);
	return write_all(1, line, strlen(line)) < 0;
}

static int set(const struct request *request, const char *text)
{
	const struct limit *limit = request->limit;
	rlim_t value = RLIM_INFINITY;
	struct rlimit new;

	if (strcmp(text, "unlimited") != 0) {
		char *end;
		errno = 0;
		unsigned long long number = strtoull(text, &end, 10);

		if (end == text || *end || *text == '-' || errno ||
		    number > RLIM_INFINITY / limit->unit) {
			warn("ulimit: %s: neither a number nor unlimited", text);
			return 1;
		}
		value = number * limit->unit;
	}
	getrlimit(limit->resource, &new);
	if (request->hard || !request->soft)
		new.rlim_max = value;
	if (request->soft || !request->hard)
		new.rlim_cur = value;
	if (setrlimit(limit->resource, &new) < 0) {
		warn("ulimit: %s: %s", text, strerror(errno));
		return 1;
	}
	return 0;
}

static bool take_letter(char letter, struct request *request)
{
	if (letter == 'a')
		request->all = true;
	else if (letter == 'H')
		request->hard = true;
	else if (letter == 'S')
		request->soft = true;
	else
		for (const struct limit *limit = limits; ; limit++) {
			if (!limit->letter)
				return false;
			if (limit->letter != letter)
				continue;
			request->limit = limit;
			break;
		}
	return true;
}

int builtin_ulimit(int argc, char **argv)
{
	struct request request = { 0 };
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++)
		for (const char *letter = argv[i] + 1; *letter; letter++)
			if (!take_letter(*letter, &request)) {
				warn("ulimit: -%c: no such option; try ulimit -a", *letter);
				return 2;
			}
	if (request.all) {
		for (const struct limit *limit = limits; limit->letter; limit++)
			show(limit, &request);
		return 0;
	}
	if (!request.limit)
		take_letter('f', &request);
	return i < argc ? set(&request, argv[i]) : show(request.limit, &request);
}
