/*
 * Several processes write the same line to the terminal again and again, by
 * one write each: no line is torn, none is lost. write(2).
 *
 * Arguments: lines of each (40).
 * guest: -c 4 -t 120
 */
#include "check.h"

enum { WRITERS = 5 };

int main(int argc, char **argv)
{
	int lines = argc > 1 ? atoi(argv[1]) : 40, failed = 0, status;
	for (int i = 0; i < WRITERS; i++) {
		if (MUST(fork()) != 0)
			continue;
		for (int j = 0; j < lines; j++)
			say("the quick brown fox jumps over the lazy dog, and over %d others", WRITERS);
		_exit(0);
	}
	while (wait(&status) > 0)
		failed += status != 0;
	VALUE(failed);
	return 0;
}
