/*
 * Error numbers of Linux for x86-64 (asm-generic/errno-base.h, errno.h).
 * A function returns 0 or a result, or one of these negated; pointers carry
 * them through ERR_PTR. The four above 511 never reach a user program.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#include "lib/types.h"

enum errno_number {
	EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7,
	ENOEXEC = 8, EBADF = 9, ECHILD = 10, EAGAIN = 11, ENOMEM = 12, EACCES = 13,
	EFAULT = 14, ENOTBLK = 15, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19,
	ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25,
	ETXTBSY = 26, EFBIG = 27, ENOSPC = 28, ESPIPE = 29, EROFS = 30, EMLINK = 31,
	EPIPE = 32, EDOM = 33, ERANGE = 34, EDEADLK = 35, ENAMETOOLONG = 36, ENOLCK = 37,
	ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, ELIBBAD = 80, EOVERFLOW = 75,
	ENOTSOCK = 88, EMSGSIZE = 90, EPROTOTYPE = 91, ENOPROTOOPT = 92, EPROTONOSUPPORT = 93,
	ESOCKTNOSUPPORT = 94, EOPNOTSUPP = 95, EAFNOSUPPORT = 97, EADDRINUSE = 98,
	ECONNRESET = 104, ENOBUFS = 105, EISCONN = 106, ENOTCONN = 107, ETOOMANYREFS = 109,
	ETIMEDOUT = 110, ECONNREFUSED = 111,

	/* Inside the kernel only (signal.c turns them into EINTR or a restart). */
	ERESTARTSYS = 512,	     /* restart if the handler has SA_RESTART */
	ERESTARTNOINTR = 513,	     /* restart always */
	ERESTARTNOHAND = 514,	     /* restart unless a handler runs */
	ERESTART_RESTARTBLOCK = 516, /* restart with the time that is left */
};

#define MAX_ERRNO 4095

static inline void *ERR_PTR(s64 error)
{
	return (void *)error;
}

static inline s64 PTR_ERR(const void *ptr)
{
	return (s64)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (u64)ptr >= (u64)-MAX_ERRNO;
}

#endif
