/*
 * writev to a file is one write: what several processes append in two parts
 * each, by descriptions of their own, is never mixed.
 *
 * Page: writev(2).
 * guest: -c 4
 */
#include "check.h"

enum { WRITERS = 4, RECORDS = 300, LENGTH = 64 };

static void append(char letter)
{
	int fd = MUST(open("log.tmp", O_WRONLY | O_APPEND));
	char text[LENGTH];
	struct iovec part[2] = { { text, 20 }, { text + 20, LENGTH - 20 } };

	memset(text, letter, LENGTH);
	for (int i = 0; i < RECORDS; i++)
		MUST(writev(fd, part, 2));
}

int main(void)
{
	static char text[WRITERS * RECORDS * LENGTH + 1];
	int mixed = 0;

	make_file("log.tmp", 0600, "", 0);
	for (int i = 0; i < WRITERS; i++) {
		if (MUST(fork()) == 0) {
			append('a' + i);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++)
		MUST(wait(NULL));
	int fd = MUST(open("log.tmp", O_RDONLY));
	YES_OF("all is there", read(fd, text, sizeof(text)) == sizeof(text) - 1);
	for (int i = 0; i < WRITERS * RECORDS; i++)
		for (int k = 1; k < LENGTH; k++)
			mixed += text[i * LENGTH + k] != text[i * LENGTH];
	YES_OF("no record is mixed", mixed == 0);
	MUST(unlink("log.tmp"));
	return 0;
}
