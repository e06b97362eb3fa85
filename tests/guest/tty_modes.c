/*
 * Input of a terminal, canonical and raw: VMIN and VTIME in all four cases, VEOL, VEOF, VERASE,
 * VKILL, VLNEXT, FIONREAD, flushing, poll, flow control, the signals of ISIG with and without
 * NOFLSH, and SIGWINCH. termios(3), ioctl_tty(2).
 *
 * native: no
 */
#include "terminal.h"

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static void catch(int number)
{
	struct sigaction action = { .sa_handler = on_signal };

	MUST(sigaction(number, &action, NULL));
}

/* What one read gives, with control characters as ^X. */
static void show_read(const char *label, size_t size)
{
	char buf[64], text[200], *at = text;
	ssize_t n = read(tty, buf, size);

	if (n < 0) {
		say("%s: %s", label, errno_text(errno));
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] < ' ')
			*at++ = '^';
		*at++ = buf[i] < ' ' ? buf[i] ^ 0100 : buf[i];
	}
	*at = '\0';
	say("%s: %zd \"%s\"", label, n, text);
}

static int unread(void)
{
	int n = -1;

	MUST(ioctl(tty, FIONREAD, &n));
	return n;
}

static int is_readable(void)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };

	return (int)MUST(poll(&p, 1, 0));
}

static void type_later(long ms)
{
	if (MUST(fork()) == 0) {
		sleep_ms(ms);
		type_answer();
		_exit(0);
	}
}

static void raw(void)
{
	long start;

	set_modes(0, 0, 0);
	show_read("MIN 0, TIME 0, nothing there", 64);
	type_answer();
	VALUE(unread());
	show_read("MIN 0, TIME 0, two of them", 2);
	show_read("the rest", 64);

	set_modes(0, 0, 3);
	start = now_ms();
	show_read("MIN 0, TIME 3, nothing comes", 64);
	YES(now_ms() - start >= 290);
	type_later(50);
	show_read("MIN 0, TIME 3, something comes", 64);
	MUST(wait(NULL));

	set_modes(0, 8, 0);
	type_answer();
	VALUE_OF("MIN 8, TIME 0, six there: readable", is_readable());
	show_read("MIN 8, buffer of 4", 4);
	type_later(200);
	show_read("MIN 8, two there and six to come", 64);
	MUST(wait(NULL));

	set_modes(0, 8, 2);
	type_answer();
	VALUE_OF("MIN 8, TIME 2, six there: readable", is_readable());
	start = now_ms();
	show_read("MIN 8, TIME 2, six there", 64);
	YES(now_ms() - start >= 190);
	catch(SIGALRM);
	alarm(1);
	show_read("MIN 8, TIME 2, nothing: no limit until the first byte", 64);

	MUST(fcntl(tty, F_SETFL, O_NONBLOCK));
	show_read("O_NONBLOCK, nothing there", 64);
	MUST(fcntl(tty, F_SETFL, 0));
}

static void canonical(void)
{
	struct termios t;

	set_modes(ICANON | IEXTEN, 1, 0);
	MUST(fcntl(tty, F_SETFL, O_NONBLOCK));
	type_answer();
	VALUE_OF("a line without its end: unread", unread());
	show_read("a line without its end", 64);
	set_special(VEOL, 'R');
	type_answer();
	VALUE_OF("two answers, one VEOL: unread", unread());
	show_read("buffer of 3", 3);
	show_read("the rest of the line", 64);
	show_read("no more", 64);

	set_modes(ICANON | IEXTEN, 1, 0);
	set_special(VEOF, 'R');
	type_answer();
	VALUE_OF("VEOF behind text: unread", unread());
	show_read("VEOF pushes", 64);
	set_special(VEOF, ';');
	set_special(VKILL, '1');
	set_special(VEOL, 'R');
	type_answer();
	show_read("VEOF alone: end of file", 64);
	show_read("VKILL", 64);
	set_special(VEOF, 0);
	set_special(VKILL, 0);
	set_special(VERASE, ';');
	type_answer();
	show_read("VERASE", 64);
	set_special(VERASE, '1');
	set_special(VLNEXT, ';');
	type_answer();
	show_read("VLNEXT before VERASE", 64);
	set_special(VLNEXT, 0);
	set_special(VERASE, 0);
	set_special(VWERASE, ';');
	type_answer();
	show_read("VWERASE", 64);

	set_modes(ICANON, 1, 0);
	type_answer();
	VALUE(unread());
	MUST(tcgetattr(tty, &t));
	t.c_lflag &= ~ICANON;
	OK(tcsetattr(tty, TCSADRAIN, &t));
	show_read("from canonical to raw", 64);

	set_modes(0, 1, 0);
	type_answer();
	OK(tcflush(tty, TCOFLUSH));
	VALUE(unread());
	OK(tcflush(tty, TCIFLUSH));
	VALUE(unread());
	VALUE(tcflush(tty, 77));
	MUST(fcntl(tty, F_SETFL, 0));
}

static void flow(void)
{
	struct pollfd p = { .fd = tty, .events = POLLOUT };
	struct termios t;

	set_modes(0, 1, 0);
	set_special(VSTOP, 'R');
	MUST(fcntl(tty, F_SETFL, O_NONBLOCK));
	type_answer();
	VALUE(unread());
	VALUE_OF("stopped: write", write(tty, "x", 1));
	VALUE_OF("stopped: poll", poll(&p, 1, 0));
	OK(tcflow(tty, TCOON));
	VALUE_OF("TCOON does not help: poll", poll(&p, 1, 300));
	MUST(tcgetattr(tty, &t));
	t.c_iflag &= ~IXON;
	OK(tcsetattr(tty, TCSANOW, &t));
	VALUE_OF("without IXON: poll", poll(&p, 1, 1000));
	VALUE_OF("without IXON: write", write(tty, "x", 1));
	OK(tcflow(tty, TCOOFF));
	VALUE_OF("off: write", write(tty, "x", 1));
	OK(tcflow(tty, TCOON));
	VALUE_OF("on again: poll", poll(&p, 1, 1000));
	VALUE(tcflow(tty, 77));
	OK(tcdrain(tty));
	MUST(fcntl(tty, F_SETFL, 0));
}

static void signals(void)
{
	static const struct {
		int which, number;
	} keys[] = { { VINTR, SIGINT }, { VQUIT, SIGQUIT }, { VSUSP, SIGTSTP } };

	for (size_t i = 0; i < COUNT(keys); i++) {
		catch(keys[i].number);
		for (int noflsh = 0; noflsh < 2; noflsh++) {
			set_modes(ISIG | (noflsh ? NOFLSH : 0), 1, 0);
			set_special(keys[i].which, 'R');
			caught = 0;
			type_answer();
			say("%s, NOFLSH %d: caught %s, unread %d", signal_text(keys[i].number),
			    noflsh, caught ? signal_text(caught) : "nothing", unread());
		}
	}
	set_modes(0, 1, 0);
	set_special(VINTR, 'R');
	caught = 0;
	type_answer();
	say("without ISIG: caught %d, unread %d", caught, unread());
	catch(SIGINT);
	set_modes(ISIG | ICANON, 1, 0);
	set_special(VINTR, 'R');
	type_later(200);
	show_read("VINTR while reading", 64);
	MUST(wait(NULL));
}

static void in_new_session(void)
{
	open_controlling();
	raw();
	canonical();
	flow();
	signals();
}

static void window_size(void)
{
	struct winsize size;
	int fd = MUST(open("/dev/tty", O_RDWR));

	catch(SIGWINCH);
	MUST(ioctl(fd, TIOCGWINSZ, &size));
	OK(ioctl(fd, TIOCSWINSZ, &size));
	VALUE_OF("the same size: caught", caught);
	size.ws_row += 7;
	OK(ioctl(fd, TIOCSWINSZ, &size));
	YES(caught == SIGWINCH);
	size.ws_row = 0;
	MUST(ioctl(1, TIOCGWINSZ, &size));
	YES(size.ws_row > 7);
	VALUE(ioctl(fd, TIOCGWINSZ, nowhere));
	VALUE(ioctl(fd, TIOCSWINSZ, nowhere));
	MUST(close(fd));
}

int main(void)
{
	window_size();
	in_session("session", in_new_session);
	return 0;
}
