/*
 * Process groups that become orphaned: SIGHUP and SIGCONT if a member is stopped,
 * and nothing if none is. A member that stood still and is killed counts no more.
 *
 * The last link of the group to the rest of the session is its leader, our
 * child: the other members are its children. They tell what they got through a
 * pipe, because no one here can wait for them. From _exit(2), setpgid(2),
 * POSIX "General Terminal Interface" and <unistd.h> _exit, "orphaned process group".
 */
#include "check.h"

static int report[2], gate[2];

static void on_signal(int number)
{
	write(report[1], number == SIGHUP ? "H" : "C", 1);
}

/* A member: says that it is there, may stop, and lives until the gate is closed. */
static void member(int stops, int handles)
{
	char byte;

	if (handles) {
		signal(SIGHUP, on_signal);
		signal(SIGCONT, on_signal);
	}
	close(gate[1]);
	MUST(write(report[1], "r", 1));
	if (stops)
		raise(SIGSTOP);
	while (read(gate[0], &byte, 1) == -1)
		;
	MUST(write(report[1], "e", 1));
	_exit(0);
}

/* Reads `n` bytes; fewer if all members have gone. */
static int get(char *text, int n)
{
	int done = 0, got;

	while (done < n && (got = MUST(read(report[0], text + done, n - done))) > 0)
		done += got;
	text[done] = '\0';
	return done;
}

/* What the members said, each letter counted: the order is not fixed. */
static void show(const char *label, const char *text)
{
	int hups = 0, conts = 0, ends = 0;

	for (; *text; text++) {
		hups += *text == 'H';
		conts += *text == 'C';
		ends += *text == 'e';
	}
	say("%s: SIGHUP %d, SIGCONT %d, lived to the end %d", label, hups, conts, ends);
}

/*
 * A group of a leader and two members, of which `stops` stop and the leader, too,
 * if asked. Returns the leader, when all are as they should be.
 */
static pid_t start_group(int stops, int leader_stops, int handles)
{
	char text[4];
	int status;
	pid_t leader;

	MUST(pipe(report));
	MUST(pipe(gate));
	leader = MUST(fork());
	if (leader == 0) {
		MUST(setpgid(0, 0));
		for (int i = 0; i < 2; i++) {
			pid_t pid = MUST(fork());

			if (pid == 0)
				member(i < stops, handles);
			if (i < stops)
				MUST(waitpid(pid, &status, WUNTRACED));
		}
		close(gate[1]);
		close(report[0]);
		if (leader_stops)
			raise(SIGSTOP);
		read(gate[0], text, 1);
		_exit(0);
	}
	close(report[1]);
	get(text, 2);
	if (leader_stops)
		MUST(waitpid(leader, &status, WUNTRACED));
	else
		sleep_ms(50);
	return leader;
}

/* The leader dies by `number`; then the others have time to be wrong, then they go. */
static void orphan(const char *label, pid_t leader, int number)
{
	char text[16];
	int status;

	MUST(kill(leader, number));
	MUST(waitpid(leader, &status, 0));
	say("%s: leader %s", label, status_text(status));
	sleep_ms(100);
	close(gate[1]);
	close(gate[0]);
	get(text, sizeof(text) - 1);
	show(label, text);
	close(report[0]);
}

int main(void)
{
	pid_t leader;

	orphan("none stopped", start_group(0, 0, 1), SIGTERM);
	orphan("one stopped", start_group(1, 0, 1), SIGTERM);
	orphan("both stopped", start_group(2, 0, 1), SIGTERM);
	orphan("both stopped, SIGKILL", start_group(2, 0, 1), SIGKILL);
	orphan("only the leader stopped, and killed", start_group(0, 1, 1), SIGKILL);
	orphan("the leader and one stopped", start_group(1, 1, 1), SIGKILL);
	orphan("no handler, none stopped", start_group(0, 0, 0), SIGTERM);
	orphan("no handler, one stopped", start_group(1, 0, 0), SIGTERM);
	orphan("no handler, the leader stopped, and killed", start_group(0, 1, 0), SIGKILL);

	leader = start_group(0, 1, 1);
	MUST(kill(leader, SIGCONT));
	orphan("the leader stopped and went on", leader, SIGTERM);
	return 0;
}
