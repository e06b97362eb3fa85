/*
 * Random bytes by ChaCha20 (RFC 8439, 2.3): four blocks of the stream at a time,
 * whose first 32 bytes are the key for the next four. What is given out is wiped
 * here, so that it cannot be computed from the state later ("fast key erasure").
 * The key starts from RDRAND where the CPU has it, and from the time stamp counter.
 *
 * LINUX-DIFF: never blocks, and gathers no other entropy.
 */
#include "fs/random.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "lib/string.h"
#include "sync/spinlock.h"

enum { KEY_WORDS = 8, BLOCK_WORDS = 16, NBLOCKS = 4, STREAM_BYTES = NBLOCKS * BLOCK_WORDS * 4 };

static struct spinlock random_lock = SPINLOCK_INIT("random", RANK_DENTRY);
static u32 key[KEY_WORDS];		    /* random_lock */
static u32 stream[NBLOCKS][BLOCK_WORDS];    /* random_lock; what is left is at its end */
static size_t left_bytes;		    /* random_lock */
static bool seeded;			    /* random_lock */

static u32 rotate(u32 x, int by)
{
	return x << by | x >> (32 - by);
}

static void quarter(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b, *d = rotate(*d ^ *a, 16);
	*c += *d, *b = rotate(*b ^ *c, 12);
	*a += *b, *d = rotate(*d ^ *a, 8);
	*c += *d, *b = rotate(*b ^ *c, 7);
}

static void chacha_block(u32 out[BLOCK_WORDS], u32 number, u64 nonce)
{
	u32 in[BLOCK_WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	memcpy(in + 4, key, sizeof key);
	in[12] = number;
	in[14] = nonce;
	in[15] = nonce >> 32;
	memcpy(out, in, sizeof in);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			quarter(&out[i], &out[4 + i], &out[8 + i], &out[12 + i]);
		for (int i = 0; i < 4; i++)
			quarter(&out[i], &out[4 + (i + 1) % 4], &out[8 + (i + 2) % 4],
				&out[12 + (i + 3) % 4]);
	}
	for (int i = 0; i < BLOCK_WORDS; i++)
		out[i] += in[i];
}

static u64 hardware_word(void)
{
	u64 word = rdtsc() * 0x9e3779b97f4a7c15ull;
	if (cpu_has.rdrand) {
		u64 r = 0;
		__asm__ volatile("rdrand %0" : "+r"(r)::"cc"); /* on failure r is 0: no harm */
		word ^= r;
	}
	return word;
}

static void seed_locked(void)
{
	for (int i = 0; i < KEY_WORDS; i++)
		key[i] ^= hardware_word() >> 16;
	seeded = true;
}

/* The next blocks of the stream. */
static void refill(void)
{
	if (!seeded)
		seed_locked();
	u64 nonce = rdtsc();
	for (u32 i = 0; i < NBLOCKS; i++)
		chacha_block(stream[i], i, nonce);
	memcpy(key, stream, sizeof key);
	left_bytes = STREAM_BYTES - sizeof key;
}

void random_bytes(void *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		spin_lock(&random_lock);
		if (left_bytes == 0)
			refill();
		size_t part = MIN(n - done, left_bytes);
		char *from = (char *)stream + STREAM_BYTES - left_bytes;
		memcpy((char *)to + done, from, part);
		memset(from, 0, part);
		left_bytes -= part;
		spin_unlock(&random_lock);
		done += part;
	}
}
