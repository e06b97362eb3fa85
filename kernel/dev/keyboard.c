/*
 * PS/2 keyboard behind an 8042 controller: scan codes of set 1 (the controller
 * translates) to characters of the US layout, and to the escape sequences that
 * Linux's console sends for the keys that have no character.
 *
 * The interrupt only tells the tty; keyboard_get, called under tty->lock,
 * reads the controller and translates, so all state here has that one lock.
 *
 * Sources: IBM PS/2 technical reference (8042, scan codes); console_codes(4).
 */
#include "dev/keyboard.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/irq.h"
#include "dev/sysrq.h"

enum controller { DATA_PORT = 0x60, STATUS_PORT = 0x64 };
enum controller_bits { STATUS_OUTPUT_FULL = 1, STATUS_INPUT_FULL = 2, STATUS_FROM_MOUSE = 0x20 };
enum controller_command {
	READ_CONFIG = 0x20, WRITE_CONFIG = 0x60, DISABLE_MOUSE = 0xa7, ENABLE_KEYBOARD = 0xae,
	CONFIG_KEYBOARD_IRQ = 1, CONFIG_MOUSE_IRQ = 2, CONFIG_KEYBOARD_OFF = 0x10,
	CONFIG_TRANSLATE = 0x40,
};

enum scan_code {
	SC_RELEASE = 0x80, SC_EXTENDED = 0xe0, SC_LCTRL = 0x1d, SC_LSHIFT = 0x2a,
	SC_KP_SLASH = 0x35, SC_RSHIFT = 0x36, SC_LALT = 0x38, SC_CAPS = 0x3a, SC_ENTER = 0x1c,
	SC_KP_FIRST = 0x47, SC_KP_LAST = 0x53,
	SC_SYSRQ = 0x54, /* what PrintScreen sends while Alt is down */
};

enum { QUEUE_SIZE = 128, WAIT_LIMIT = 100000, FLUSH_LIMIT = 64 };

static const char plain[] =
	"\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
	"\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

/* The keypad's characters from 0x47 on; without the 0xe0 prefix it types digits. */
static const char keypad[] = "789-456+1230.";

/* Keys without a character, by scan code (console_codes(4), loadkeys' defaults). */
static const struct {
	u8 code;
	const char *sequence;
} sequences[] = {
	{0x47, "\033[1~"}, {0x49, "\033[5~"}, {0x4f, "\033[4~"}, {0x51, "\033[6~"},
	{0x52, "\033[2~"}, {0x53, "\033[3~"},
	{0x3b, "\033[[A"}, {0x3c, "\033[[B"}, {0x3d, "\033[[C"}, {0x3e, "\033[[D"},
	{0x3f, "\033[[E"}, {0x40, "\033[17~"}, {0x41, "\033[18~"}, {0x42, "\033[19~"},
	{0x43, "\033[20~"}, {0x44, "\033[21~"}, {0x57, "\033[23~"}, {0x58, "\033[24~"},
};

bool keyboard_application_cursor;

static bool present, extended, shift, ctrl, alt, sysrq, caps_lock;
static u8 queue[QUEUE_SIZE];
static u32 queue_head, queue_tail; /* free running */
static void (*on_key)(void);

static void push(u8 byte)
{
	if (queue_tail - queue_head < QUEUE_SIZE)
		queue[queue_tail++ % QUEUE_SIZE] = byte;
}

void keyboard_push(const char *bytes)
{
	while (*bytes)
		push(*bytes++);
}

static bool set_modifier(u8 code, bool pressed)
{
	switch (code) {
	case SC_LSHIFT:
	case SC_RSHIFT:
		/* With the prefix it is a fake shift that some keys send around theirs. */
		if (!extended)
			shift = pressed;
		return true;
	case SC_LCTRL:
		ctrl = pressed;
		return true;
	case SC_LALT:
		alt = pressed;
		sysrq &= pressed; /* let go of after Alt it is another key, PrintScreen */
		return true;
	case SC_SYSRQ:
		sysrq = pressed;
		return true;
	case SC_CAPS:
		caps_lock ^= pressed;
		return true;
	}
	return false;
}

static bool push_arrow(u8 code)
{
	char sequence[] = "\033[A";

	switch (code) {
	case 0x48: sequence[2] = 'A'; break;
	case 0x50: sequence[2] = 'B'; break;
	case 0x4d: sequence[2] = 'C'; break;
	case 0x4b: sequence[2] = 'D'; break;
	default: return false;
	}
	if (keyboard_application_cursor)
		sequence[1] = 'O';
	keyboard_push(sequence);
	return true;
}

static bool push_sequence(u8 code)
{
	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
		if (sequences[i].code == code) {
			keyboard_push(sequences[i].sequence);
			return true;
		}
	}
	return false;
}

static u8 control_of(u8 c)
{
	if (c == ' ' || c == '2')
		return 0;
	if (c == '/')
		return 0x1f;
	if (c == '?')
		return 0x7f;
	return c >= '@' && c <= '~' ? c & 0x1f : c;
}

static void push_character(u8 code)
{
	u8 c = 0;

	if (code < sizeof plain - 1)
		c = shift ? shifted[code] : plain[code];
	else if (code >= SC_KP_FIRST && code <= SC_KP_LAST)
		c = keypad[code - SC_KP_FIRST];
	if (!c)
		return;
	if (caps_lock && ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
		c ^= 0x20;
	if (alt)
		push('\033');
	push(ctrl ? control_of(c) : c);
}

static void translate(u8 code)
{
	bool pressed = !(code & SC_RELEASE);

	if (code == SC_EXTENDED) {
		extended = true;
		return;
	}
	code &= ~SC_RELEASE;
	if (!set_modifier(code, pressed) && pressed) {
		bool types = code == SC_ENTER || code == SC_KP_SLASH;
		bool keypad_digit = code >= SC_KP_FIRST && code <= SC_KP_LAST && !extended;

		if (sysrq)
			sysrq_press(code < sizeof plain - 1 ? plain[code] : 0);
		else if (keypad_digit || (extended && types))
			push_character(code);
		else if (!push_arrow(code) && !push_sequence(code) && !extended)
			push_character(code);
	}
	extended = false;
}

int keyboard_get(void)
{
	u8 status;

	while (present && ((status = inb(STATUS_PORT)) & STATUS_OUTPUT_FULL)) {
		u8 code = inb(DATA_PORT);

		if (!(status & STATUS_FROM_MOUSE))
			translate(code);
	}
	return queue_head != queue_tail ? queue[queue_head++ % QUEUE_SIZE] : -1;
}

/* ---- the controller ---- */

static bool wait_status(u8 mask, u8 value)
{
	for (int i = 0; i < WAIT_LIMIT; i++) {
		if ((inb(STATUS_PORT) & mask) == value)
			return true;
		cpu_relax();
	}
	return false;
}

static bool command(u8 byte)
{
	if (!wait_status(STATUS_INPUT_FULL, 0))
		return false;
	outb(STATUS_PORT, byte);
	return true;
}

static void flush_controller(void)
{
	for (int i = 0; i < FLUSH_LIMIT && (inb(STATUS_PORT) & STATUS_OUTPUT_FULL); i++)
		inb(DATA_PORT);
}

static void keyboard_interrupt(void)
{
	on_key();
}

bool keyboard_init(void (*key_ready)(void))
{
	u8 config;

	if (inb(STATUS_PORT) == 0xff)
		return false;
	if (!command(DISABLE_MOUSE))
		return false;
	flush_controller();
	if (!command(READ_CONFIG) || !wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL))
		return false;
	config = inb(DATA_PORT);
	config |= CONFIG_KEYBOARD_IRQ | CONFIG_TRANSLATE;
	config &= ~(CONFIG_MOUSE_IRQ | CONFIG_KEYBOARD_OFF);
	if (!command(WRITE_CONFIG) || !wait_status(STATUS_INPUT_FULL, 0))
		return false;
	outb(DATA_PORT, config);
	if (!command(ENABLE_KEYBOARD))
		return false;

	present = true;
	on_key = key_ready;
	irq_register(IRQ_KEYBOARD, keyboard_interrupt);
	return true;
}
