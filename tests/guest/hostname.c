/*
 * sethostname and what shows it: uname, /proc/sys/kernel/hostname.
 *
 * From gethostname(2), uname(2), proc(5).
 * native: no
 */
#include "check.h"

static void show(const char *when)
{
	struct utsname name;
	char text[128] = "";
	int fd = MUST(open("/proc/sys/kernel/hostname", O_RDONLY));
	long n = MUST(read(fd, text, sizeof(text) - 1));

	close(fd);
	MUST(uname(&name));
	text[n > 0 ? n - 1 : 0] = '\0';		/* its newline */
	say("%s: [%s] [%s]", when, name.nodename, text);
}

static void as_user(void)
{
	MUST(setuid(1000));
	OK(sethostname("mine", 4));
	OK(sethostname("mine", 1000));
}

int main(void)
{
	struct utsname name;
	char longest[66];

	OK(sethostname("tine", 4));
	show("set");
	OK(sethostname("another.name", 7));
	show("a part of a string");
	memset(longest, 'x', sizeof(longest));
	OK(sethostname(longest, 64));
	show("the longest");
	OK(sethostname(longest, 65));
	OK(sethostname(longest, (size_t)-1));
	OK(sethostname(nowhere, 4));
	show("after the errors");
	OK(sethostname("", 0));
	MUST(uname(&name));
	say("empty: [%s]", name.nodename);
	OK(sethostname("end", 3));
	in_child("as a user", as_user);
	show("at the end");
	return 0;
}
