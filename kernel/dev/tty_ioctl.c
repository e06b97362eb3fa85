/*
 * ioctl on terminals: settings (what tcgetattr and tcsetattr call), window
 * size, queues and flow. What concerns sessions and jobs is in dev/tty_job.c.
 *
 * Locks: tty->lock, never around user copies.
 * Sources: ioctl_tty(2), termios(3); numbers of Linux (asm-generic/ioctls.h).
 */
#include "dev/ldisc.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/signal.h"

enum tty_ioctl_request {
	TCGETS = 0x5401, TCSETS, TCSETSW, TCSETSF, TCSBRK = 0x5409, TCXONC, TCFLSH,
	TIOCOUTQ = 0x5411, TIOCGWINSZ = 0x5413, TIOCSWINSZ, FIONREAD = 0x541b, TCSBRKP = 0x5425,
	TIOCSPGRP = 0x5410,
};

enum { TCIFLUSH, TCOFLUSH, TCIOFLUSH };
enum { TCOOFF, TCOON, TCIOFF, TCION };

static s64 get_termios(struct tty *tty, void __user *arg)
{
	struct termios termios;

	spin_lock(&tty->lock);
	termios = tty->termios;
	spin_unlock(&tty->lock);
	return copy_to_user(arg, &termios, sizeof termios);
}

static s64 set_termios(struct file *file, u64 request, const void __user *arg)
{
	struct tty *tty = file->private;
	struct termios termios;
	int err = tty_job_check(tty, SIGTTOU);

	if (err)
		return err;
	if (copy_from_user(&termios, arg, sizeof termios))
		return -EFAULT;
	if (request != TCSETS)
		err = tty_drain(file);
	if (err)
		return err == -EINTR ? -ERESTARTSYS : err;
	spin_lock(&tty->lock);
	if (request == TCSETSF)
		ldisc_flush_input(tty);
	ldisc_set_termios(tty, &termios);
	spin_unlock(&tty->lock);
	tty_receive(tty); /* a flush, or raw mode, may have made room */
	return 0;
}

static s64 get_winsize(struct tty *tty, void __user *arg)
{
	struct winsize winsize;

	spin_lock(&tty->lock);
	winsize = tty->winsize;
	spin_unlock(&tty->lock);
	return copy_to_user(arg, &winsize, sizeof winsize);
}

static s64 set_winsize(struct tty *tty, const void __user *arg)
{
	struct winsize winsize;
	bool changed;

	if (copy_from_user(&winsize, arg, sizeof winsize))
		return -EFAULT;
	spin_lock(&tty->lock);
	changed = memcmp(&tty->winsize, &winsize, sizeof winsize) != 0;
	tty->winsize = winsize;
	spin_unlock(&tty->lock);
	if (changed)
		tty_signal_foreground(tty, SIGWINCH);
	return 0;
}

static s64 flush_queues(struct tty *tty, u64 which)
{
	int err = tty_job_check(tty, SIGTTOU);

	if (err)
		return err;
	if (which > TCIOFLUSH)
		return -EINVAL;
	spin_lock(&tty->lock);
	if (which != TCOFLUSH)
		ldisc_flush_input(tty);
	if (which != TCIFLUSH)
		tty_flush_output(tty);
	spin_unlock(&tty->lock);
	tty_receive(tty);
	return 0;
}

/* Stops and starts our output, or asks the other side to stop and start. */
static s64 flow_control(struct tty *tty, u64 action)
{
	int err = tty_job_check(tty, SIGTTOU);
	u8 c;

	if (err)
		return err;
	if (action > TCION)
		return -EINVAL;
	spin_lock(&tty->lock);
	if (action == TCOOFF) {
		tty->output_off = tty->output_stopped = true;
	} else if (action == TCOON) {
		if (tty->output_off) /* it does not undo a VSTOP, as on Linux */
			tty->output_off = tty->output_stopped = false;
	} else {
		c = tty->termios.cc[action == TCIOFF ? VSTOP : VSTART];
		if (c && tty_room(tty))
			tty_put(tty, &c, 1);
	}
	spin_unlock(&tty->lock);
	tty_output_ready(tty);
	return 0;
}

static s64 drain(struct file *file)
{
	int err = tty_job_check(file->private, SIGTTOU);

	return err ? err : tty_drain(file); /* a break itself means nothing to these devices */
}

static s64 get_count(struct tty *tty, u64 request, void __user *arg)
{
	u32 count;

	spin_lock(&tty->lock);
	count = request == FIONREAD ? ldisc_unread(tty) : tty_pending(tty);
	spin_unlock(&tty->lock);
	return put_user_u32(arg, count);
}

s64 tty_ioctl(struct file *file, u64 request, u64 arg)
{
	struct tty *tty = file->private;

	if (tty_hung_up(file))
		return request == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (request) {
	case TCGETS:
		return get_termios(tty, (void __user *)arg);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(file, request, (const void __user *)arg);
	case TCSBRK:
	case TCSBRKP:
		return drain(file);
	case TCXONC:
		return flow_control(tty, arg);
	case TCFLSH:
		return flush_queues(tty, arg);
	case TIOCOUTQ:
	case FIONREAD:
		return get_count(tty, request, (void __user *)arg);
	case TIOCGWINSZ:
		return get_winsize(tty, (void __user *)arg);
	case TIOCSWINSZ:
		return set_winsize(tty, (const void __user *)arg);
	default:
		return tty_job_ioctl(file, tty, request, arg);
	}
}
