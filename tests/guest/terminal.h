/*
 * terminal.h: a terminal that a test can type at. The console /dev/tty1 answers the question
 * "where is the cursor?" (ESC [ 6 n, console_codes(4)) by input: ESC [ ROW ; COLUMN R. So a test
 * types by asking, and makes R or ; the special character that it needs. Both kernels have tty1
 * even where the machine has no screen.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "check.h"
#include <termios.h>

enum { TYPED = 6 };	/* bytes that one answer is */

static int tty = -1;

/* Types "\033[1;1R". It arrives a little later. */
static inline void type_answer(void)
{
	static const char ask[] = "\033[H\033[6n";

	MUST(write(tty, ask, sizeof(ask) - 1) == sizeof(ask) - 1 ? 0 : -1);
	sleep_ms(100);
}

/* Settings as a terminal has them at first, but without echo: it would move the cursor. */
static inline void set_modes(tcflag_t lflag, int min, int time)
{
	struct termios t;

	MUST(tcgetattr(tty, &t));
	t.c_iflag = ICRNL | IXON;
	t.c_oflag = OPOST | ONLCR;
	t.c_lflag = lflag;
	for (int i = 0; i < NCCS; i++)
		t.c_cc[i] = 0;
	t.c_cc[VMIN] = min;
	t.c_cc[VTIME] = time;
	MUST(tcsetattr(tty, TCSAFLUSH, &t));
}

static inline void set_special(int which, char c)
{
	struct termios t;

	MUST(tcgetattr(tty, &t));
	t.c_cc[which] = c;
	MUST(tcsetattr(tty, TCSANOW, &t));
}

/* Runs body in a child that leads a new session without a terminal; tells how it ended. */
static inline void in_session(const char *label, void (*body)(void))
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(setsid());
		body();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	say("%s: %s", label, status_text(status));
}

static inline void open_controlling(void)
{
	tty = MUST(open("/dev/tty1", O_RDWR));
	MUST(tcgetpgrp(tty));
}

#endif
