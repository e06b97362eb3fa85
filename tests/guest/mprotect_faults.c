/*
 * mprotect: each protection with reads, writes and jumps tried; parts of a
 * mapping; contents kept through PROT_NONE; copy-on-write kept through a
 * change; and the errors.
 *
 * From mprotect(2). PROT_WRITE alone and PROT_EXEC alone are left out of the
 * read column: x86 gives reads with a write, Linux makes exec-only of PROT_EXEC
 * where the CPU has protection keys.
 */
#include "check.h"

static char *page;

static void try_all(const char *label, int prot)
{
	char reads[24], writes[24];

	MUST(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	*(volatile unsigned char *)page = 0xc3;		/* ret */
	MUST(mprotect(page, PAGE, prot));
	snprintf(reads, sizeof(reads), "%s", prot == PROT_EXEC ? "-" : try_read(page));
	snprintf(writes, sizeof(writes), "%s", try_write(page + 1));
	say("%s: read %s, write %s, exec %s", label, reads, writes, try_exec(page));
}

static void each(void)
{
	page = map_anon(PAGE, PROT_NONE);
	say("fresh PROT_NONE: read %s", try_read(page));
	try_all("none", PROT_NONE);
	try_all("read", PROT_READ);
	try_all("write", PROT_WRITE);
	try_all("read, write", PROT_READ | PROT_WRITE);
	try_all("exec", PROT_EXEC);
	try_all("read, exec", PROT_READ | PROT_EXEC);
	try_all("all", PROT_READ | PROT_WRITE | PROT_EXEC);
	MUST(mprotect(page, PAGE, PROT_READ));
	touch(page, TOUCH_WRITE);
	YES_OF("SEGV_ACCERR", touch_code == SEGV_ACCERR && touch_addr == page);
	MUST(mprotect(page, PAGE, PROT_NONE));
	touch(page, TOUCH_READ);
	YES_OF("SEGV_ACCERR", touch_code == SEGV_ACCERR && touch_addr == page);
	munmap(page, PAGE);
}

static void parts(void)
{
	char *p = map_anon(5 * PAGE, PROT_READ | PROT_WRITE);

	for (int i = 0; i < 5; i++)
		p[i * PAGE] = 'a' + i;
	MUST(mprotect(p + 2 * PAGE, PAGE, PROT_NONE));
	say("the middle: %s %s %s", try_read(p + PAGE), try_read(p + 2 * PAGE),
	    try_read(p + 3 * PAGE));
	MUST(mprotect(p, 5 * PAGE, PROT_READ));
	say("all read-only: %s %s, content %c %c", try_write(p), try_write(p + 4 * PAGE),
	    p[2 * PAGE], p[4 * PAGE]);
	MUST(mprotect(p + 4 * PAGE, 1, PROT_READ | PROT_WRITE));
	say("one byte is a page: %s", try_write(p + 5 * PAGE - 1));
	MUST(munmap(p + 2 * PAGE, PAGE));
	VALUE_OF("over a hole", mprotect(p, 5 * PAGE, PROT_READ | PROT_WRITE));
	munmap(p, 5 * PAGE);
}

static void errors(void)
{
	char *p = map_anon(2 * PAGE, PROT_READ | PROT_WRITE);

	VALUE(mprotect(p, 0, PROT_READ));
	VALUE(syscall(SYS_mprotect, p + 1, PAGE, PROT_READ));
	VALUE(syscall(SYS_mprotect, p + 1, 0, PROT_READ));
	VALUE(mprotect(p, PAGE, 0x100));
	VALUE(mprotect(p, PAGE, -1));
	VALUE(syscall(SYS_mprotect, p, -1UL, PROT_READ));
	VALUE(syscall(SYS_mprotect, in_kernel, PAGE, PROT_READ));
	VALUE(syscall(SYS_mprotect, NULL, PAGE, PROT_READ));
	MUST(munmap(p, 2 * PAGE));
	VALUE_OF("where nothing is", mprotect(p, PAGE, PROT_READ));
}

static void files(void)
{
	char *p;
	int fd;

	make_file("mprotect.tmp", 0644, "text", 4);
	fd = MUST(open("mprotect.tmp", O_RDONLY));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	VALUE_OF("write to a shared mapping of O_RDONLY",
		 mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	VALUE_OF("to a private one", mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	p[0] = 'T';
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	say("the file is as before: %.4s", p);
	munmap(p, PAGE);
	close(fd);
	MUST(unlink("mprotect.tmp"));
}

/* A page that fork shares: a change of protection must not lose the copy. */
static void after_fork(void)
{
	volatile char *p = map_anon(PAGE, PROT_READ | PROT_WRITE);
	int status;
	pid_t pid;

	p[0] = 'p';
	pid = MUST(fork());
	if (pid == 0) {
		MUST(mprotect((void *)p, PAGE, PROT_READ));
		if (touch((void *)p, TOUCH_WRITE) != SIGSEGV)
			_exit(1);
		MUST(mprotect((void *)p, PAGE, PROT_READ | PROT_WRITE));
		p[0] = 'c';
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	say("child: %s, parent's byte: %c, writable: %s", status_text(status), p[0],
	    try_write((char *)p));
	munmap((void *)p, PAGE);
}

int main(void)
{
	each();
	parts();
	errors();
	files();
	after_fork();
	return 0;
}
