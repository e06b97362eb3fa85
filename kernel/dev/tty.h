/*
 * Terminals. A struct tty is a line discipline (dev/ldisc.c) between the
 * devices below it (a UART; VGA with keyboard; or both at once) and the
 * processes above it (dev/tty.c, dev/tty_ioctl.c), and the controlling
 * terminal of at most one session (dev/tty_job.c).
 *
 * Input is pulled: a device's interrupt calls tty_receive, which takes bytes
 * from the devices only while there is room, so that nothing is lost when no
 * process reads. Output is pushed: the writer sleeps while a device is full.
 *
 * Locks: tty->lock (RANK_TTY, spinlock: interrupts feed input); proc_lock for
 * session and pgrp. Key letters: l tty->lock, p proc_lock, c constant.
 * Sources: termios(3), ioctl_tty(2), POSIX.1-2017 ch. 11.
 */
#ifndef DEV_TTY_H
#define DEV_TTY_H

#include "proc/sched.h"
#include "sync/wait.h"

struct pid;
struct task;
struct tty;
struct tty_device;
struct file;
struct file_ops;

enum { /* c_cc: indexes of Linux for x86-64 (asm-generic/termbits.h) */
	VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL,
	VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2, NCCS = 19,
};

enum termios_iflag {
	ISTRIP = 040, INLCR = 0100, IGNCR = 0200, ICRNL = 0400, IXON = 02000, IXANY = 04000,
	IUTF8 = 040000,
};
enum termios_oflag {
	OPOST = 1, ONLCR = 4, OCRNL = 010, ONOCR = 020, ONLRET = 040, XTABS = 014000,
};
enum termios_cflag { B38400 = 017, CS8 = 060, CREAD = 0200, HUPCL = 02000 };
enum termios_lflag {
	ISIG = 1, ICANON = 2, ECHO = 010, ECHOE = 020, ECHOK = 040, ECHONL = 0100, NOFLSH = 0200,
	TOSTOP = 0400, ECHOCTL = 01000, ECHOKE = 04000, IEXTEN = 0100000,
};

struct termios { /* the kernel's layout, not libc's */
	u32 iflag, oflag, cflag, lflag;
	u8 line;
	u8 cc[NCCS];
};
_Static_assert(sizeof(struct termios) == 36, "TCGETS copies 36 bytes");

struct winsize {
	u16 rows, cols, xpixel, ypixel;
};

/* What a tty needs of a device; all are called with tty->lock held. */
struct tty_device_ops {
	int (*get)(struct tty_device *device);		/* the next input byte, or -1 */
	void (*listen)(struct tty_device *device, bool on); /* input interrupts */
	size_t (*room)(struct tty_device *device);	/* bytes that put takes now */
	size_t (*pending)(struct tty_device *device);	/* bytes not sent yet */
	void (*put)(struct tty_device *device, const u8 *bytes, size_t n); /* n <= room */
	void (*flush)(struct tty_device *device);	/* forgets bytes not sent yet */
};

struct tty_device {
	const struct tty_device_ops *ops;
	struct tty *tty; /* c: where its input goes */
};

enum {
	TTY_INPUT_SIZE = 4096,	  /* a power of two; a line has at most 4,095 bytes and its end */
	TTY_MAX_DEVICES = 2,
	TTY_RECEIVE_MAX = TTY_INPUT_SIZE, /* bytes that one interrupt takes at most */
	TTY_ROOM_MIN = 8,	  /* output that one byte may become: a tab as spaces */
	CELL_END = 0x100,	  /* of a tty.input cell: a canonical line ends here, */
	CELL_EOF = 0x200,	  /* and this byte is VEOF itself, which no reader gets */
};

struct tty {
	struct spinlock lock;
	u64 rdev;				     /* c */
	struct tty_device *devices[TTY_MAX_DEVICES]; /* c */
	u32 ndevices;				     /* c */

	struct termios termios; /* l */
	struct winsize winsize; /* l */
	u32 hangups;		/* l: files opened before the last one are dead */
	struct timer resume;	/* takes the rest of input that came too fast */
	bool output_stopped;	/* l: by VSTOP, until VSTART; or */
	bool output_off;	/* l: by TCOOFF, until TCOON */
	bool input_held;	/* l: devices have bytes that wait for tty_receive */
	bool literal_next;	/* l: VLNEXT was typed */
	u32 column;		/* l: of the cursor, for tabs */
	u32 line_column;	/* l: where the line being typed began */

	/* Input: cells [start, line) are complete lines, [line, end) is being edited. The
	 * indexes run freely; modulo TTY_INPUT_SIZE they index input. Raw: line == start. */
	u32 start, line, end;	   /* l */
	u16 input[TTY_INPUT_SIZE]; /* l */

	struct task *reader, *writer; /* l: one at a time; the others wait, interruptibly */
	struct waitq read_wait, write_wait;

	struct pid *session, *pgrp; /* p: counted; NULL if it controls no session */
};

/* A tty with Linux's default settings; devices are added before it is used. */
void tty_init(struct tty *tty, u64 rdev, u16 rows, u16 cols);
void tty_add_device(struct tty *tty, struct tty_device *device);

/* The device number, for tty_nr in /proc/PID/stat. */
u64 tty_rdev(const struct tty *tty);

/* From device interrupts, and from readers who made room: takes the input there is. */
void tty_receive(struct tty *tty);

/* A device has room again, or nothing left to send. Any context. */
void tty_output_ready(struct tty *tty);

extern const struct file_ops tty_file_ops;	   /* a tty's own node: file->private is the tty */
extern const struct file_ops tty_current_file_ops; /* /dev/tty */

/*
 * dev/tty_job.c
 * The caller, a session leader, exits: its terminal hangs up (reads give end of file, writes
 * EIO), the foreground group gets SIGHUP, and the terminal controls no session any more.
 */
void tty_session_ended(void);

/* The caller's controlling terminal, or NULL. It may change once this returns. */
struct tty *tty_of_current(void);

/* Opened without O_NOCTTY: becomes the caller's controlling terminal if all conditions hold. */
void tty_adopt_at_open(struct tty *tty);

/* May the caller, perhaps in a background group, do this? SIGTTIN for reading, SIGTTOU else.
 * 0, -EIO (an orphan, or a reader that ignores it), or -ERESTARTSYS after sending the signal. */
int tty_job_check(struct tty *tty, int sig);

void tty_signal_foreground(struct tty *tty, int sig);
s64 tty_job_ioctl(struct file *file, struct tty *tty, u64 request, u64 arg);

/* dev/tty_ioctl.c */
s64 tty_ioctl(struct file *file, u64 request, u64 arg);

/* dev/tty.c: waits until all output has been sent; -EINTR on a signal, -EIO after a hangup. */
int tty_drain(struct file *file);

/* Was its session's end the end of this file too? */
bool tty_hung_up(const struct file *file);

/* Output bytes that all devices take now (0 while stopped), and to all devices. tty->lock. */
size_t tty_room(struct tty *tty);
size_t tty_pending(struct tty *tty);
void tty_put(struct tty *tty, const u8 *bytes, size_t n);
void tty_flush_output(struct tty *tty);

#endif
