/*
 * The line discipline: what turns a serial line into a terminal.
 *
 *   device -> tty_receive -> ldisc_input -> tty.input -> ldisc_take -> read(2)
 *   write(2) -> ldisc_output -> tty_put -> device;  echo joins at ldisc_output
 *
 * In canonical mode a cell with CELL_END closes a line, and only closed lines
 * can be read; the bytes after the last one may still be edited. Raw mode
 * hands out every byte. LINUX-DIFF: echo never waits, and is lost while output is stopped.
 *
 * Sources: termios(3); POSIX.1-2017 11.1.5 to 11.1.9; where those leave a
 * choice, the behaviour of Linux's n_tty.
 */
#include "dev/ldisc.h"
#include "lib/errno.h"
#include "proc/signal.h"

static bool iflag(const struct tty *tty, u32 flag)
{
	return tty->termios.iflag & flag;
}

static bool lflag(const struct tty *tty, u32 flag)
{
	return tty->termios.lflag & flag;
}

/* Is c this special character? A zero in c_cc disables it (_POSIX_VDISABLE). */
static bool is_special(const struct tty *tty, u8 c, unsigned which)
{
	return c && c == tty->termios.cc[which];
}

static u16 *cell(struct tty *tty, u32 index)
{
	return &tty->input[index % TTY_INPUT_SIZE];
}

static bool is_control(u8 c)
{
	return c < 0x20 || c == 0x7f;
}

/* A further byte of a character that began before: takes no column of its own. */
static bool is_continuation(const struct tty *tty, u8 c)
{
	return iflag(tty, IUTF8) && (c & 0xc0) == 0x80;
}

/* ---- output ---- */

/* What c becomes on the terminal, at most TTY_ROOM_MIN bytes; follows the column. */
static size_t post_process(struct tty *tty, u8 c, u8 *out)
{
	u32 oflag = tty->termios.oflag;

	out[0] = c;
	if (c == '\r' && (oflag & OCRNL))
		out[0] = c = '\n';
	else if (c == '\r' && (oflag & ONOCR) && tty->column == 0)
		return 0;

	if (c == '\n' && (oflag & ONLCR)) {
		out[0] = '\r';
		out[1] = '\n';
		tty->column = 0;
		return 2;
	}
	if (c == '\r' || (c == '\n' && (oflag & ONLRET))) {
		tty->column = 0;
	} else if (c == '\t') {
		size_t spaces = 8 - tty->column % 8;

		tty->column += spaces;
		if ((oflag & XTABS) != XTABS)
			return 1;
		for (size_t i = 0; i < spaces; i++)
			out[i] = ' ';
		return spaces;
	} else if (c == '\b') {
		if (tty->column > 0)
			tty->column--;
	} else if (!is_control(c) && !is_continuation(tty, c)) {
		tty->column++;
	}
	return 1;
}

size_t ldisc_output(struct tty *tty, const u8 *buf, size_t n)
{
	u8 out[256];
	size_t room = tty_room(tty), used = 0, done = 0;

	if (!(tty->termios.oflag & OPOST)) {
		n = MIN(n, room);
		tty_put(tty, buf, n);
		return n;
	}
	room = MIN(room, sizeof out);
	while (done < n && used + TTY_ROOM_MIN <= room)
		used += post_process(tty, buf[done++], out + used);
	tty_put(tty, out, used);
	tty->line_column = tty->column; /* a line typed from now on begins here */
	return done;
}

/* ---- echo ---- */

static void echo_plain(struct tty *tty, u8 c)
{
	u32 line_column = tty->line_column;

	ldisc_output(tty, &c, 1);
	if (c != '\n' && c != '\r')
		tty->line_column = line_column;
}

/* Control characters show as ^X. */
static void echo_char(struct tty *tty, u8 c)
{
	if (lflag(tty, ECHOCTL) && is_control(c) && c != '\t') {
		echo_plain(tty, '^');
		echo_plain(tty, c ^ 0100);
	} else {
		echo_plain(tty, c);
	}
}

static void echo_backspaces(struct tty *tty, u32 count, bool erase)
{
	while (count-- > 0) {
		echo_plain(tty, '\b');
		if (erase) {
			echo_plain(tty, ' ');
			echo_plain(tty, '\b');
		}
	}
}

/* How many columns c takes where it is echoed (a tab: tab_width). */
static u32 echo_width(const struct tty *tty, u8 c)
{
	if (is_control(c))
		return lflag(tty, ECHOCTL) ? 2 : 0;
	return is_continuation(tty, c) ? 0 : 1;
}

/* The width of a tab that follows cells [line, at): from the last tab or the line's start. */
static u32 tab_width(struct tty *tty, u32 at)
{
	u32 columns = tty->line_column;

	for (u32 i = tty->line; i != at; i++) {
		u8 c = *cell(tty, i);

		columns += c == '\t' ? 8 - columns % 8 : echo_width(tty, c);
	}
	return 8 - columns % 8;
}

/* ---- editing ---- */

/* Takes the last character (perhaps several bytes) off the line, on the screen too. */
static void erase_char(struct tty *tty, bool visibly)
{
	u8 c;

	do
		c = *cell(tty, --tty->end);
	while (is_continuation(tty, c) && tty->end != tty->line);

	if (!lflag(tty, ECHO))
		return;
	if (!visibly)
		echo_char(tty, tty->termios.cc[VERASE]);
	else if (c == '\t')
		echo_backspaces(tty, tab_width(tty, tty->end), false);
	else
		echo_backspaces(tty, is_continuation(tty, c) ? 1 : echo_width(tty, c), true);
}

static bool is_word_char(u8 c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c >= 0x80;
}

/* What is no word, then the word before it. */
static void erase_word(struct tty *tty)
{
	bool in_word = false;

	while (tty->end != tty->line) {
		bool word_char = is_word_char(*cell(tty, tty->end - 1));

		if (in_word && !word_char)
			return;
		in_word |= word_char;
		erase_char(tty, true);
	}
}

static void erase_line(struct tty *tty)
{
	u32 all = ECHOK | ECHOE | ECHOKE;

	if (lflag(tty, ECHO) && (tty->termios.lflag & all) == all) {
		while (tty->end != tty->line)
			erase_char(tty, true);
		return;
	}
	tty->end = tty->line;
	if (!lflag(tty, ECHO))
		return;
	echo_char(tty, tty->termios.cc[VKILL]);
	if (lflag(tty, ECHOK))
		echo_plain(tty, '\n');
}

static void reprint_line(struct tty *tty)
{
	echo_char(tty, tty->termios.cc[VREPRINT]);
	echo_plain(tty, '\n');
	for (u32 i = tty->line; i != tty->end; i++)
		echo_char(tty, *cell(tty, i));
}

/* VERASE, VKILL and, of IEXTEN, VWERASE, VLNEXT, VREPRINT. False: c is none of them. */
static bool input_editing(struct tty *tty, u8 c)
{
	bool extended = lflag(tty, IEXTEN), line_empty = tty->end == tty->line;

	if (is_special(tty, c, VERASE)) {
		if (!line_empty)
			erase_char(tty, lflag(tty, ECHOE));
	} else if (is_special(tty, c, VKILL)) {
		if (!line_empty)
			erase_line(tty);
	} else if (extended && is_special(tty, c, VWERASE)) {
		erase_word(tty);
	} else if (extended && is_special(tty, c, VLNEXT)) {
		tty->literal_next = true;
		if (lflag(tty, ECHO) && lflag(tty, ECHOCTL)) {
			echo_plain(tty, '^');
			echo_plain(tty, '\b');
		}
	} else if (extended && lflag(tty, ECHO) && is_special(tty, c, VREPRINT)) {
		reprint_line(tty);
	} else {
		return false;
	}
	return true;
}

/* ---- input ---- */

bool ldisc_has_room(const struct tty *tty)
{
	if (tty->end - tty->start < TTY_INPUT_SIZE - 1)
		return true;
	/* A full buffer without a line in it: go on until the line's end comes. */
	return lflag(tty, ICANON) && tty->line == tty->start;
}

/* The last place is kept for a line's end: what is too long loses its middle. */
static void store(struct tty *tty, u16 c)
{
	u32 limit = c & CELL_END ? TTY_INPUT_SIZE : TTY_INPUT_SIZE - 1;

	if (tty->end - tty->start >= limit)
		return;
	*cell(tty, tty->end++) = c;
	if (c & CELL_END)
		tty->line = tty->end;
	if ((c & CELL_END) || !lflag(tty, ICANON))
		waitq_wake_all(&tty->read_wait);
}

static void input_text(struct tty *tty, u8 c)
{
	if (lflag(tty, ECHO)) {
		if (c == '\n')
			echo_plain(tty, c);
		else
			echo_char(tty, c);
	}
	store(tty, c);
}

/* Line ends of canonical mode; false if c is none. */
static bool input_line_end(struct tty *tty, u8 c)
{
	if (c == '\n') {
		if (lflag(tty, ECHO | ECHONL))
			echo_plain(tty, c);
		store(tty, c | CELL_END);
	} else if (is_special(tty, c, VEOF)) {
		store(tty, CELL_END | CELL_EOF);
	} else if (is_special(tty, c, VEOL) ||
		   (lflag(tty, IEXTEN) && is_special(tty, c, VEOL2))) {
		if (lflag(tty, ECHO))
			echo_char(tty, c);
		store(tty, c | CELL_END);
	} else {
		return false;
	}
	return true;
}

static void output_start(struct tty *tty)
{
	if (tty->output_stopped && !tty->output_off) {
		tty->output_stopped = false;
		waitq_wake_all(&tty->write_wait);
	}
}

static bool input_flow(struct tty *tty, u8 c)
{
	if (is_special(tty, c, VSTART))
		output_start(tty);
	else if (is_special(tty, c, VSTOP))
		tty->output_stopped = true;
	else
		return false;
	return true;
}

static int input_signal(struct tty *tty, u8 c)
{
	int sig = is_special(tty, c, VINTR)   ? SIGINT
		  : is_special(tty, c, VQUIT) ? SIGQUIT
		  : is_special(tty, c, VSUSP) ? SIGTSTP
					      : 0;

	if (!sig)
		return 0;
	if (!lflag(tty, NOFLSH)) {
		ldisc_flush_input(tty);
		tty_flush_output(tty);
	}
	if (iflag(tty, IXON))
		output_start(tty);
	if (lflag(tty, ECHO))
		echo_char(tty, c);
	return sig;
}

int ldisc_input(struct tty *tty, u8 c)
{
	int sig;

	if (iflag(tty, ISTRIP))
		c &= 0x7f;
	if (tty->literal_next) {
		tty->literal_next = false;
		input_text(tty, c);
		return 0;
	}
	if (iflag(tty, IXON) && input_flow(tty, c))
		return 0;
	if (lflag(tty, ISIG)) {
		sig = input_signal(tty, c);
		if (sig)
			return sig;
	}
	if (iflag(tty, IXON) && iflag(tty, IXANY))
		output_start(tty);
	if (c == '\r') {
		if (iflag(tty, IGNCR))
			return 0;
		if (iflag(tty, ICRNL))
			c = '\n';
	} else if (c == '\n' && iflag(tty, INLCR)) {
		c = '\r';
	}
	if (lflag(tty, ICANON) && (input_editing(tty, c) || input_line_end(tty, c)))
		return 0;
	input_text(tty, c);
	return 0;
}

/* ---- reading ---- */

bool ldisc_readable(const struct tty *tty, u32 min)
{
	if (lflag(tty, ICANON))
		return tty->line != tty->start;
	return tty->end - tty->start >= min;
}

static ssize_t take_raw(struct tty *tty, u8 *buf, size_t n, bool *more)
{
	n = MIN(n, tty->end - tty->start);
	for (size_t i = 0; i < n; i++)
		buf[i] = *cell(tty, tty->start++);
	tty->line = tty->start;
	*more = tty->start != tty->end;
	return n ? (ssize_t)n : -EAGAIN;
}

ssize_t ldisc_take(struct tty *tty, u8 *buf, size_t n, bool *more)
{
	size_t taken = 0;

	*more = false;
	if (!lflag(tty, ICANON))
		return take_raw(tty, buf, n, more);
	if (tty->line == tty->start)
		return -EAGAIN;
	while (tty->start != tty->line) {
		u16 c = *cell(tty, tty->start);

		/* With the reader's buffer just full, an EOF that only pushed goes with it. */
		if (taken == n && !(c & CELL_EOF)) {
			*more = true;
			break;
		}
		tty->start++;
		if (!(c & CELL_EOF))
			buf[taken++] = c;
		if (c & CELL_END)
			break;
	}
	return taken;
}

u32 ldisc_unread(const struct tty *tty)
{
	u32 n = 0;

	if (!lflag(tty, ICANON))
		return tty->end - tty->start;
	for (u32 i = tty->start; i != tty->line; i++)
		n += !(tty->input[i % TTY_INPUT_SIZE] & CELL_EOF);
	return n;
}

/* ---- settings ---- */

void ldisc_flush_input(struct tty *tty)
{
	tty->line = tty->end = tty->start;
	tty->literal_next = false;
}

/* Between canonical and raw, what is in the buffer can be read at once, as on Linux. */
void ldisc_set_termios(struct tty *tty, const struct termios *termios)
{
	u32 changed = tty->termios.lflag ^ termios->lflag;

	tty->termios = *termios;
	if (!(termios->iflag & IXON))
		output_start(tty);
	if (changed & ICANON) {
		for (u32 i = tty->start; i != tty->end; i++)
			*cell(tty, i) &= 0xff;
		tty->line = tty->start;
		if (lflag(tty, ICANON) && tty->end != tty->start) {
			*cell(tty, tty->end - 1) |= CELL_END;
			tty->line = tty->end;
		}
		tty->literal_next = false;
	}
	waitq_wake_all(&tty->read_wait);
	waitq_wake_all(&tty->write_wait);
}
