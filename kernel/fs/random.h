/* Random bytes: for /dev/random, getrandom(2), AT_RANDOM. Any context but interrupts. */
#ifndef FS_RANDOM_H
#define FS_RANDOM_H

#include "lib/types.h"

void random_bytes(void *to, size_t n);

#endif
