/*
 * The line discipline on the host: what is typed, what a reader gets, and what
 * the terminal shows. Expected values are those of Linux's n_tty.
 *
 * sources: kernel/dev/ldisc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dev/ldisc.h"
#include "lib/errno.h"
#include "proc/signal.h"

static struct tty tty;
static u8 shown[65536];
static size_t nshown, room_left;

/* What ldisc.c needs of the rest of the kernel. */
void waitq_wake_all(struct waitq *queue)
{
	(void)queue;
}

size_t tty_room(struct tty *t)
{
	return t->output_stopped ? 0 : room_left;
}

void tty_put(struct tty *t, const u8 *bytes, size_t n)
{
	(void)t;
	assert_true(n <= room_left && nshown + n <= sizeof shown);
	memcpy(shown + nshown, bytes, n);
	nshown += n;
}

void tty_flush_output(struct tty *t)
{
	(void)t;
}

static int setup(void **state)
{
	static const struct termios cooked = {
		.iflag = ICRNL | IXON,
		.oflag = OPOST | ONLCR,
		.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 0x7f, [VKILL] = 21, [VEOF] = 4,
		       [VMIN] = 1, [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18,
		       [VWERASE] = 23, [VLNEXT] = 22},
	};

	(void)state;
	memset(&tty, 0, sizeof tty);
	tty.termios = cooked;
	tty.start = tty.line = tty.end = 0xffffff00u; /* the indexes wrap around in some tests */
	nshown = 0;
	room_left = 4096;
	return 0;
}

static int type_bytes(const char *text, size_t n)
{
	int sig = 0;

	for (size_t i = 0; i < n && ldisc_has_room(&tty); i++)
		sig |= ldisc_input(&tty, text[i]);
	return sig;
}

static int type(const char *text)
{
	return type_bytes(text, strlen(text));
}

static void set_lflag(u32 lflag)
{
	struct termios termios = tty.termios;

	termios.lflag = lflag;
	ldisc_set_termios(&tty, &termios);
}

static void expect_read(size_t n, const char *text)
{
	u8 buf[8192];
	bool more;
	ssize_t got = ldisc_take(&tty, buf, n, &more);

	assert_int_equal(got, strlen(text));
	assert_memory_equal(buf, text, got);
}

static void expect_nothing(void)
{
	u8 c;
	bool more;

	assert_false(ldisc_readable(&tty, 1));
	assert_int_equal(ldisc_take(&tty, &c, 1, &more), -EAGAIN);
}

static void expect_shown(const char *text)
{
	assert_int_equal(nshown, strlen(text));
	assert_memory_equal(shown, text, nshown);
	nshown = 0;
}

static void reads_a_line_at_a_time(void **state)
{
	(void)state;
	type("one");
	expect_nothing();
	type("\rtwo\n");
	expect_shown("one\r\ntwo\r\n");
	assert_int_equal(ldisc_unread(&tty), 8);
	expect_read(100, "one\n");
	expect_read(2, "tw");
	expect_read(100, "o\n");
	expect_nothing();
}

static void end_of_file_pushes_or_ends(void **state)
{
	(void)state;
	type("abc\4");
	expect_shown("abc");
	assert_int_equal(ldisc_unread(&tty), 3);
	expect_read(100, "abc");
	expect_nothing();
	type("\4");
	assert_true(ldisc_readable(&tty, 1));
	expect_read(100, "");
	/* A read that is exactly full takes the EOF along: the next one is no end of file. */
	type("abc\4");
	expect_read(3, "abc");
	expect_nothing();
}

static void erases_what_was_typed(void **state)
{
	(void)state;
	type("ax\177b\1\177\n");
	expect_shown("ax\b \bb^A\b \b\b \b\r\n");
	expect_read(100, "ab\n");
	type("\177\n"); /* nothing to erase: nothing shows */
	expect_shown("\r\n");
	expect_read(100, "\n");
	type("a\tb\177\177c\n"); /* the tab went from column 1 to 8 */
	expect_shown("a\tb\b \b\b\b\b\b\b\b\bc\r\n");
	expect_read(100, "ac\n");
}

static void erases_after_a_prompt(void **state)
{
	(void)state;
	ldisc_output(&tty, (const u8 *)"abc", 3);
	type("d\t\177");
	expect_shown("abcd\t\b\b\b\b");
}

static void erases_words_and_lines(void **state)
{
	(void)state;
	type("one two  \27");
	expect_shown("one two  \b \b\b \b\b \b\b \b\b \b");
	type("x\n");
	expect_read(100, "one x\n");
	nshown = 0;
	type("ab\25");
	expect_shown("ab\b \b\b \b");
	set_lflag(tty.termios.lflag & ~ECHOKE);
	type("ab\25c\n");
	expect_shown("ab^U\r\nc\r\n");
	expect_read(100, "c\n");
}

static void erases_utf8_characters_whole(void **state)
{
	(void)state;
	tty.termios.iflag |= IUTF8;
	type("a\303\244\177\n");
	expect_shown("a\303\244\b \b\r\n");
	expect_read(100, "a\n");
}

static void literal_next_takes_any_byte(void **state)
{
	(void)state;
	assert_int_equal(type("\26\3\26\4\26\26\n"), 0);
	expect_shown("^\b^C^\b^D^\b^V\r\n");
	expect_read(100, "\3\4\26\n");
}

static void reprints_the_line(void **state)
{
	(void)state;
	type("a\26\1b\22");
	expect_shown("a^\b^Ab^R\r\na^Ab");
}

static void signals_flush_the_line(void **state)
{
	(void)state;
	assert_int_equal(type("ab\3"), SIGINT);
	expect_shown("ab^C");
	assert_int_equal(type("\34"), SIGQUIT);
	assert_int_equal(type("\32"), SIGTSTP);
	type("c\n");
	expect_read(100, "c\n");
	set_lflag(tty.termios.lflag | NOFLSH);
	type("d\3e\n");
	expect_read(100, "de\n");
	set_lflag(tty.termios.lflag & ~ISIG);
	assert_int_equal(type("\3\n"), 0);
	expect_read(100, "\3\n");
}

static void disabled_characters_are_text(void **state)
{
	(void)state;
	tty.termios.cc[VINTR] = 0;
	tty.termios.cc[VERASE] = 0;
	tty.termios.cc[VEOL] = ';';
	assert_int_equal(type_bytes("\0\3\177;", 4), 0);
	assert_int_equal(ldisc_unread(&tty), 4);
	expect_shown("^@^C^?;");
}

static void stops_and_starts_output(void **state)
{
	(void)state;
	type("\23");
	assert_int_equal(ldisc_output(&tty, (const u8 *)"x", 1), 0);
	type("\21");
	assert_int_equal(ldisc_output(&tty, (const u8 *)"x", 1), 1);
	expect_shown("x");
}

static void too_long_a_line_keeps_its_start_and_end(void **state)
{
	u8 buf[8192];
	bool more;

	(void)state;
	set_lflag(ICANON);
	for (int i = 0; i < 5000; i++)
		assert_true(ldisc_has_room(&tty) && ldisc_input(&tty, 'a' + i % 26) == 0);
	type("\n");
	assert_false(ldisc_has_room(&tty)); /* a whole line waits: the device holds the rest */
	assert_int_equal(ldisc_take(&tty, buf, sizeof buf, &more), 4096);
	assert_int_equal(buf[4094], 'a' + 4094 % 26);
	assert_int_equal(buf[4095], '\n');
	assert_true(ldisc_has_room(&tty));
}

static void raw_mode_hands_out_every_byte(void **state)
{
	(void)state;
	set_lflag(0);
	tty.termios.iflag = 0;
	type("a\r\3\4");
	expect_shown("");
	assert_false(ldisc_readable(&tty, 5));
	assert_true(ldisc_readable(&tty, 4));
	expect_read(100, "a\r\3\4");
	for (int i = 0; i < 5000; i++)
		type("x");
	assert_int_equal(ldisc_unread(&tty), 4095);
}

static void changing_mode_keeps_what_was_typed(void **state)
{
	u32 cooked = tty.termios.lflag;

	(void)state;
	type("abc");
	set_lflag(0);
	expect_read(2, "ab");
	set_lflag(cooked);
	expect_read(100, "c");
	expect_nothing();
}

static void output_is_processed(void **state)
{
	(void)state;
	tty.termios.oflag |= XTABS;
	assert_int_equal(ldisc_output(&tty, (const u8 *)"a\tb\nc\rd", 7), 7);
	expect_shown("a       b\r\nc\rd");
	room_left = 10;
	assert_int_equal(ldisc_output(&tty, (const u8 *)"12345678", 8), 3);
	tty.termios.oflag = 0;
	assert_int_equal(ldisc_output(&tty, (const u8 *)"1234567890abc", 13), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_a_line_at_a_time, setup),
		cmocka_unit_test_setup(end_of_file_pushes_or_ends, setup),
		cmocka_unit_test_setup(erases_what_was_typed, setup),
		cmocka_unit_test_setup(erases_after_a_prompt, setup),
		cmocka_unit_test_setup(erases_words_and_lines, setup),
		cmocka_unit_test_setup(erases_utf8_characters_whole, setup),
		cmocka_unit_test_setup(literal_next_takes_any_byte, setup),
		cmocka_unit_test_setup(reprints_the_line, setup),
		cmocka_unit_test_setup(signals_flush_the_line, setup),
		cmocka_unit_test_setup(disabled_characters_are_text, setup),
		cmocka_unit_test_setup(stops_and_starts_output, setup),
		cmocka_unit_test_setup(too_long_a_line_keeps_its_start_and_end, setup),
		cmocka_unit_test_setup(raw_mode_hands_out_every_byte, setup),
		cmocka_unit_test_setup(changing_mode_keeps_what_was_typed, setup),
		cmocka_unit_test_setup(output_is_processed, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
