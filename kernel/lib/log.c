/*
 * The kernel log. Text goes into the ring, from which log_read takes it, and to
 * a sink. Until the serial driver registers itself, and again in a panic that
 * cannot use it, that is the few lines here that poll the COM ports which
 * console= names: each of ttyS0 and ttyS1, COM1 if there is no console=.
 *
 * Lock: log.lock (RANK_LOG). Source: NS16550A data sheet.
 */
#include "lib/log.h"

#include "arch/boot_info.h"
#include "arch/io.h"
#include "arch/time.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "sync/spinlock.h"

enum { LOG_SIZE = 64 * 1024, LINE_MAX = 512 };

static struct {
	struct spinlock lock;
	void (*sink)(const char *text, size_t n);
	u64 end;	 /* bytes logged since boot; the ring holds the last LOG_SIZE */
	bool in_line;	 /* the last byte was not a newline */
	bool ring_only;	 /* this text is not for the sink */
	bool debug;	 /* the command line says so: everything is */
	bool panicking;
} log = {.lock = SPINLOCK_INIT("log", RANK_LOG)};
static char ring[LOG_SIZE];

/* Early serial output ------------------------------------------------------------------------- */

enum { COM1 = 0x3f8, COM2 = 0x2f8, NCOM = 2 };
enum { COM_DATA = 0, COM_INTERRUPTS = 1, COM_LINE_CONTROL = 3, COM_LINE_STATUS = 5 };
enum { COM_8N1 = 3, COM_DIVISOR_LATCH = 0x80, COM_CAN_SEND = 0x20 };

static const u16 com_ports[NCOM] = {COM1, COM2};
static bool com_is_console[NCOM] = {true, false};

static void com_init(u16 port)
{
	outb(port + COM_INTERRUPTS, 0);
	outb(port + COM_LINE_CONTROL, COM_DIVISOR_LATCH);
	outb(port + COM_DATA, 1); /* 115200 baud */
	outb(port + COM_INTERRUPTS, 0);
	outb(port + COM_LINE_CONTROL, COM_8N1);
}

static void com_putc(u16 port, char c)
{
	for (int i = 0; i < 100000 && !(inb(port + COM_LINE_STATUS) & COM_CAN_SEND); i++)
		; /* a port that is not there reads 0xff: ready at once */
	outb(port + COM_DATA, (u8)c);
}

static void early_write(const char *text, size_t n)
{
	for (int com = 0; com < NCOM; com++) {
		if (!com_is_console[com])
			continue;
		for (size_t i = 0; i < n; i++) {
			if (text[i] == '\n')
				com_putc(com_ports[com], '\r');
			com_putc(com_ports[com], text[i]);
		}
	}
}

void log_init(void)
{
	char name[32];

	log.debug = boot_option("debug", name, sizeof name);
	if (boot_option("console", name, sizeof name))
		com_is_console[0] = false;
	for (u32 nth = 0; boot_option_nth("console", nth, name, sizeof name); nth++) {
		if (strncmp(name, "ttyS0", 5) == 0)
			com_is_console[0] = true;
		if (strncmp(name, "ttyS1", 5) == 0)
			com_is_console[1] = true;
	}
	for (int com = 0; com < NCOM; com++)
		if (com_is_console[com])
			com_init(com_ports[com]);
}

/* The log ------------------------------------------------------------------------------------- */

/* False: not locked. An NMI finds it held by its own CPU, and must not wait for that. */
static bool lock_log(void)
{
	bool lock = !log.panicking && !spin_held(&log.lock);
	if (lock)
		spin_lock(&log.lock);
	return lock;
}

static void unlock_log(bool locked)
{
	if (locked)
		spin_unlock(&log.lock);
}

static void append(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ring[log.end++ % LOG_SIZE] = text[i];
	if (log.ring_only)
		return;
	if (log.sink)
		log.sink(text, n);
	else
		early_write(text, n);
}

static void append_time(void)
{
	char stamp[32];
	u64 us = time_now_ns() / 1000;
	int len = snprintf(stamp, sizeof stamp, "[%5lu.%06lu] ", us / 1000000, us % 1000000);

	append(stamp, (size_t)len);
}

static void append_lines(const char *text, size_t n)
{
	while (n > 0) {
		const char *newline = memchr(text, '\n', n);
		size_t len = newline ? (size_t)(newline - text) + 1 : n;
		if (!log.in_line && !log.panicking) /* a panic's lines are for a narrow screen */
			append_time();
		append(text, len);
		log.in_line = !newline;
		text += len;
		n -= len;
	}
}

static void log_write(bool ring_only, const char *fmt, va_list args)
{
	char text[LINE_MAX];
	int len = vsnprintf(text, sizeof text, fmt, args);

	bool locked = lock_log();
	log.ring_only = ring_only;
	append_lines(text, MIN((size_t)len, sizeof text - 1));
	log.ring_only = false;
	unlock_log(locked);
}

void log_vprintf(const char *fmt, va_list args)
{
	log_write(false, fmt, args);
}

void kprintf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vprintf(fmt, args);
	va_end(args);
}

void kdebugf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_write(!log.debug, fmt, args);
	va_end(args);
}

void log_set_sink(void (*write)(const char *text, size_t n))
{
	bool locked = lock_log();
	log.sink = write;
	unlock_log(locked);
}

size_t log_read(u64 *position, char *buf, size_t size)
{
	bool locked = lock_log();
	u64 oldest = log.end > LOG_SIZE ? log.end - LOG_SIZE : 0;
	u64 at = MAX(*position, oldest);
	size_t n = 0;
	while (n < size && at < log.end)
		buf[n++] = ring[at++ % LOG_SIZE];
	*position = at;
	unlock_log(locked);
	return n;
}

u64 log_end(u64 *size_out)
{
	*size_out = LOG_SIZE;
	return __atomic_load_n(&log.end, __ATOMIC_RELAXED);
}

void log_panic(bool sink_usable)
{
	log.panicking = true;
	if (!sink_usable)
		log.sink = NULL;
	if (log.in_line)
		append("\n", 1);
	log.in_line = false;
}
