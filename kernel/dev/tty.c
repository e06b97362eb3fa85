/*
 * Terminals as files: open, read, write and poll, and the way of bytes
 * between devices, line discipline (dev/ldisc.c) and processes.
 *
 * User memory is copied through small buffers on the stack, outside of
 * tty->lock. One reader and one writer are inside at a time (tty_claim), so
 * that a line goes to one of them; a signal interrupts the wait for a turn.
 *
 * Lock: tty->lock, never with proc_lock: signals that input brings are sent later.
 * Sources: termios(3), tty(4), POSIX.1-2017 11.1.4 and 11.1.7.
 */
#include "dev/tty.h"

#include "arch/cpu.h"
#include "arch/time.h"
#include "dev/ldisc.h"
#include "dev/sysrq.h"
#include "fs/inode.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/signal.h"

enum { CHUNK = 256, RESUME_NS = 1000 * 1000, CONSOLE_RDEV = MAKEDEV(5, 1), TTY0_RDEV = MAKEDEV(4, 0) };

static const struct termios default_termios = {
	.iflag = ICRNL | IXON,
	.oflag = OPOST | ONLCR,
	.cflag = B38400 | CS8 | CREAD | HUPCL,
	.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 0x7f, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1,
	       [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18, [VDISCARD] = 15,
	       [VWERASE] = 23, [VLNEXT] = 22},
};

static void resume_input(struct timer *timer)
{
	tty_receive(container_of(timer, struct tty, resume));
}

void tty_init(struct tty *tty, u64 rdev, u16 rows, u16 cols)
{
	spin_init(&tty->lock, "tty", RANK_TTY);
	waitq_init(&tty->read_wait);
	waitq_init(&tty->write_wait);
	tty->resume.fn = resume_input;
	tty->rdev = rdev;
	tty->termios = default_termios;
	tty->winsize.rows = rows;
	tty->winsize.cols = cols;
}

void tty_add_device(struct tty *tty, struct tty_device *device)
{
	tty->devices[tty->ndevices++] = device;
	device->tty = tty;
}

u64 tty_rdev(const struct tty *tty)
{
	return tty->rdev;
}

/* ---- devices ---- */

size_t tty_room(struct tty *tty)
{
	size_t room = tty->output_stopped ? 0 : SIZE_MAX;

	for (u32 i = 0; i < tty->ndevices; i++)
		room = MIN(room, tty->devices[i]->ops->room(tty->devices[i]));
	return room;
}

size_t tty_pending(struct tty *tty)
{
	size_t pending = 0;

	for (u32 i = 0; i < tty->ndevices; i++)
		pending = MAX(pending, tty->devices[i]->ops->pending(tty->devices[i]));
	return pending;
}

void tty_put(struct tty *tty, const u8 *bytes, size_t n)
{
	for (u32 i = 0; n && i < tty->ndevices; i++)
		tty->devices[i]->ops->put(tty->devices[i], bytes, n);
}

void tty_flush_output(struct tty *tty)
{
	for (u32 i = 0; i < tty->ndevices; i++)
		tty->devices[i]->ops->flush(tty->devices[i]);
	waitq_wake_all(&tty->write_wait);
}

/* Devices that hold bytes back for lack of room must not interrupt until there is some. */
static void listen_to_devices(struct tty *tty, bool on)
{
	for (u32 i = 0; i < tty->ndevices; i++)
		tty->devices[i]->ops->listen(tty->devices[i], on);
}

void tty_receive(struct tty *tty)
{
	u64 signals = 0;
	u32 budget = TTY_RECEIVE_MAX;

	spin_lock(&tty->lock);
	if (tty->input_held)
		listen_to_devices(tty, true);
	for (u32 i = 0; i < tty->ndevices; i++) {
		struct tty_device *device = tty->devices[i];

		while (budget > 0 && ldisc_has_room(tty)) {
			int c = device->ops->get(device), sig;

			if (c < 0)
				break;
			budget--;
			sig = ldisc_input(tty, c);
			if (sig)
				signals |= sig_bit(sig);
		}
	}
	tty->input_held = budget == 0 || !ldisc_has_room(tty);
	if (tty->input_held)
		listen_to_devices(tty, false);
	/* A flood: others get the CPU before the rest. A reader may have come here in between. */
	if (budget == 0 && !tty->resume.queued)
		timer_start(&tty->resume, time_now_ns() + RESUME_NS);
	spin_unlock(&tty->lock);

	for (int sig = 1; signals; sig++, signals >>= 1) {
		if (signals & 1)
			tty_signal_foreground(tty, sig);
	}
	sysrq_run_pressed();
}

void tty_output_ready(struct tty *tty)
{
	waitq_wake_all(&tty->write_wait);
}

/* ---- waiting ---- */

typedef bool tty_condition(struct tty *tty); /* tty->lock is held */

static bool is_readable(struct tty *tty)
{
	return ldisc_readable(tty, 1);
}

static bool is_writable(struct tty *tty)
{
	return tty_room(tty) >= TTY_ROOM_MIN;
}

static bool is_drained(struct tty *tty)
{
	return tty_pending(tty) == 0;
}

static bool reader_may_enter(struct tty *tty)
{
	return !tty->reader;
}

static bool writer_may_enter(struct tty *tty)
{
	return !tty->writer;
}

/* A file keeps in offset, which a terminal has no use for, how many hangups it does not mind.
 * Without tty->lock the count may be old: who goes on to sleep looks again under it. */
bool tty_hung_up(const struct file *file)
{
	const struct tty *tty = file->private;

	return (u32)file->offset != tty->hangups && file->inode->rdev != CONSOLE_RDEV;
}

static bool holds(struct file *file, tty_condition *condition)
{
	struct tty *tty = file->private;

	spin_lock(&tty->lock);
	bool result = condition(tty) || tty_hung_up(file);
	spin_unlock(&tty->lock);
	return result;
}

/* Sleeps until the condition holds or the file is hung up: 0, -ERESTARTSYS on a signal, or
 * -ETIMEDOUT. */
static int tty_wait(struct file *file, struct waitq *queue, tty_condition *condition,
		    u64 deadline_ns)
{
	struct waiter waiter;
	int err = 0;

	waitq_join(queue, &waiter);
	while (!holds(file, condition)) {
		err = waitq_sleep_until(&waiter, deadline_ns);
		if (err)
			break;
	}
	waitq_leave(&waiter);
	return err == -EINTR ? -ERESTARTSYS : err;
}

static int tty_claim(struct file *file, struct task **holder, struct waitq *queue,
		     tty_condition *may_enter)
{
	struct tty *tty = file->private;

	for (;;) {
		bool claimed;
		int err;

		if (tty_hung_up(file))
			return -EIO;
		spin_lock(&tty->lock);
		claimed = !*holder;
		if (claimed)
			*holder = current;
		spin_unlock(&tty->lock);
		if (claimed)
			return 0;
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = tty_wait(file, queue, may_enter, TIME_FOREVER);
		if (err)
			return err;
	}
}

static void tty_unclaim(struct tty *tty, struct task **holder, struct waitq *queue)
{
	spin_lock(&tty->lock);
	*holder = NULL;
	spin_unlock(&tty->lock);
	waitq_wake_all(queue);
}

int tty_drain(struct file *file)
{
	struct tty *tty = file->private;
	int err = tty_wait(file, &tty->write_wait, is_drained, TIME_FOREVER);

	if (!err && tty_hung_up(file))
		return -EIO;
	return err == -ERESTARTSYS ? -EINTR : err;
}

/* ---- files ---- */

static int tty_open(struct file *file)
{
	struct tty *tty = file->private;
	u64 rdev = file->inode->rdev;

	file->offset = tty->hangups;
	/* As on Linux, neither /dev/console nor /dev/tty0 becomes controlling by itself. */
	if (!(file->flags & O_NOCTTY) && file_readable(file) && rdev != CONSOLE_RDEV &&
	    rdev != TTY0_RDEV)
		tty_adopt_at_open(tty);
	return 0;
}

static int tty_open_current(struct file *file)
{
	struct tty *tty = tty_of_current();

	if (!tty)
		return -ENXIO;
	file->private = tty;
	file->offset = tty->hangups;
	return 0;
}

/* When a read is done: VMIN and VTIME of raw mode; all zero in canonical mode. */
struct read_terms {
	u32 min;	     /* bytes to return with */
	u64 between_ns;	     /* how long to wait after each byte; 0: no limit */
	u64 deadline_ns;
};

static struct read_terms read_terms(struct tty *tty)
{
	struct read_terms terms = {.deadline_ns = TIME_FOREVER};
	u64 time_ns;

	spin_lock(&tty->lock);
	time_ns = tty->termios.cc[VTIME] * (NSEC_PER_SEC / 10);
	if (!(tty->termios.lflag & ICANON)) {
		terms.min = tty->termios.cc[VMIN];
		if (terms.min) {
			terms.between_ns = time_ns;
		} else {
			terms.min = 1;
			terms.deadline_ns = time_ns ? time_now_ns() + time_ns : 0;
		}
	}
	spin_unlock(&tty->lock);
	return terms;
}

static int wait_for_input(struct file *file, const struct read_terms *terms)
{
	struct tty *tty = file->private;

	if (terms->deadline_ns == 0)
		return -ETIMEDOUT; /* VMIN and VTIME are zero: what is there, at once */
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return tty_wait(file, &tty->read_wait, is_readable, terms->deadline_ns);
}

/* The next bytes into the reader's buffer; 0: end of file, -EAGAIN: none are there. */
static ssize_t read_chunk(struct tty *tty, u8 __user *buf, size_t n, bool *more)
{
	u8 chunk[CHUNK];
	ssize_t taken;
	bool held;

	spin_lock(&tty->lock);
	taken = ldisc_take(tty, chunk, MIN(n, sizeof chunk), more);
	held = tty->input_held;
	spin_unlock(&tty->lock);
	if (held)
		tty_receive(tty); /* there is room now for what the device held back */
	if (taken > 0 && copy_to_user(buf, chunk, taken))
		return -EFAULT;
	return taken;
}

static ssize_t read_claimed(struct file *file, u8 __user *buf, size_t n)
{
	struct tty *tty = file->private;
	struct read_terms terms = read_terms(tty);
	size_t done = 0;
	bool more;

	while (done < n && !tty_hung_up(file)) {
		ssize_t got = read_chunk(tty, buf + done, n - done, &more);

		if (got == -EAGAIN) {
			if (done && done >= terms.min)
				break;
			got = wait_for_input(file, &terms);
			if (got == 0)
				continue;
			if (got == -ETIMEDOUT)
				break;
		}
		if (got < 0)
			return done ? (ssize_t)done : got;
		done += got;
		if (!more && done >= terms.min)
			break;
		if (terms.between_ns)
			terms.deadline_ns = time_now_ns() + terms.between_ns;
	}
	return done;
}

static ssize_t tty_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	struct tty *tty = file->private;
	ssize_t result = 0;

	(void)offset;
	if (tty_hung_up(file))
		return 0;
	if (file->inode->rdev != CONSOLE_RDEV)
		result = tty_job_check(tty, SIGTTIN);
	if (result || n == 0)
		return result;
	result = tty_claim(file, &tty->reader, &tty->read_wait, reader_may_enter);
	if (result)
		return tty_hung_up(file) ? 0 : result;
	result = read_claimed(file, buf, n);
	tty_unclaim(tty, &tty->reader, &tty->read_wait);
	return result;
}

/* All n bytes to the devices; *done counts them even where it ends early. */
static int write_chunk(struct file *file, const u8 *chunk, size_t n, size_t *done)
{
	struct tty *tty = file->private;
	while (n > 0) {
		size_t put;
		bool held;
		int err = 0;

		if (tty_hung_up(file))
			return -EIO;
		spin_lock(&tty->lock);
		put = ldisc_output(tty, chunk, n);
		held = tty->input_held;
		spin_unlock(&tty->lock);
		if (held)
			tty_receive(tty); /* the screen has answered a question */
		chunk += put;
		n -= put;
		*done += put;
		if (put == 0)
			err = file->flags & O_NONBLOCK
				      ? -EAGAIN
				      : tty_wait(file, &tty->write_wait, is_writable, TIME_FOREVER);
		if (err)
			return err;
	}
	return 0;
}

static ssize_t write_claimed(struct file *file, const u8 *buf, size_t n, copy_source *copy)
{
	u8 chunk[CHUNK];
	size_t done = 0;
	int err = 0;
	while (done < n && !err) {
		size_t len = MIN(n - done, sizeof chunk);
		err = copy(chunk, buf + done, len) ? -EFAULT : 0;
		if (!err)
			err = write_chunk(file, chunk, len, &done);
	}
	return done ? (ssize_t)done : err;
}

static ssize_t write_from(struct file *file, const void *buf, size_t n, copy_source *copy)
{
	struct tty *tty = file->private;
	ssize_t result = 0;
	if (tty_hung_up(file))
		return -EIO;
	if ((tty->termios.lflag & TOSTOP) && /* read without the lock: no more than a moment old */
	    file->inode->rdev != CONSOLE_RDEV)
		result = tty_job_check(tty, SIGTTOU);
	if (result)
		return result;
	result = tty_claim(file, &tty->writer, &tty->write_wait, writer_may_enter);
	if (result)
		return result;
	result = write_claimed(file, buf, n, copy);
	tty_unclaim(tty, &tty->writer, &tty->write_wait);
	return result;
}

static ssize_t tty_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	(void)offset;
	return write_from(file, buf, n, copy_from_user_partial);
}

static ssize_t tty_write_kernel(struct file *file, const void *buf, size_t n, off_t *offset)
{
	(void)offset;
	return write_from(file, buf, n, copy_from_kernel);
}

static u32 tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = file->private;
	u32 events = 0, min = 1;
	if (table) {
		poll_wait(table, &tty->read_wait);
		poll_wait(table, &tty->write_wait);
	}
	if (tty_hung_up(file))
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
	spin_lock(&tty->lock);
	if (!tty->termios.cc[VTIME] && tty->termios.cc[VMIN])
		min = tty->termios.cc[VMIN];
	if (ldisc_readable(tty, min))
		events |= POLLIN | POLLRDNORM;
	if (is_writable(tty))
		events |= POLLOUT | POLLWRNORM;
	spin_unlock(&tty->lock);
	return events;
}

const struct file_ops tty_file_ops = {
	.open = tty_open,
	.read = tty_read,
	.write = tty_write,
	.write_kernel = tty_write_kernel,
	.ioctl = tty_ioctl,
	.poll = tty_poll,
};

const struct file_ops tty_current_file_ops = {
	.open = tty_open_current,
	.read = tty_read,
	.write = tty_write,
	.write_kernel = tty_write_kernel,
	.ioctl = tty_ioctl,
	.poll = tty_poll,
};
