/*
 * System calls: while they are traced, the entry calls syscall_dispatch_traced instead of
 * syscall_dispatch (arch/entry.S); it does the same, with events around it.
 *
 *	enter	number and arguments; then a text for each string or buffer that goes in
 *	leave	the result; then a text for a buffer that came out
 *
 * Tracing must not change what it looks at: a text is read without bringing a page in or sleeping,
 * and is left out where it is not in memory. What another thread changes meanwhile may be seen
 * half old, half new.
 */
#include "arch/cpu.h"
#include "mm/uaccess.h"
#include "sync/spinlock.h"
#include "syscall/table.h"
#include "trace/trace_private.h"

enum text_kind {
	STRING,	 /* ends with a NUL */
	IN,	 /* as many bytes as the next argument says */
	VECTOR,	 /* as many struct iovec as the next argument says */
	EIGHT,	 /* 8 bytes: a set of signals */
	STRINGS, /* addresses of strings; NULL ends them */

	/* Once the call has filled them: as many bytes as it answers. */
	OUT, OUT_VECTOR,
	OUT_EIGHT, /* however many it answers: a set, or two descriptors */
};

/* Which arguments are texts, in the order of the calls' numbers (kernel/syscall/table.c). */
static const struct {
	u16 nr;
	u8 arg, kind;
} text_args[] = {
	{0, 1, OUT},	  /* read */
	{1, 1, IN},	  /* write */
	{2, 0, STRING},	  /* open */
	{4, 0, STRING},	  /* stat */
	{6, 0, STRING},	  /* lstat */
	{14, 1, EIGHT}, {14, 2, OUT_EIGHT}, /* rt_sigprocmask */
	{17, 1, OUT},	  /* pread64 */
	{18, 1, IN},	  /* pwrite64 */
	{19, 1, OUT_VECTOR}, /* readv */
	{20, 1, VECTOR},  /* writev */
	{21, 0, STRING},  /* access */
	{22, 0, OUT_EIGHT}, /* pipe */
	{44, 1, IN},	  /* sendto */
	{45, 1, OUT},	  /* recvfrom */
	{53, 3, OUT_EIGHT}, /* socketpair */
	{59, 0, STRING}, {59, 1, STRINGS}, /* execve */
	{76, 0, STRING},  /* truncate */
	{79, 0, OUT},	  /* getcwd */
	{80, 0, STRING},  /* chdir */
	{82, 0, STRING}, {82, 1, STRING}, /* rename */
	{83, 0, STRING},  /* mkdir */
	{84, 0, STRING},  /* rmdir */
	{85, 0, STRING},  /* creat */
	{86, 0, STRING}, {86, 1, STRING}, /* link */
	{87, 0, STRING},  /* unlink */
	{88, 0, STRING}, {88, 1, STRING}, /* symlink */
	{89, 0, STRING}, {89, 1, OUT}, /* readlink */
	{90, 0, STRING},  /* chmod */
	{92, 0, STRING},  /* chown */
	{94, 0, STRING},  /* lchown */
	{127, 0, OUT_EIGHT}, /* rt_sigpending */
	{130, 0, EIGHT},  /* rt_sigsuspend */
	{132, 0, STRING}, /* utime */
	{133, 0, STRING}, /* mknod */
	{137, 0, STRING}, /* statfs */
	{161, 0, STRING}, /* chroot */
	{165, 0, STRING}, {165, 1, STRING}, {165, 2, STRING}, /* mount */
	{166, 0, STRING}, /* umount2 */
	{170, 0, STRING}, /* sethostname */
	{235, 0, STRING}, /* utimes */
	{257, 1, STRING}, /* openat */
	{258, 1, STRING}, /* mkdirat */
	{259, 1, STRING}, /* mknodat */
	{260, 1, STRING}, /* fchownat */
	{261, 1, STRING}, /* futimesat */
	{262, 1, STRING}, /* newfstatat */
	{263, 1, STRING}, /* unlinkat */
	{264, 1, STRING}, {264, 3, STRING}, /* renameat */
	{265, 1, STRING}, {265, 3, STRING}, /* linkat */
	{266, 0, STRING}, {266, 2, STRING}, /* symlinkat */
	{267, 1, STRING}, {267, 2, OUT}, /* readlinkat */
	{268, 1, STRING}, /* fchmodat */
	{269, 1, STRING}, /* faccessat */
	{280, 1, STRING}, /* utimensat */
	{293, 0, OUT_EIGHT}, /* pipe2 */
	{316, 1, STRING}, {316, 3, STRING}, /* renameat2 */
	{319, 0, STRING}, /* memfd_create */
	{332, 1, STRING}, /* statx */
	{439, 1, STRING}, /* faccessat2 */
};

enum { MOST = 16 }; /* texts of one argument */

/* Reads user memory as far as it is there. A spinlock's rule makes sure of that: with interrupts
 * off a fault of get_user_u32 is not resolved. How many bytes that was. */
static size_t peek(char *to, va_t from, size_t n)
{
	size_t done = 0;
	irq_off_push();
	while (done < n) {
		char word[sizeof(u32)]; /* aligned: it does not reach into the next page */
		if (get_user_u32((u32 *)word, (void __user *)((from + done) & ~3ul)))
			break;
		do
			to[done] = word[(from + done) % 4];
		while (++done < n && (from + done) % 4);
	}
	irq_off_pop();
	return done;
}

static void trace_bytes(u32 arg, va_t from, u64 len)
{
	char text[TRACE_TEXT];
	size_t there = peek(text, from, MIN(len, (u64)TRACE_TEXT));
	if (there > 0 || len == 0)
		trace_text(text, text, there < MIN(len, (u64)TRACE_TEXT) ? there : len, arg);
}

static void trace_string(u32 arg, va_t from)
{
	char text[TRACE_TEXT + 1]; /* one more, to see whether it ends there */
	size_t there = peek(text, from, sizeof text), len = 0;
	while (len < there && text[len])
		len++;
	if (there > 0)
		trace_text(text, text, len, arg);
}

static void trace_strings(u32 arg, va_t from)
{
	va_t string;
	for (u32 i = 0; i < MOST; i++, from += sizeof string) {
		if (peek((char *)&string, from, sizeof string) < sizeof string || !string)
			break;
		trace_string(arg, string);
	}
}

/* A text for each part, as far as len bytes go. */
static void trace_vector(u32 arg, va_t from, u64 nparts, u64 len)
{
	u64 part[2]; /* struct iovec: where, how many */
	nparts = MIN(nparts, (u64)MOST);
	for (u32 i = 0; i < nparts && len > 0; i++, from += sizeof part) {
		if (peek((char *)part, from, sizeof part) < sizeof part)
			break;
		trace_bytes(arg, part[0], MIN(part[1], len));
		len -= MIN(part[1], len);
	}
}

/* Those that go in, before the call; those that came out, after it: len says how much. */
static void trace_texts(u64 number, const u64 *args, bool out, u64 len)
{
	for (u32 i = 0; i < ARRAY_SIZE(text_args) && text_args[i].nr <= number; i++) {
		u32 arg = text_args[i].arg, kind = text_args[i].kind;
		va_t from = args[arg];
		if (text_args[i].nr != number || out != (kind >= OUT))
			continue;
		if (kind == STRING)
			trace_string(arg, from);
		else if (kind == STRINGS)
			trace_strings(arg, from);
		else if (kind == VECTOR || kind == OUT_VECTOR)
			trace_vector(arg, from, args[arg + 1], len);
		else if (kind == EIGHT || kind == OUT_EIGHT)
			trace_bytes(arg, from, 8);
		else
			trace_bytes(arg, from, out ? len : args[arg + 1]);
	}
}

s64 syscall_dispatch_traced(u64 arg1, u64 arg2, u64 arg3, u64 arg4, u64 arg5, u64 arg6, u64 number)
{
	const u64 args[] = {arg1, arg2, arg3, arg4, arg5, arg6};
	trace(enter, number, arg1, arg2, arg3, arg4, arg5, arg6);
	if (trace_on(TRACE_SYSCALL))
		trace_texts(number, args, false, UINT64_MAX);
	s64 result = syscall_dispatch(arg1, arg2, arg3, arg4, arg5, arg6, number);
	trace(leave, number, result);
	if (trace_on(TRACE_SYSCALL) && result >= 0)
		trace_texts(number, args, true, result);
	if (trace_on(TRACE_TREE) && result >= 0)
		trace_tree_call(number);
	return result;
}
