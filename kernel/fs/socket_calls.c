/*
 * send and recv in all their forms: the user's buffers, addresses and control
 * messages become an io and a rider (fs/socket.h), and back.
 *
 * Control messages are read as a whole before anything is sent, and written
 * after the bytes: files that find no room there, or no descriptor, are closed,
 * and MSG_CTRUNC tells. Sources: sendmsg(2), recvmsg(2), cmsg(3), unix(7).
 */
#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/socket.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/pid.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { SOL_SOCKET = 1, SCM_RIGHTS = 1, SCM_CREDENTIALS = 2, SCM_MAX_FD = 253 };
enum { CONTROL_MAX = 20480 /* net.core.optmem_max */ };

struct msghdr {
	void __user *name;
	int namelen;
	const struct iovec __user *iov;
	u64 iovlen;
	char __user *control;
	u64 controllen;
	u32 flags;
};

struct cmsghdr {
	u64 len; /* with this head */
	s32 level, type;
};

_Static_assert(sizeof(struct msghdr) == 56, "struct msghdr is 56 bytes");
_Static_assert(sizeof(struct cmsghdr) == 16, "struct cmsghdr is 16 bytes");

static bool cred_allowed(const struct ucred *cred)
{
	const struct creds *we = &current->creds;
	return creds_root(we) ||
	       (cred->pid == task_tgid(current) &&
		(cred->uid == we->uid || cred->uid == we->euid || cred->uid == we->suid) &&
		(cred->gid == we->gid || cred->gid == we->egid || cred->gid == we->sgid));
}

static int add_cred(struct rider *rider, const void *data, size_t len)
{
	if (len != sizeof rider->cred)
		return -EINVAL;
	memcpy(&rider->cred, data, len);
	if (!cred_allowed(&rider->cred))
		return -EPERM;
	spin_lock(&proc_lock);
	bool there = pid_find(rider->cred.pid);
	spin_unlock(&proc_lock);
	rider->has_cred = there;
	return there ? 0 : -ESRCH;
}

static int add_files(struct rider *rider, const int *fd, u32 count)
{
	struct parcel *parcel = count ? parcel_new(count) : NULL;
	if (IS_ERR(parcel))
		return PTR_ERR(parcel);
	rider->parcel = parcel;
	for (u32 i = 0; i < count; i++) {
		parcel->file[i] = fd_get(fd[i]);
		if (!parcel->file[i])
			return -EBADF;
	}
	return 0;
}

/* The numbers of all files are gathered at the start of the buffer, over what has been read. */
static int control_parse(struct rider *rider, char *control, u64 len)
{
	struct cmsghdr head;
	u32 nfiles = 0;
	for (u64 at = 0; at + sizeof head <= len; at += ROUND_UP(head.len, sizeof(u64))) {
		memcpy(&head, control + at, sizeof head);
		if (head.len < sizeof head || head.len > len - at)
			return -EINVAL;
		if (head.level != SOL_SOCKET)
			continue;
		u64 bytes = head.len - sizeof head;
		int err = 0;
		if (head.type == SCM_CREDENTIALS) {
			err = add_cred(rider, control + at + sizeof head, bytes);
		} else if (head.type != SCM_RIGHTS || nfiles + bytes / sizeof(int) > SCM_MAX_FD) {
			err = -EINVAL;
		} else {
			memmove((int *)control + nfiles, control + at + sizeof head, bytes);
			nfiles += bytes / sizeof(int);
		}
		if (err)
			return err;
	}
	return add_files(rider, (const int *)control, nfiles);
}

static int control_get(struct rider *rider, const struct msghdr *msg)
{
	if (!msg->control || !msg->controllen)
		return 0;
	if (msg->controllen > CONTROL_MAX)
		return -ENOBUFS;
	char *control = heap_alloc(msg->controllen);
	if (!control)
		return -ENOMEM;
	int err = copy_from_user(control, msg->control, msg->controllen);
	if (!err)
		err = control_parse(rider, control, msg->controllen);
	heap_free(control);
	return err;
}

/* The head of a control message whose data, of that length, is there already. */
static int control_head(struct msghdr *msg, u32 type, u64 len)
{
	struct cmsghdr head = {sizeof head + len, SOL_SOCKET, type};
	u64 step = MIN(ROUND_UP(head.len, sizeof(u64)), msg->controllen);
	if (copy_to_user(msg->control, &head, sizeof head))
		return -EFAULT;
	msg->control += step;
	msg->controllen -= step;
	return 0;
}

static u64 control_room(struct msghdr *msg)
{
	u64 head = sizeof(struct cmsghdr);
	return msg->control && msg->controllen > head ? msg->controllen - head : 0;
}

static int control_put_cred(struct msghdr *msg, const struct ucred *cred)
{
	u64 room = MIN(control_room(msg), sizeof *cred);
	if (room < sizeof *cred)
		msg->flags |= MSG_CTRUNC;
	if (!room)
		return 0;
	if (copy_to_user(msg->control + sizeof(struct cmsghdr), cred, room))
		return -EFAULT;
	return control_head(msg, SCM_CREDENTIALS, room);
}

static int control_put_files(struct msghdr *msg, struct parcel *parcel, bool cloexec)
{
	u64 room = control_room(msg) / sizeof(int);
	u32 n = 0;
	for (; n < MIN(parcel->count, room); n++) {
		int fd = fd_reserve(cloexec);
		if (fd < 0)
			break;
		if (put_user_u32(msg->control + sizeof(struct cmsghdr) + n * sizeof fd, fd)) {
			fd_unreserve(fd);
			break;
		}
		fd_publish(fd, parcel->file[n]);
		parcel->file[n] = NULL;
	}
	if (n < parcel->count)
		msg->flags |= MSG_CTRUNC;
	return n ? control_head(msg, SCM_RIGHTS, n * sizeof(int)) : 0;
}

static s64 send_message(struct file *file, struct io *io, const struct msghdr *msg, u32 flags)
{
	struct rider rider = {.name = address_from_user(msg->name, msg->namelen)};
	if (IS_ERR(rider.name))
		return PTR_ERR(rider.name);
	s64 done = control_get(&rider, msg);
	if (!done)
		done = socket_send(file, io, &rider, flags);
	rider_free(&rider);
	return done;
}

/* msg->control moves on, and msg->flags are set. */
static s64 receive_message(struct file *file, struct io *io, struct msghdr *msg, u32 flags,
			   int __user *namelen)
{
	struct rider rider = {0};
	s64 done = socket_receive(file, io, &rider, flags);
	const struct socket *s = file->private;
	int err = 0;
	msg->flags = rider.flags | (flags & MSG_CMSG_CLOEXEC);
	if (done >= 0 && rider.has_cred && (s->options >> SO_PASSCRED & 1))
		err = control_put_cred(msg, &rider.cred);
	if (done >= 0 && !err && rider.parcel)
		err = control_put_files(msg, rider.parcel, flags & MSG_CMSG_CLOEXEC);
	if (done >= 0 && !err && msg->name)
		err = address_to_user(rider.name, msg->name, namelen);
	rider_free(&rider);
	return err ? err : done;
}

s64 sys_sendto(int fd, const void __user *buf, size_t n, u32 flags, const void __user *addr,
	       int len)
{
	struct io io = {.now = {(void *)buf, MIN(n, (size_t)RW_MAX)}, .left = MIN(n, (size_t)RW_MAX)};
	struct msghdr msg = {.name = (void *)addr, .namelen = len};
	if (!user_range_ok(buf, n))
		return -EFAULT;
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	s64 done = send_message(file, &io, &msg, flags);
	file_put(file);
	return done;
}

s64 sys_recvfrom(int fd, void __user *buf, size_t n, u32 flags, void __user *addr, int __user *len)
{
	struct io io = {.now = {buf, MIN(n, (size_t)RW_MAX)}, .left = MIN(n, (size_t)RW_MAX)};
	struct msghdr msg = {.name = addr};
	if (!user_range_ok(buf, n))
		return -EFAULT;
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	s64 done = receive_message(file, &io, &msg, flags, len);
	file_put(file);
	return done;
}

/* The socket of fd, the user's message, and its parts as one buffer; ERR_PTR. */
static struct file *message_of_fd(int fd, const void __user *from, struct msghdr *msg,
				  struct io *io)
{
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return file;
	s64 total = copy_from_user(msg, from, sizeof *msg);
	if (!total)
		total = msg->iovlen > IOV_MAX ? -EMSGSIZE : iovecs_check(msg->iov, msg->iovlen);
	if (total < 0) {
		file_put(file);
		return ERR_PTR(total);
	}
	*io = (struct io){.next = msg->iov, .count = msg->iovlen, .left = MIN(total, (s64)RW_MAX)};
	return file;
}

s64 sys_sendmsg(int fd, const void __user *user_msg, u32 flags)
{
	struct msghdr msg;
	struct io io;
	struct file *file = message_of_fd(fd, user_msg, &msg, &io);
	if (IS_ERR(file))
		return PTR_ERR(file);
	s64 done = send_message(file, &io, &msg, flags);
	file_put(file);
	return done;
}

s64 sys_recvmsg(int fd, void __user *user_msg, u32 flags)
{
	struct msghdr __user *to = user_msg;
	struct msghdr msg;
	struct io io;
	struct file *file = message_of_fd(fd, user_msg, &msg, &io);
	if (IS_ERR(file))
		return PTR_ERR(file);
	char __user *control = msg.control;
	s64 done = receive_message(file, &io, &msg, flags, &to->namelen);
	if (done >= 0 && (put_user_u32(&to->flags, msg.flags) ||
			  put_user_u64(&to->controllen, msg.control - control)))
		done = -EFAULT;
	file_put(file);
	return done;
}
