/*
 * 16550 UARTs: reception by interrupt, transmission by interrupt from a ring.
 *
 * Receive: the interrupt calls tty_receive, which pulls bytes out of the FIFO
 * while the tty has room. If it has none, the receive interrupt is masked (the
 * line is edge-triggered: a level that stays high would also hide transmit
 * interrupts) and the sender is held back by a full FIFO.
 *
 * Transmit: put fills the ring and, if no transmit interrupt is due, as much
 * of the FIFO as is free. Under QEMU that is all of it; on a real machine the
 * interrupt sends the rest, 16 bytes at a time.
 *
 * Locks: uart->lock (RANK_CONSOLE) guards ring, IER and the transmitter;
 * RBR and LSR's data bit are read under tty->lock only.
 * Source: National Semiconductor PC16550D data sheet.
 */
#include "dev/serial.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/irq.h"
#include "arch/time.h"
#include "dev/sysrq.h"

enum uart_register {
	RBR = 0, /* receive buffer; written: THR, transmit */
	THR = 0,
	DLL = 0, /* divisor latch, while LCR_DLAB is set */
	DLM = 1,
	IER = 1, /* interrupt enable */
	IIR = 2, /* interrupt identification; written: FCR, FIFO control */
	FCR = 2,
	LCR = 3, /* line control */
	MCR = 4, /* modem control */
	LSR = 5, /* line status */
	SCR = 7, /* scratch */
};

enum uart_bits {
	IER_RECEIVE = 5 /* data, and what LSR says of the line */, IER_TRANSMIT = 2,
	IIR_NONE = 1, IIR_FIFO = 0xc0,
	FCR_ENABLE_AND_CLEAR = 7, FCR_TRIGGER_8 = 0x80,
	LCR_8N1 = 3, LCR_DLAB = 0x80,
	MCR_DTR_RTS_OUT2 = 0x0b, /* OUT2 connects the interrupt line */
	LSR_DATA = 1, LSR_BREAK = 0x10, LSR_THR_EMPTY = 0x20, LSR_ALL_SENT = 0x40,
};

#define SYSRQ_NS (5 * NSEC_PER_SEC)

enum {
	RING_SIZE = 4096,
	DIVISOR_115200 = 1,
	FIFO_SIZE = 16,
	POLL_LIMIT = 200000, /* reads of a status register, at about 1 us each */
	IRQ_ROUNDS = 256,    /* enough for any FIFO; a broken chip must not hold the CPU */
};

struct uart {
	struct tty_device device;
	u16 base;
	enum isa_irq irq;
	bool present;
	u32 burst;		/* bytes that an empty transmitter takes */
	struct spinlock lock;	/* guards what follows, and the transmitter */
	u8 ier;
	u32 head, tail;		/* free running; bytes [head, tail) are to be sent */
	u8 *ring;
	bool broken;		/* a BREAK has come, whose NUL is still in the FIFO */
	u64 sysrq_until_ns;	/* tty->lock: the byte after it is a magic key, if it comes soon */
};

static const struct tty_device_ops uart_ops;

static u8 rings[SERIAL_PORTS][RING_SIZE];
static struct uart uarts[SERIAL_PORTS] = {
	{.device.ops = &uart_ops, .base = 0x3f8, .irq = IRQ_COM1, .ring = rings[0],
	 .lock = SPINLOCK_INIT("uart0", RANK_CONSOLE)},
	{.device.ops = &uart_ops, .base = 0x2f8, .irq = IRQ_COM2, .ring = rings[1],
	 .lock = SPINLOCK_INIT("uart1", RANK_CONSOLE)},
};

static struct uart *device_uart(struct tty_device *device)
{
	return container_of(device, struct uart, device);
}

static void reg_write(const struct uart *uart, enum uart_register reg, u8 value)
{
	outb(uart->base + reg, value);
}

static u8 reg_read(const struct uart *uart, enum uart_register reg)
{
	return inb(uart->base + reg);
}

/* Any look at the register takes the BREAK out of it. */
static u8 line_status(struct uart *uart)
{
	u8 status = reg_read(uart, LSR);

	if (status & LSR_BREAK)
		uart->broken = true;
	return status;
}

static void set_ier(struct uart *uart, u8 ier)
{
	if (uart->ier != ier) {
		uart->ier = ier;
		reg_write(uart, IER, ier);
	}
}

static void uart_probe(struct uart *uart)
{
	reg_write(uart, SCR, 0x5a);
	if (reg_read(uart, SCR) != 0x5a || reg_read(uart, LSR) == 0xff)
		return;
	reg_write(uart, IER, 0);
	reg_write(uart, LCR, LCR_DLAB);
	reg_write(uart, DLL, DIVISOR_115200);
	reg_write(uart, DLM, 0);
	reg_write(uart, LCR, LCR_8N1);
	reg_write(uart, FCR, FCR_ENABLE_AND_CLEAR | FCR_TRIGGER_8);
	reg_write(uart, MCR, MCR_DTR_RTS_OUT2);
	uart->burst = (reg_read(uart, IIR) & IIR_FIFO) == IIR_FIFO ? FIFO_SIZE : 1;
	uart->present = true;
}

/* ---- transmit; uart->lock is held ---- */

static bool transmitter_ready(struct uart *uart)
{
	return line_status(uart) & LSR_THR_EMPTY;
}

static void send_burst(struct uart *uart)
{
	for (u32 i = 0; i < uart->burst && uart->head != uart->tail; i++)
		reg_write(uart, THR, uart->ring[uart->head++ % RING_SIZE]);
}

/* Sends what the transmitter takes at once; the interrupt comes for the rest. */
static void transmit(struct uart *uart)
{
	while (uart->head != uart->tail && transmitter_ready(uart))
		send_burst(uart);
	if (uart->head != uart->tail)
		set_ier(uart, uart->ier | IER_TRANSMIT);
	else
		set_ier(uart, uart->ier & ~IER_TRANSMIT);
}

static void transmit_interrupt(struct uart *uart)
{
	bool wake = false;

	spin_lock(&uart->lock);
	if (uart->ier & IER_TRANSMIT) {
		transmit(uart);
		/* At half, so that a writer has enough to do when it wakes. */
		wake = uart->tail - uart->head <= RING_SIZE / 2;
	}
	spin_unlock(&uart->lock);
	if (wake)
		tty_output_ready(uart->device.tty);
}

static void uart_interrupt(struct uart *uart)
{
	for (int round = 0; round < IRQ_ROUNDS; round++) {
		if ((reg_read(uart, IIR) & IIR_NONE) && !(uart->broken && round == 0))
			return;
		tty_receive(uart->device.tty);
		transmit_interrupt(uart);
	}
	/* The line is still high, and the interrupt is one of edges: make a new one. */
	spin_lock(&uart->lock);
	reg_write(uart, IER, 0);
	reg_write(uart, IER, uart->ier);
	spin_unlock(&uart->lock);
}

static void com1_interrupt(void)
{
	uart_interrupt(&uarts[0]);
}

static void com2_interrupt(void)
{
	uart_interrupt(&uarts[1]);
}

/* ---- what the tty calls ---- */

/* After a BREAK, which is a NUL in the FIFO, the next byte is a magic key. */
static bool is_for_sysrq(struct uart *uart, u8 byte)
{
	if (uart->broken && byte == 0) {
		uart->broken = false;
		uart->sysrq_until_ns = time_now_ns() + SYSRQ_NS;
		return true;
	}
	if (!uart->sysrq_until_ns)
		return false;
	bool in_time = time_now_ns() < uart->sysrq_until_ns;
	uart->sysrq_until_ns = 0;
	if (in_time)
		sysrq_press(byte);
	return in_time;
}

static int uart_get(struct tty_device *device)
{
	struct uart *uart = device_uart(device);

	while (line_status(uart) & LSR_DATA) {
		u8 byte = reg_read(uart, RBR);
		if (!is_for_sysrq(uart, byte))
			return byte;
	}
	return -1;
}

static void uart_listen(struct tty_device *device, bool on)
{
	struct uart *uart = device_uart(device);

	spin_lock(&uart->lock);
	set_ier(uart, on ? uart->ier | IER_RECEIVE : uart->ier & ~IER_RECEIVE);
	spin_unlock(&uart->lock);
}

static size_t uart_pending(struct tty_device *device)
{
	struct uart *uart = device_uart(device);
	size_t pending;

	spin_lock(&uart->lock);
	pending = uart->tail - uart->head;
	spin_unlock(&uart->lock);
	return pending;
}

static size_t uart_room(struct tty_device *device)
{
	return RING_SIZE - uart_pending(device);
}

static void uart_put(struct tty_device *device, const u8 *bytes, size_t n)
{
	struct uart *uart = device_uart(device);

	spin_lock(&uart->lock);
	for (size_t i = 0; i < n; i++)
		uart->ring[uart->tail++ % RING_SIZE] = bytes[i];
	if (!(uart->ier & IER_TRANSMIT)) /* else the interrupt is about to come */
		transmit(uart);
	spin_unlock(&uart->lock);
}

static void uart_flush(struct tty_device *device)
{
	struct uart *uart = device_uart(device);

	spin_lock(&uart->lock);
	uart->head = uart->tail;
	spin_unlock(&uart->lock);
}

static const struct tty_device_ops uart_ops = {
	.get = uart_get,
	.listen = uart_listen,
	.room = uart_room,
	.pending = uart_pending,
	.put = uart_put,
	.flush = uart_flush,
};

/* ---- what the console calls ---- */

void serial_probe(void)
{
	for (int i = 0; i < SERIAL_PORTS; i++)
		uart_probe(&uarts[i]);
}

bool serial_present(unsigned port)
{
	return uarts[port].present;
}

struct tty_device *serial_device(unsigned port)
{
	return &uarts[port].device;
}

void serial_start(unsigned port)
{
	struct uart *uart = &uarts[port];

	irq_register(uart->irq, port == 0 ? com1_interrupt : com2_interrupt);
	uart_listen(&uart->device, true);
	tty_receive(uart->device.tty); /* what came before the interrupt was on */
}

static void wait_transmitter(struct uart *uart)
{
	for (u32 i = 0; i < POLL_LIMIT && !transmitter_ready(uart); i++)
		cpu_relax();
}

void serial_write_polled(unsigned port, const char *text, size_t n, bool locked)
{
	struct uart *uart = &uarts[port];

	/* A panic inside of this driver finds the lock held by its own CPU. */
	locked = locked && !spin_held(&uart->lock);
	if (locked)
		spin_lock(&uart->lock);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n') {
			wait_transmitter(uart);
			reg_write(uart, THR, '\r');
		}
		wait_transmitter(uart);
		reg_write(uart, THR, text[i]);
	}
	if (locked)
		spin_unlock(&uart->lock);
}

void serial_drain_polled(unsigned port)
{
	struct uart *uart = &uarts[port];

	if (!uart->present)
		return;
	spin_lock(&uart->lock);
	for (u32 i = 0; i < POLL_LIMIT && uart->head != uart->tail; i++) {
		if (transmitter_ready(uart))
			send_burst(uart);
	}
	/* The FIFO still holds the last bytes when its reader is slow. */
	for (u32 i = 0; i < POLL_LIMIT && !(line_status(uart) & LSR_ALL_SENT); i++)
		cpu_relax();
	spin_unlock(&uart->lock);
}
