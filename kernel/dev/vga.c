/*
 * VGA text mode: characters and attributes at 0xb8000, the cursor by the CRT
 * controller, and the escape sequences that shells, vi, less and top use: a
 * VT100's, colours of ANSI, as Linux's console understands them.
 *
 * One state machine (enum parse_state) eats a byte at a time: text is put at
 * the cursor; ESC begins a sequence; CSI (ESC [) collects numbers up to the
 * letter that says what to do (csi_dispatch).
 *
 * Locks: screen_lock (RANK_CONSOLE).
 * Sources: console_codes(4); ECMA-48; IBM VGA technical reference (CRTC).
 */
#include "dev/vga.h"

#include "arch/io.h"
#include "arch/mmu.h"
#include "dev/keyboard.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "sync/spinlock.h"

enum { CRTC_INDEX = 0x3d4, CRTC_DATA = 0x3d5, CURSOR_START = 10, CURSOR_HIGH = 14,
       CURSOR_LOW = 15, CURSOR_OFF = 0x20, CURSOR_SHAPE = 14 };
enum { TEXT_BUFFER = 0xb8000, MAX_PARAMS = 16, PARAM_LIMIT = 9999 };

enum parse_state { TEXT, ESCAPE, CSI, CHARSET, OSC };

/* Attributes as set by SGR; attr makes the VGA byte of them. */
struct pen {
	u8 foreground, background; /* ANSI numbers, 0 to 7 */
	bool bold, reverse;
};

static const struct pen default_pen = {.foreground = 7};

struct position {
	int row, col;
	struct pen pen;
};

static struct spinlock screen_lock = SPINLOCK_INIT("vga", RANK_CONSOLE);
static volatile u16 *cells; /* NULL before vga_init */
static struct position at, saved;
static bool wrap_due;  /* the last column was written: the next character wraps first */
static bool wrap_on = true, cursor_on = true, insert_on, answered;
static int top, bottom = VGA_ROWS - 1; /* the scroll region, both inclusive */
static enum parse_state state;
static bool csi_private; /* ESC [ ? ... */
static u32 params[MAX_PARAMS], nparams;
static u32 utf8_left;    /* continuation bytes that belong to a character begun before */

/* ---- cells ---- */

static u16 attr(void)
{
	static const u8 vga_colour[8] = {0, 4, 2, 6, 1, 5, 3, 7}; /* ANSI counts red first */
	u8 foreground = vga_colour[at.pen.foreground] | (at.pen.bold ? 8 : 0);
	u8 background = vga_colour[at.pen.background];

	if (at.pen.reverse)
		return (foreground & 7) << 12 | background << 8;
	return background << 12 | foreground << 8;
}

static void clear_cells(int from, int to)
{
	for (int i = from; i < to; i++)
		cells[i] = attr() | ' ';
}

static void copy_cells(int to, int from, int count)
{
	if (to < from) {
		for (int i = 0; i < count; i++)
			cells[to + i] = cells[from + i];
	} else {
		while (count-- > 0)
			cells[to + count] = cells[from + count];
	}
}

/* Lines [first, bottom] move up by n; blank lines come in below. */
static void scroll_up(int first, int n)
{
	n = MIN(n, bottom - first + 1);
	copy_cells(first * VGA_COLS, (first + n) * VGA_COLS, (bottom - first + 1 - n) * VGA_COLS);
	clear_cells((bottom + 1 - n) * VGA_COLS, (bottom + 1) * VGA_COLS);
}

static void scroll_down(int first, int n)
{
	n = MIN(n, bottom - first + 1);
	copy_cells((first + n) * VGA_COLS, first * VGA_COLS, (bottom - first + 1 - n) * VGA_COLS);
	clear_cells(first * VGA_COLS, (first + n) * VGA_COLS);
}

static void crtc_write(u8 index, u8 value)
{
	outb(CRTC_INDEX, index);
	outb(CRTC_DATA, value);
}

static void show_cursor(void)
{
	u16 offset = at.row * VGA_COLS + at.col;

	crtc_write(CURSOR_START, cursor_on ? CURSOR_SHAPE : CURSOR_OFF);
	crtc_write(CURSOR_HIGH, offset >> 8);
	crtc_write(CURSOR_LOW, offset & 0xff);
}

static void move_to(int row, int col)
{
	at.row = MAX(0, MIN(row, VGA_ROWS - 1));
	at.col = MAX(0, MIN(col, VGA_COLS - 1));
	wrap_due = false;
}

/* Down a line; at the end of the scroll region the region moves instead. */
static void line_feed(void)
{
	wrap_due = false;
	if (at.row == bottom)
		scroll_up(top, 1);
	else if (at.row < VGA_ROWS - 1)
		at.row++;
}

static void reverse_line_feed(void)
{
	wrap_due = false;
	if (at.row == top)
		scroll_down(top, 1);
	else if (at.row > 0)
		at.row--;
}

static void insert_blanks(int n)
{
	int here = at.row * VGA_COLS + at.col, left = VGA_COLS - at.col;

	n = MIN(n, left);
	copy_cells(here + n, here, left - n);
	clear_cells(here, here + n);
}

static void delete_chars(int n)
{
	int here = at.row * VGA_COLS + at.col, left = VGA_COLS - at.col;

	n = MIN(n, left);
	copy_cells(here, here + n, left - n);
	clear_cells(here + left - n, here + left);
}

static void put_glyph(u8 c)
{
	if (wrap_due && wrap_on) {
		at.col = 0;
		line_feed();
	}
	wrap_due = false;
	if (insert_on)
		insert_blanks(1);
	cells[at.row * VGA_COLS + at.col] = attr() | c;
	if (at.col < VGA_COLS - 1)
		at.col++;
	else
		wrap_due = true;
}

static void reset_terminal(void)
{
	at = (struct position){.pen = default_pen};
	saved = at;
	top = 0;
	bottom = VGA_ROWS - 1;
	wrap_on = cursor_on = true;
	wrap_due = insert_on = keyboard_application_cursor = false;
	state = TEXT;
	clear_cells(0, VGA_ROWS * VGA_COLS);
}

/* ---- control sequences ---- */

/* The nth parameter; a lacking one and 0 mean the default. */
static int param(u32 n, int or_default)
{
	return n < nparams && params[n] ? (int)params[n] : or_default;
}

static void erase_display(u32 what)
{
	int here = at.row * VGA_COLS + at.col, end = VGA_ROWS * VGA_COLS;

	if (what == 0)
		clear_cells(here, end);
	else if (what == 1)
		clear_cells(0, here + 1);
	else if (what <= 3)
		clear_cells(0, end);
}

static void erase_line(u32 what)
{
	int line = at.row * VGA_COLS;

	if (what == 0)
		clear_cells(line + at.col, line + VGA_COLS);
	else if (what == 1)
		clear_cells(line, line + at.col + 1);
	else if (what == 2)
		clear_cells(line, line + VGA_COLS);
}

static void set_pen(u32 p)
{
	struct pen *pen = &at.pen;

	switch (p) {
	case 0: *pen = default_pen; break;
	case 1: pen->bold = true; break;
	case 7: pen->reverse = true; break;
	case 21:
	case 22: pen->bold = false; break;
	case 27: pen->reverse = false; break;
	case 30 ... 37: pen->foreground = p - 30; break;
	case 39: pen->foreground = default_pen.foreground; break;
	case 40 ... 47: pen->background = p - 40; break;
	case 49: pen->background = default_pen.background; break;
	case 90 ... 97:
		pen->foreground = p - 90;
		pen->bold = true;
		break;
	case 100 ... 107: pen->background = p - 100; break;
	}
}

static void set_mode(bool on)
{
	for (u32 i = 0; i < nparams; i++) {
		if (csi_private && params[i] == 1)
			keyboard_application_cursor = on;
		else if (csi_private && params[i] == 7)
			wrap_on = on;
		else if (csi_private && params[i] == 25)
			cursor_on = on;
		else if (!csi_private && params[i] == 4)
			insert_on = on;
	}
}

static void set_scroll_region(void)
{
	int first = param(0, 1) - 1, last = param(1, VGA_ROWS) - 1;

	if (first >= last || last >= VGA_ROWS)
		return;
	top = first;
	bottom = last;
	move_to(0, 0);
}

static void report(u32 what)
{
	char answer[24];

	if (what == 5)
		snprintf(answer, sizeof answer, "\033[0n");
	else if (what == 6)
		snprintf(answer, sizeof answer, "\033[%d;%dR", at.row + 1, at.col + 1);
	else
		return;
	keyboard_push(answer);
	answered = true;
}

/* Those that change what is on the screen; false if the letter is none of them. */
static bool csi_edit(u8 letter)
{
	int n = param(0, 1), here = at.row * VGA_COLS + at.col;

	switch (letter) {
	case 'J': erase_display(param(0, 0)); break;
	case 'K': erase_line(param(0, 0)); break;
	case 'L':
		if (at.row >= top && at.row <= bottom)
			scroll_down(at.row, n);
		break;
	case 'M':
		if (at.row >= top && at.row <= bottom)
			scroll_up(at.row, n);
		break;
	case 'P': delete_chars(n); break;
	case '@': insert_blanks(n); break;
	case 'S': scroll_up(top, n); break;
	case 'T': scroll_down(top, n); break;
	case 'X': clear_cells(here, here + MIN(n, VGA_COLS - at.col)); break;
	default: return false;
	}
	wrap_due = false;
	return true;
}

static bool csi_move(u8 letter)
{
	int n = param(0, 1), row = at.row, col = at.col;

	switch (letter) {
	case 'A': row = MAX(row - n, row >= top ? top : 0); break;
	case 'B':
	case 'e': row = MIN(row + n, row <= bottom ? bottom : VGA_ROWS - 1); break;
	case 'C':
	case 'a': col += n; break;
	case 'D': col -= n; break;
	case 'E': row += n, col = 0; break;
	case 'F': row -= n, col = 0; break;
	case 'G':
	case '`': col = n - 1; break;
	case 'd': row = n - 1; break;
	case 'H':
	case 'f': row = n - 1, col = param(1, 1) - 1; break;
	default: return false;
	}
	move_to(row, col);
	return true;
}

static void csi_dispatch(u8 letter)
{
	if (letter == 'h' || letter == 'l') {
		set_mode(letter == 'h');
		return;
	}
	if (csi_private || csi_edit(letter) || csi_move(letter))
		return;
	switch (letter) {
	case 'm':
		for (u32 i = 0; i < nparams; i++)
			set_pen(params[i]);
		break;
	case 'n': report(param(0, 0)); break;
	case 'r': set_scroll_region(); break;
	case 's': saved = at; break;
	case 'u':
		at = saved;
		wrap_due = false;
		break;
	}
}

static void csi_byte(u8 c)
{
	if (c >= '0' && c <= '9') {
		u32 *last = &params[nparams - 1];

		*last = MIN(*last * 10 + (c - '0'), (u32)PARAM_LIMIT);
	} else if (c == ';') {
		if (nparams < MAX_PARAMS)
			params[nparams++] = 0;
	} else if (c == '?') {
		csi_private = true;
	} else if (c >= 0x40 && c < 0x7f) {
		state = TEXT;
		csi_dispatch(c);
	}
}

static void escape_byte(u8 c)
{
	state = TEXT;
	switch (c) {
	case '[':
		state = CSI;
		nparams = 1;
		params[0] = 0;
		csi_private = false;
		break;
	case ']': state = OSC; break;
	case '(':
	case ')': state = CHARSET; break;
	case '7': saved = at; break;
	case '8':
		at = saved;
		wrap_due = false;
		break;
	case 'D': line_feed(); break;
	case 'E':
		at.col = 0;
		line_feed();
		break;
	case 'M': reverse_line_feed(); break;
	case 'c': reset_terminal(); break;
	}
}

/* ---- text ---- */

/* The font has code page 437; of what UTF-8 encodes beyond ASCII it shows a block. */
static void text_byte(u8 c)
{
	if ((c & 0xc0) == 0x80 && utf8_left) {
		if (--utf8_left == 0)
			put_glyph(0xfe);
		return;
	}
	utf8_left = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	if (!utf8_left)
		put_glyph(c < 0x80 ? c : 0xfe);
}

static void control_byte(u8 c)
{
	switch (c) {
	case '\b': move_to(at.row, at.col - 1); break;
	case '\t': move_to(at.row, (at.col | 7) + 1); break;
	case '\n':
	case '\v':
	case '\f': line_feed(); break;
	case '\r': move_to(at.row, 0); break;
	case '\033': state = ESCAPE; break;
	case 0x18:
	case 0x1a: state = TEXT; break;
	}
}

static void screen_byte(u8 c)
{
	if (state == OSC) { /* a window title: up to BEL or ESC */
		if (c == '\a')
			state = TEXT;
		else if (c == '\033')
			state = ESCAPE;
	} else if (c < 0x20 || c == 0x7f) {
		control_byte(c);
	} else if (state == ESCAPE) {
		escape_byte(c);
	} else if (state == CSI) {
		csi_byte(c);
	} else if (state == CHARSET) {
		state = TEXT;
	} else {
		text_byte(c);
	}
}

/* ---- interface ---- */

bool vga_init(void)
{
	crtc_write(CURSOR_LOW, 0x54);
	bool found = inb(CRTC_DATA) == 0x54; /* nobody there: 0xff */
	cells = mmu_map_device(TEXT_BUFFER, VGA_ROWS * VGA_COLS * sizeof *cells);
	reset_terminal();
	show_cursor();
	return found;
}

bool vga_write(const u8 *bytes, size_t n)
{
	bool result;

	spin_lock(&screen_lock);
	answered = false;
	for (size_t i = 0; i < n; i++)
		screen_byte(bytes[i]);
	show_cursor();
	result = answered;
	spin_unlock(&screen_lock);
	return result;
}

void vga_write_log(const char *text, size_t n)
{
	bool locked = !spin_held(&screen_lock); /* held: a panic inside of this driver */

	if (!cells)
		return;
	if (locked)
		spin_lock(&screen_lock);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n') {
			at.col = 0;
			line_feed();
		} else if ((u8)text[i] >= 0x20) {
			put_glyph(text[i]);
		}
	}
	show_cursor();
	if (locked)
		spin_unlock(&screen_lock);
}
