/*
 * waitid: idtypes, WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT, the
 * siginfo that it fills, and the errors.
 *
 * From waitid(2) in wait(2).
 */
#include "check.h"

static siginfo_t info;

static const char *code_text(int code)
{
	return code == CLD_EXITED ? "CLD_EXITED" : code == CLD_KILLED ? "CLD_KILLED" :
	       code == CLD_DUMPED ? "CLD_DUMPED" : code == CLD_STOPPED ? "CLD_STOPPED" :
	       code == CLD_CONTINUED ? "CLD_CONTINUED" : code == 0 ? "0" : "another code";
}

static void call(const char *label, idtype_t type, id_t id, int options, pid_t expected)
{
	int result;

	memset(&info, 0x55, sizeof(info));
	result = waitid(type, id, &info, options);
	if (result == -1)
		say("%s: %s, signo %d", label, errno_text(errno), info.si_signo);
	else
		say("%s: %d, signo %d, %s, status %d, pid %s", label, result, info.si_signo,
		    code_text(info.si_code), info.si_status,
		    info.si_pid == expected ? "as expected" : "another");
}

static pid_t child(int status)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		if (status >= 0)
			_exit(status);
		for (;;)
			sleep_ms(1000);
	}
	return pid;
}

static void exits(void)
{
	pid_t pid = child(300 & 0xff);

	call("WNOWAIT", P_PID, pid, WEXITED | WNOWAIT, pid);
	call("WNOWAIT again", P_PID, pid, WEXITED | WNOWAIT, pid);
	call("only WSTOPPED, zombie", P_PID, pid, WSTOPPED | WNOHANG, 0);
	call("P_ALL", P_ALL, 0, WEXITED, pid);
	call("gone", P_PID, pid, WEXITED, 0);
	pid = child(-1);
	call("WNOHANG, it runs", P_PID, pid, WEXITED | WNOHANG, 0);
	YES_OF("and the user id is zero or kept out", info.si_uid == 0 || info.si_uid == getuid());
	MUST(kill(pid, SIGTERM));
	call("killed", P_PID, pid, WEXITED, pid);
	YES_OF("si_uid is ours", info.si_uid == getuid());
	pid = child(5);
	call("own group by number", P_PGID, getpgrp(), WEXITED, pid);
	pid = child(6);
	call("own group by 0", P_PGID, 0, WEXITED, pid);
	call("no such group", P_PGID, 1 << 30, WEXITED, 0);
}

static void stops(void)
{
	pid_t pid = child(-1);

	MUST(kill(pid, SIGSTOP));
	call("WSTOPPED | WNOWAIT", P_PID, pid, WSTOPPED | WNOWAIT, pid);
	call("WSTOPPED", P_PID, pid, WSTOPPED, pid);
	call("WSTOPPED again", P_PID, pid, WSTOPPED | WNOHANG, 0);
	MUST(kill(pid, SIGCONT));
	call("WCONTINUED | WNOWAIT", P_PID, pid, WCONTINUED | WNOWAIT, pid);
	call("WCONTINUED", P_PID, pid, WCONTINUED, pid);
	call("WCONTINUED again", P_PID, pid, WCONTINUED | WNOHANG, 0);
	MUST(kill(pid, SIGKILL));
	call("any event", P_PID, pid, WEXITED | WSTOPPED | WCONTINUED, pid);
}

static void errors(void)
{
	pid_t pid = child(9);

	call("no event", P_PID, pid, 0, 0);
	call("only WNOHANG", P_PID, pid, WNOHANG, 0);
	call("unknown option", P_PID, pid, WEXITED | 0x10000, 0);
	call("unknown idtype", (idtype_t)77, pid, WEXITED, 0);
	call("P_PID 0", P_PID, 0, WEXITED, 0);
	call("P_PID -1", P_PID, -1, WEXITED, 0);
	call("P_PGID -1", P_PGID, -1, WEXITED, 0);
	call("not a child", P_PID, getpid(), WEXITED, 0);
	VALUE_OF("bad siginfo pointer", waitid(P_PID, pid, (siginfo_t *)nowhere,
					       WEXITED | WNOWAIT));
	VALUE_OF("bad siginfo pointer, nor a child", waitid(P_PID, getpid(), (siginfo_t *)nowhere,
							    WEXITED));
	VALUE_OF("bad siginfo pointer, nor an event", waitid(P_PID, pid, (siginfo_t *)nowhere, 0));
	VALUE_OF("null siginfo", waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	VALUE_OF("bad rusage pointer",
		 syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, in_kernel));
	call("still there", P_PID, pid, WEXITED, pid);
	call("none left", P_ALL, 0, WEXITED | WNOHANG, 0);
}

int main(void)
{
	struct rusage usage;
	pid_t pid;

	exits();
	stops();
	errors();
	pid = child(0);
	memset(&usage, 0x55, sizeof(usage));
	VALUE_OF("with rusage", syscall(SYS_waitid, P_PID, pid, &info, WEXITED, &usage));
	YES_OF("rusage was filled", usage.ru_utime.tv_sec < 10);
	return 0;
}
