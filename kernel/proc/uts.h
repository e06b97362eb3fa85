/* The names that uname(2) and /proc/version tell. */
#ifndef PROC_UTS_H
#define PROC_UTS_H

enum { UTS_LEN = 65 };

struct utsname {
	char sysname[UTS_LEN], nodename[UTS_LEN], release[UTS_LEN], version[UTS_LEN];
	char machine[UTS_LEN], domainname[UTS_LEN];
};

extern struct utsname system_name; /* syscall/info.c; nodename by sethostname, proc_lock */

#endif
