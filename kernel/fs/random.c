/*
 * Random bytes by ChaCha20 (RFC 8439, 2.3): each request takes a fresh block
 * of the stream, whose first half becomes the next key, so that what was given
 * out cannot be computed from the state later. The key starts from RDRAND
 * where the CPU has it, and from the time stamp counter.
 *
 * LINUX-DIFF: never blocks, and gathers no other entropy.
 */
#include "fs/random.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "lib/string.h"
#include "sync/spinlock.h"

enum { KEY_WORDS = 8, BLOCK_WORDS = 16, BLOCK_USABLE = 32 };

static struct spinlock random_lock = SPINLOCK_INIT("random", RANK_DENTRY);
static u32 key[KEY_WORDS]; /* random_lock */
static bool seeded;	   /* random_lock */

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

static void chacha_block(u32 out[BLOCK_WORDS], u64 nonce)
{
	u32 in[BLOCK_WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	memcpy(in + 4, key, sizeof key);
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

/* 32 bytes of the stream; the other half becomes the key. */
static void next_block(u32 block[BLOCK_WORDS])
{
	spin_lock(&random_lock);
	if (!seeded)
		seed_locked();
	chacha_block(block, rdtsc());
	memcpy(key, block + KEY_WORDS, sizeof key);
	spin_unlock(&random_lock);
}

void random_bytes(void *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		u32 block[BLOCK_WORDS];
		size_t part = MIN(n - done, (size_t)BLOCK_USABLE);
		next_block(block);
		memcpy((char *)to + done, block, part);
		done += part;
	}
}
