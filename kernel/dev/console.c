/*
 * Which device is the console, and which terminal stands for which devices.
 *
 *   no console=          one tty on COM1 and on VGA with keyboard at once:
 *                        /dev/console, ttyS0, tty0 and tty1 are all that tty
 *   console=NAME ...     each device has a tty of its own; /dev/console is the
 *                        last one named, the kernel log goes to all named
 *
 * Entry points: dev_early_init and dev_init (kmain), dev_drain (reboot).
 * Source: Linux's Documentation/admin-guide/serial-console.rst.
 */
#include "arch/boot_info.h"
#include "dev/dev.h"
#include "dev/keyboard.h"
#include "dev/serial.h"
#include "dev/tty.h"
#include "dev/vga.h"
#include "fs/inode.h"
#include "lib/log.h"
#include "lib/string.h"

enum console_name { CONSOLE_S0, CONSOLE_S1, CONSOLE_VGA, CONSOLE_COUNT };

enum { TTY_MAJOR = 4, TTYAUX_MAJOR = 5, TTYS_MINOR = 64 };

static struct tty ttys[CONSOLE_COUNT]; /* a combined console uses the first alone */
static bool log_to[CONSOLE_COUNT];
static int last_named = -1;  /* enum console_name; -1: no usable console= */
static bool vga_ready, locks_work;

/* ---- the command line ---- */

/* "ttyS0" or "ttyS0,115200n8": the speed is fixed, so what follows the comma has no effect. */
static int console_by_name(const char *option)
{
	static const char *const names[] = {"ttyS0", "ttyS1", "tty0", "tty1"};

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(option, names[i], len) == 0 && (!option[len] || option[len] == ','))
			return MIN(i, (int)CONSOLE_VGA);
	}
	return -1;
}

static bool console_present(int console)
{
	return console == CONSOLE_VGA || serial_present(console);
}

static void take_console_option(const char *option)
{
	int console = console_by_name(option);

	if (console < 0 || !console_present(console))
		return;
	log_to[console] = true;
	last_named = console;
}

static void read_options(void)
{
	char value[32];

	for (u32 nth = 0; boot_option_nth("console", nth, value, sizeof value); nth++)
		take_console_option(value);
	if (last_named < 0) {
		log_to[CONSOLE_S0] = serial_present(0);
		log_to[CONSOLE_VGA] = true;
	}
}

/* ---- the kernel log ---- */

static void write_log(const char *text, size_t n)
{
	for (int port = 0; port < SERIAL_PORTS; port++) {
		if (log_to[port])
			serial_write_polled(port, text, n, locks_work);
	}
	if (log_to[CONSOLE_VGA] && vga_ready)
		vga_write_log(text, n);
}

void dev_early_init(void)
{
	serial_probe();
	read_options();
	log_set_sink(write_log);
}

/* ---- screen and keyboard as a tty's device ---- */

static int screen_get(struct tty_device *device)
{
	(void)device;
	return keyboard_get();
}

/* What the keyboard's queue cannot hold is dropped, so it may always interrupt. */
static void screen_listen(struct tty_device *device, bool on)
{
	(void)device;
	(void)on;
}

static size_t screen_room(struct tty_device *device)
{
	(void)device;
	return SIZE_MAX;
}

static size_t screen_pending(struct tty_device *device)
{
	(void)device;
	return 0;
}

static void screen_put(struct tty_device *device, const u8 *bytes, size_t n)
{
	if (vga_write(bytes, n))
		device->tty->input_held = true; /* the answer waits for tty_receive */
}

static void screen_flush(struct tty_device *device)
{
	(void)device;
}

static const struct tty_device_ops screen_ops = {
	.get = screen_get,
	.listen = screen_listen,
	.room = screen_room,
	.pending = screen_pending,
	.put = screen_put,
	.flush = screen_flush,
};

static struct tty_device screen = {.ops = &screen_ops};

static void key_ready(void)
{
	tty_receive(screen.tty);
}

/* ---- terminals ---- */

static struct tty *make_combined_tty(void)
{
	bool serial = serial_present(0);
	struct tty *tty = &ttys[0];

	tty_init(tty, serial ? MAKEDEV(TTY_MAJOR, TTYS_MINOR) : MAKEDEV(TTY_MAJOR, 1),
		 vga_ready ? VGA_ROWS : 0, vga_ready ? VGA_COLS : 0);
	if (serial)
		tty_add_device(tty, serial_device(0));
	if (vga_ready)
		tty_add_device(tty, &screen);
	return tty;
}

static struct tty *make_serial_tty(unsigned port)
{
	struct tty *tty = &ttys[port];

	tty_init(tty, MAKEDEV(TTY_MAJOR, TTYS_MINOR + port), 0, 0);
	tty_add_device(tty, serial_device(port));
	return tty;
}

static struct tty *make_screen_tty(void)
{
	struct tty *tty = &ttys[CONSOLE_VGA];

	tty_init(tty, MAKEDEV(TTY_MAJOR, 1), VGA_ROWS, VGA_COLS);
	tty_add_device(tty, &screen); /* also of a machine without one: it has a cursor */
	return tty;
}

static void register_ttys(struct tty *const *tty, struct tty *console)
{
	static const char *const names[] = {"ttyS0", "ttyS1"};

	chardev_register(MAKEDEV(TTYAUX_MAJOR, 0), "tty", &tty_current_file_ops, NULL);
	chardev_register(MAKEDEV(TTYAUX_MAJOR, 1), "console", &tty_file_ops, console);
	chardev_register(MAKEDEV(TTY_MAJOR, 0), "tty0", &tty_file_ops, tty[CONSOLE_VGA]);
	chardev_register(MAKEDEV(TTY_MAJOR, 1), "tty1", &tty_file_ops, tty[CONSOLE_VGA]);
	for (unsigned port = 0; port < SERIAL_PORTS; port++) {
		if (serial_present(port))
			chardev_register(MAKEDEV(TTY_MAJOR, TTYS_MINOR + port), names[port],
					 &tty_file_ops, tty[port]);
	}
}

void dev_init(void)
{
	struct tty *tty[CONSOLE_COUNT];
	bool combined = last_named < 0;

	locks_work = true;
	vga_ready = vga_init();

	tty[CONSOLE_S0] = combined ? make_combined_tty() : make_serial_tty(0);
	tty[CONSOLE_S1] = make_serial_tty(1);
	tty[CONSOLE_VGA] = combined ? tty[CONSOLE_S0] : make_screen_tty();
	register_ttys(tty, combined ? tty[CONSOLE_S0] : tty[last_named]);

	for (unsigned port = 0; port < SERIAL_PORTS; port++) {
		if (serial_present(port))
			serial_start(port);
	}
	if (vga_ready && keyboard_init(key_ready))
		tty_receive(screen.tty);
}

void dev_drain(void)
{
	for (unsigned port = 0; port < SERIAL_PORTS; port++)
		serial_drain_polled(port);
}
