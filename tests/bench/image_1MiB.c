/*
 * The program of 1 MiB that exec.c starts: a static program whose image holds that much read-only
 * data. With an argument it reads a byte of each page of it; else none.
 */
enum { SIZE = 1024 * 1024 - 20 * 1024, PAGE = 4096 }; /* with the C library: 1 MiB */

static const volatile char ballast[SIZE] = { 1 };

int main(int argc, char **argv)
{
	int sum = 0;

	(void)argv;
	for (int i = 0; argc > 1 && i < SIZE; i += PAGE)
		sum += ballast[i];
	return sum > 1;
}
