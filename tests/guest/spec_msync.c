/*
 * msync, madvise, mprotect and munmap by their errors; shared file mappings seen by read and
 * write; what madvise takes. Pages: msync(2), madvise(2), mprotect(2), mmap(2).
 *
 * native: no
 */
#include "spec.h"

static char *anon, *shared, *private_map;
static int fd;

static void syncing(void)
{
	VALUE(msync(shared, 2 * PAGE, MS_SYNC));
	VALUE(msync(shared, 2 * PAGE, MS_ASYNC));
	VALUE(msync(shared, 2 * PAGE, MS_INVALIDATE));
	VALUE(msync(shared, 2 * PAGE, MS_SYNC | MS_INVALIDATE));
	VALUE(msync(shared, 2 * PAGE, MS_SYNC | MS_ASYNC));
	VALUE(msync(shared, 2 * PAGE, 0));
	VALUE(msync(shared, 2 * PAGE, 8));
	VALUE(msync(shared, 2 * PAGE, -1));
	VALUE(msync(shared + 1, PAGE, MS_SYNC));
	VALUE(msync(shared, 0, MS_SYNC));
	VALUE(msync(shared, 1, MS_SYNC));
	VALUE(msync(shared, -1, MS_SYNC));
	VALUE(msync((void *)0x2e0000000000, PAGE, MS_SYNC));
	VALUE(msync((void *)0x2e0000000000, 0, MS_SYNC));
	VALUE(msync((void *)in_kernel, PAGE, MS_SYNC));
	VALUE(msync(anon, 4 * PAGE, MS_SYNC));
	VALUE(msync(private_map, 2 * PAGE, MS_SYNC));
	munmap(anon + PAGE, PAGE);
	VALUE_OF("over a hole", msync(anon, 3 * PAGE, MS_SYNC));
	VALUE_OF("up to it", msync(anon, PAGE, MS_SYNC));
	MUST(mlock(shared, PAGE) == 0 || errno == ENOSYS ? 0 : -1);
	VALUE_OF("MS_INVALIDATE of locked memory", msync(shared, PAGE, MS_INVALIDATE));
	VALUE_OF("MS_SYNC of locked memory", msync(shared, PAGE, MS_SYNC));
	munlock(shared, PAGE);
}

static void sharing(void)
{
	char byte;

	shared[5] = 'S';
	VALUE(pread(fd, &byte, 1, 5));
	say("%c", byte);
	VALUE(pwrite(fd, "W", 1, 6));
	say("shared %c, private %c", shared[6], private_map[6]);
	private_map[6] = 'P';
	VALUE(pwrite(fd, "X", 1, 6));
	say("shared %c, private %c", shared[6], private_map[6]);
	VALUE(pread(fd, &byte, 1, 6));
	say("%c", byte);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		shared[7] = 'C';
		private_map[7] = 'C';
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	say("by a child: shared %c, private %c", shared[7], private_map[7]);
	VALUE(shared[PAGE + 100]);
	VALUE_OF("beyond the end in the last page", shared[PAGE + 4000]);
	shared[PAGE + 4000] = 'e';
	VALUE_OF("it is not written to the file", size_of("f"));
	close(MUST(dup(fd)));
	VALUE_OF("mapped still after close and unlink", unlink("f"));
	say("%c", shared[5]);
}

static void advice(void)
{
	static const struct { const char *name; int advice; } kinds[] = {
		{ "NORMAL", 0 }, { "RANDOM", 1 }, { "SEQUENTIAL", 2 }, { "WILLNEED", 3 }, { "DONTNEED", 4 },
		{ "number 5", 5 }, { "number 7", 7 }, { "number 99", 99 }, { "number -1", -1 },
		{ "MERGEABLE-like unknown 26", 27 },
	};
	char label[64];

	for (size_t i = 0; i < COUNT(kinds); i++) {
		snprintf(label, sizeof(label), "madvise %s", kinds[i].name);
		VALUE_OF(label, madvise(anon + 2 * PAGE, PAGE, kinds[i].advice));
		snprintf(label, sizeof(label), "madvise %s, nothing", kinds[i].name);
		VALUE_OF(label, madvise(anon + 2 * PAGE, 0, kinds[i].advice));
		snprintf(label, sizeof(label), "madvise %s, over a hole", kinds[i].name);
		VALUE_OF(label, madvise(anon, 3 * PAGE, kinds[i].advice));
		snprintf(label, sizeof(label), "madvise %s, not aligned", kinds[i].name);
		VALUE_OF(label, madvise(anon + 1, PAGE, kinds[i].advice));
	}
	VALUE(madvise(anon + 2 * PAGE, -1, MADV_NORMAL));
	VALUE(madvise(anon + 2 * PAGE, 1, MADV_NORMAL));
	VALUE(madvise((void *)in_kernel, PAGE, MADV_NORMAL));
	anon[2 * PAGE] = 'x';
	VALUE(madvise(anon + 2 * PAGE, PAGE, MADV_DONTNEED));
	VALUE(anon[2 * PAGE]);
	shared[9] = 'q';
	VALUE(madvise(shared, PAGE, MADV_DONTNEED));
	say("a shared file mapping keeps its bytes: %c", shared[9]);
	MUST(mlock(anon + 2 * PAGE, PAGE) == 0 || errno == ENOSYS ? 0 : -1);
	VALUE_OF("DONTNEED of locked memory", madvise(anon + 2 * PAGE, PAGE, MADV_DONTNEED));
	munlock(anon + 2 * PAGE, PAGE);
}

static void protections(void)
{
	char *at;
	int r = MUST(open("g", O_RDONLY)), w = MUST(open("g", O_WRONLY));

	VALUE(mprotect(anon + 1, PAGE, PROT_READ));
	VALUE(mprotect(anon, 0, PROT_READ));
	VALUE(mprotect(anon + PAGE, PAGE, PROT_READ));
	VALUE_OF("over a hole", mprotect(anon, 3 * PAGE, PROT_READ));
	say("the part before it: %s", try_write(anon));
	VALUE(mprotect(anon, PAGE, 0x100));
	VALUE(mprotect(anon, -1, PROT_READ));
	VALUE(mprotect((void *)in_kernel, PAGE, PROT_READ));
	VALUE(mprotect(anon, PAGE, PROT_READ | PROT_GROWSDOWN));
	VALUE(mprotect(anon, PAGE, PROT_GROWSUP | PROT_GROWSDOWN));
	MUST(mprotect(anon, PAGE, PROT_READ | PROT_WRITE));
	YES(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w, 0) == MAP_FAILED && errno == EACCES);
	YES(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, w, 0) == MAP_FAILED && errno == EACCES);
	YES(mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE, w, 0) == MAP_FAILED && errno == EACCES);
	YES(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, r, 0) == MAP_FAILED && errno == EACCES);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, r, 0);
	VALUE(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	VALUE(mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	munmap(at, PAGE);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, r, 0);
	VALUE(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	say("%s", try_write(at));
	munmap(at, PAGE);
	close(r), close(w);
	VALUE(munmap(anon + 1, PAGE));
	VALUE(munmap(anon, 0));
	VALUE(munmap(anon, -1));
	VALUE(munmap((void *)in_kernel, PAGE));
	VALUE(munmap((void *)0x2e0000000000, PAGE));
}

/* Each kind of descriptor and flags. */
static void mapping_errors(void)
{
	int folder = MUST(open(".", O_RDONLY)), fds[2], null = MUST(open("/dev/null", O_RDWR));

	MUST(pipe(fds));
#define MAPS(...) do { \
	void *at_ = mmap(__VA_ARGS__); \
	OK_OF("mmap(" #__VA_ARGS__ ")", at_ == MAP_FAILED ? -1 : 0); \
	if (at_ != MAP_FAILED) \
		munmap(at_, PAGE); \
} while (0)
	MAPS(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE, null, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100 * PAGE);
	MAPS(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_PRIVATE, fd, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x8000000, fd, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_SHARED | 0x8000000, fd, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 4711, 0);
	MAPS(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 7 * PAGE);
	MAPS((void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAPS((void *)(0x2e0000000000 + 1), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MAPS((void *)in_kernel, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MAPS((void *)in_kernel, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAPS(shared, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	MAPS((void *)0x2e0000000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	MAPS(NULL, 1UL << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAPS(NULL, -1UL, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	OK_OF("the bare call, offset in a page", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 5L));
	OK_OF("an offset near the end of numbers",
	      syscall(SYS_mmap, NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, LONG_MAX - PAGE + 1));
	close(folder), close(fds[0]), close(fds[1]), close(null);
}

int main(void)
{
	static char data[PAGE + 200];

	spec_enter();
	memset(data, 'd', sizeof(data));
	make_file("f", 0644, data, sizeof(data));
	make_file("g", 0644, data, sizeof(data));
	fd = MUST(open("f", O_RDWR));
	anon = map_before_hole(4 * PAGE);
	shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private_map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	syncing();
	sharing();
	advice();
	protections();
	mapping_errors();
	spec_leave();
	return 0;
}
