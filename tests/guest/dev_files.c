/*
 * /dev/null, /dev/zero, /dev/full and /dev/random (urandom): reading, writing,
 * seeking, mapping.
 *
 * From null(4), full(4), random(4).
 */
#include "check.h"

static unsigned char buffer[10000], other[10000];

static void basics(const char *name)
{
	int fd = MUST(open(name, O_RDWR));

	say("%s", name);
	memset(buffer, 0x55, sizeof(buffer));
	VALUE_OF("  read 100", read(fd, buffer, 100));
	VALUE_OF("  write 100", write(fd, buffer, 100));
	VALUE_OF("  write 0", write(fd, buffer, 0));
	VALUE_OF("  read 0", read(fd, buffer, 0));
	VALUE_OF("  seek", lseek(fd, 1000, SEEK_SET));
	close(fd);
}

static int not_zero(void)
{
	int count = 0;

	for (size_t i = 0; i < sizeof(buffer); i++)
		count += buffer[i] != 0;
	return count;
}

static void zeroes(const char *name)
{
	int fd = MUST(open(name, O_RDONLY));

	memset(buffer, 0x55, sizeof(buffer));
	VALUE_OF(name, read(fd, buffer, sizeof(buffer)));
	VALUE_OF("  bytes that are not zero", not_zero());
	memset(buffer, 0x55, sizeof(buffer));
	VALUE_OF("  pread far away", pread(fd, buffer, sizeof(buffer), 1L << 40));
	VALUE_OF("  bytes that are not zero", not_zero());
	close(fd);
}

static void random_bytes(const char *name)
{
	int fd = MUST(open(name, O_RDONLY)), kinds = 0;
	char seen[256] = "";

	VALUE_OF(name, read(fd, buffer, sizeof(buffer)));
	VALUE_OF("  again", read(fd, other, sizeof(other)));
	YES_OF("  they differ", memcmp(buffer, other, sizeof(buffer)) != 0);
	for (size_t i = 0; i < sizeof(buffer); i++)
		kinds += seen[buffer[i]]++ == 0;
	YES_OF("  most bytes come", kinds > 240);
	close(fd);
}

int main(void)
{
	int fd;

	basics("/dev/null");
	basics("/dev/zero");
	basics("/dev/full");
	zeroes("/dev/zero");
	zeroes("/dev/full");
	random_bytes("/dev/urandom");
	random_bytes("/dev/random");
	fd = MUST(open("/dev/null", O_WRONLY));
	VALUE_OF("read from null, O_WRONLY", read(fd, buffer, 1));
	VALUE_OF("a megabyte to null", write(fd, map_anon(MIB(1), PROT_READ), MIB(1)));
	close(fd);
	VALUE(open("/dev/null", O_RDONLY | O_DIRECTORY));
	VALUE(open("/dev/null/x", O_RDONLY));
	fd = open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	YES_OF("O_CREAT | O_TRUNC on null", fd >= 0);
	close(fd);
	VALUE(open("/dev/null", O_WRONLY | O_CREAT | O_EXCL, 0666));
	return 0;
}
