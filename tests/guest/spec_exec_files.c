/*
 * Who may exec what: modes by owner, group, others and root; set-id files and what the new
 * program is; folders, fifos, scripts, links; descriptors that stay.
 * Pages: execve(2), credentials(7), path_resolution(7), capabilities(7).
 *
 * native: no
 */
#include "spec.h"

static char self[] = "/proc/self/exe";

/* As another program: tells who it is. */
static int identify(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	MUST(getresuid(&r, &e, &s));
	MUST(getresgid(&rg, &eg, &sg));
	say("  uid %d %d %d gid %d %d %d", r, e, s, rg, eg, sg);
	return 0;
}

static void copy_to(const char *name)
{
	static char bytes[65536];
	int in = MUST(open(self, O_RDONLY)), out = MUST(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0700));

	for (long n; (n = MUST(read(in, bytes, sizeof(bytes)))) > 0;)
		MUST(write(out, bytes, n));
	MUST(close(in));
	MUST(close(out));
}

static void try(const char *label, const char *path, uid_t uid, gid_t gid)
{
	if (other(uid, gid)) {
		say("%s", label);
		execl(path, path, "identify", (char *)NULL);
		say("  %s", errno_text(errno));
		_exit(0);
	}
}

static void modes(void)
{
	static const int rows[] = { 0000, 0100, 0010, 0001, 0644, 0711, 0077, 0701, 0070, 0111, 04755, 02755,
				    06755, 04700, 02744, 04711, 06711, 04644 };
	static const struct { const char *who; uid_t uid; gid_t gid; } users[] = {
		{ "root", 0, 0 }, { "owner", 10, 99 }, { "group", 11, 20 }, { "other", 12, 99 },
	};

	copy_to("program");
	MUST(chown("program", 10, 20));
	for (size_t m = 0; m < COUNT(rows); m++) {
		for (size_t u = 0; u < COUNT(users); u++) {
			char label[40];
			MUST(chmod("program", rows[m]));
			snprintf(label, sizeof(label), "%04o %s", rows[m], users[u].who);
			try(label, "./program", users[u].uid, users[u].gid);
		}
	}
	MUST(chown("program", 0, 0));
	MUST(chmod("program", 04755));
	try("set-user-ID root", "./program", 12, 99);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(setresuid(12, 0, 12));
		MUST(chmod("program", 0755));
		execl("./program", "program", "identify", (char *)NULL);
		_exit(1);
	}
	MUST(waitpid(pid, NULL, 0));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(setresuid(0, 12, 12));
		execl("./program", "program", "identify", (char *)NULL);
		_exit(1);
	}
	MUST(waitpid(pid, NULL, 0));
}

static void kinds(void)
{
	static const char script[] = "#!./program identify\n", nested[] = "#!./script\n", empty[] = "#!\n";
	static const char gone[] = "#!/absent/shell\n", folder[] = "#!/\n", plain[] = "no format\n";

	MUST(chmod("program", 0755));
	MUST(mkdir("folder", 0755));
	MUST(mkfifo("fifo", 0755));
	MUST(symlink("program", "link"));
	MUST(symlink("loop", "loop"));
	make_file("script", 0755, script, sizeof(script) - 1);
	make_file("nested", 0755, nested, sizeof(nested) - 1);
	make_file("empty", 0755, empty, sizeof(empty) - 1);
	make_file("gone", 0755, gone, sizeof(gone) - 1);
	make_file("to_folder", 0755, folder, sizeof(folder) - 1);
	make_file("plain", 0755, plain, sizeof(plain) - 1);
	make_file("nothing", 0755, "", 0);
	make_file("setid_script", 0755, script, sizeof(script) - 1);
	MUST(chmod("setid_script", 04755));
	MUST(mkdir("closed", 0700));
	make_file("closed/script", 0755, script, sizeof(script) - 1);
	static const char *const names[] = {
		"folder", "fifo", "link", "loop", "script", "nested", "empty", "gone", "to_folder", "plain", "nothing",
		"setid_script", "closed/script", "absent", "program/", "program/x", "", "/dev/null", "/proc/self/stat",
	};
	for (size_t i = 0; i < COUNT(names); i++)
		try(names[i], names[i], 12, 99);
	MUST(chmod("program", 0700));
	try("the interpreter may not be run", "./script", 12, 99);
	MUST(chmod("program", 0755));
	MUST(chmod("script", 0644));
	try("the script may not be run", "./script", 12, 99);
	MUST(chmod("script", 0711));
	try("the script may not be read by the user", "./script", 12, 99);
	VALUE(execl(nowhere, "x", (char *)NULL));
	VALUE(syscall(SYS_execve, "./program", nowhere, NULL));
	VALUE(syscall(SYS_execve, "./program", (char *[]){ nowhere, NULL }, NULL));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return identify();
	spec_enter();
	modes();
	kinds();
	spec_leave();
	return 0;
}
