/* A shared wake looks the word's page up: EFAULT where there is none (Tine: 0). futex(2). */
#include "check.h"

int main(void)
{
	char *end = map_before_hole(PAGE) + PAGE;

	VALUE_OF("shared wake, nowhere", syscall(SYS_futex, nowhere, 1, 1, NULL, NULL, 0));
	VALUE_OF("shared wake, in a hole", syscall(SYS_futex, end, 1, 1, NULL, NULL, 0));
	VALUE_OF("private wake, nowhere", syscall(SYS_futex, nowhere, 1 | 128, 1, NULL, NULL, 0));
	return 0;
}
