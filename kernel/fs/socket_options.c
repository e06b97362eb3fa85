/*
 * getsockopt and setsockopt: what programs ask of Unix-domain sockets.
 *
 * An option that is only on or off is a bit of socket->options; of these only
 * SO_PASSCRED does anything here, the others are what network programs set.
 * Sources: socket(7), unix(7).
 */
#include "arch/time.h"
#include "fs/socket.h"
#include "mm/uaccess.h"
#include "syscall/syscalls.h"

enum { SOL_SOCKET = 1, BUFFER_MAX = 212992, SNDBUF_MIN = 4608, RCVBUF_MIN = 2304 };
enum {
	SWITCHES = 1 << SO_REUSEADDR | 1 << SO_BROADCAST | 1 << SO_KEEPALIVE | 1 << SO_PASSCRED,
};
enum { USEC_MAX = 1000000 };

struct timeval {
	s64 sec, usec;
};

static bool is_switch(int option)
{
	return option >= 0 && option < 32 && (SWITCHES >> option & 1);
}

static s64 set_timeout(u64 *timeout_ns, const void __user *value, int len)
{
	struct timeval t;
	if (len < (int)sizeof t)
		return -EINVAL;
	if (copy_from_user(&t, value, sizeof t))
		return -EFAULT;
	if (t.usec < 0 || t.usec >= USEC_MAX)
		return -EDOM;
	bool for_ever = t.sec >= INT64_MAX / (s64)NSEC_PER_SEC - 1;
	*timeout_ns = for_ever ? 0 : t.sec < 0 ? 1 : t.sec * NSEC_PER_SEC + t.usec * 1000;
	return 0;
}

/* The kernel doubles what is asked for, for its own use: socket(7). */
static u32 buffer_size(int value, u32 least)
{
	return MAX(MIN((u32)value, (u32)BUFFER_MAX) * 2, least);
}

static s64 set_option(struct socket *s, int option, const void __user *value, int len)
{
	int number;
	if (len < (int)sizeof number)
		return -EINVAL;
	if (copy_from_user(&number, value, sizeof number))
		return -EFAULT;
	switch (option) {
	case SO_SNDBUF:
		spin_lock(&socket_lock);
		s->sndbuf = buffer_size(number, SNDBUF_MIN);
		waitq_wake_all(&s->wait); /* who sends may find room now */
		waitq_wake_all(&room_wait);
		spin_unlock(&socket_lock);
		return 0;
	case SO_RCVBUF:
		s->rcvbuf = buffer_size(number, RCVBUF_MIN);
		return 0;
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
		return set_timeout(&s->timeout_ns[option == SO_SNDTIMEO], value, len);
	}
	if (!is_switch(option))
		return -ENOPROTOOPT;
	spin_lock(&socket_lock);
	s->options = (s->options & ~(1u << option)) | (u32)!!number << option;
	spin_unlock(&socket_lock);
	return 0;
}

s64 sys_setsockopt(int fd, int level, int option, const void __user *value, int len)
{
	if (len < 0)
		return -EINVAL;
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	s64 err = level == SOL_SOCKET ? set_option(file->private, option, value, len) : -EOPNOTSUPP;
	file_put(file);
	return err;
}

union option_value {
	int number;
	struct ucred cred;
	struct timeval time;
};

/* The value, and its size; -ENOPROTOOPT. */
static int get_option(struct socket *s, int option, union option_value *v)
{
	switch (option) {
	case SO_TYPE:
		v->number = s->type;
		break;
	case SO_DOMAIN:
		v->number = AF_UNIX;
		break;
	case SO_PROTOCOL:
		v->number = 0;
		break;
	case SO_ERROR:
		v->number = s->error;
		s->error = 0;
		break;
	case SO_ACCEPTCONN:
		v->number = s->state == SOCKET_LISTENING;
		break;
	case SO_SNDBUF:
		v->number = s->sndbuf;
		break;
	case SO_RCVBUF:
		v->number = s->rcvbuf;
		break;
	case SO_PEERCRED:
		v->cred = s->peer_cred;
		return sizeof v->cred;
	case SO_RCVTIMEO:
	case SO_SNDTIMEO: {
		u64 ns = s->timeout_ns[option == SO_SNDTIMEO];
		v->time = (struct timeval){ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / 1000};
		return sizeof v->time;
	}
	default:
		if (!is_switch(option))
			return -ENOPROTOOPT;
		v->number = s->options >> option & 1;
	}
	return sizeof v->number;
}

static s64 option_to_user(struct socket *s, int option, void __user *value, int __user *len)
{
	union option_value v = {0};
	int room;
	if (copy_from_user(&room, len, sizeof room))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	spin_lock(&socket_lock);
	int size = get_option(s, option, &v);
	spin_unlock(&socket_lock);
	if (size < 0)
		return size;
	size = MIN(size, room);
	return copy_to_user(value, &v, size) ? -EFAULT : put_user_u32(len, size);
}

s64 sys_getsockopt(int fd, int level, int option, void __user *value, int __user *len)
{
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	s64 err = level == SOL_SOCKET ? option_to_user(file->private, option, value, len)
				      : -EOPNOTSUPP;
	file_put(file);
	return err;
}
