/*
 * Panics on request, for who wants to see a report or tests it (tests/panic.t):
 * with `provoke` on the command line there is a file /proc/sys/kernel/provoke;
 * root writes one of the kinds below into it, and the kernel does what its
 * function says. `provoke=KIND` does it at boot, before memory and tasks are
 * there. Without the option the file does not exist: no program can do this.
 *
 * A comment `provoke: KIND` marks the line that each report must name.
 */
#include "lib/provoke.h"

#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "arch/time.h"
#include "fs/procfs.h"
#include "lib/errno.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/pid.h"
#include "proc/sched.h"

/* Where the compiler must not look through what we are about to do. */
static volatile u64 null_field = 16, not_canonical = 0xdead000000000000, not_mapped = KMAP_END,
		    text = (u64)kernel_text_start, zero;

static void null_read(void)
{
	(void)*(volatile u64 *)null_field; /* provoke: null-read */
}

static void write_text(void)
{
	*(volatile u8 *)text = 0; /* provoke: write-text */
}

static void protection(void)
{
	(void)*(volatile u64 *)not_canonical; /* provoke: gpf */
}

static void divide(void)
{
	__asm__ volatile("divl %0" ::"r"((u32)zero), "a"(1), "d"(0)); /* provoke: divide */
}

static void bad_jump(void)
{
	((void (*)(void))not_mapped)(); /* provoke: bad-jump */
	zero = 0; /* so that it is a call */
}

static void assertion(void)
{
	kassert(zero == 1); /* provoke: assert */
}

static void plain(void)
{
	spin_lock(&proc_lock);
	panic("for a test, with proc_lock held"); /* provoke: panic */
}

static void in_timer(struct timer *timer)
{
	panic("for a test, at %lu ns", timer->deadline_ns); /* provoke: panic-in-irq */
}

static void in_irq(void)
{
	static struct timer timer = {.fn = in_timer};

	irq_disable(); /* so that it comes below, however slow the machine is */
	timer_start(&timer, time_now_ns());
	irq_enable();
	while (!zero) {} /* provoke: interrupted */
}

static void in_panic(void)
{
	panic("for a test, %s", (const char *)not_canonical); /* provoke: panic-in-panic */
}

static void bad_task(void)
{
	this_cpu()->task = (struct task *)not_canonical;
	panic("for a test, and nothing is known of the task"); /* provoke: bad-task */
}

static void bad_frame(void)
{
	__asm__ volatile("mov %0, %%rbp; ud2" ::"r"(not_canonical)); /* provoke: bad-frame */
}

static void double_fault(void)
{
	__asm__ volatile("mov %0, %%rsp; push %0" ::"r"(not_mapped)); /* provoke: double-fault */
}

static __attribute__((noinline)) u64 recurse(u64 depth)
{
	u64 below = depth == zero ? 0 : recurse(depth + 1); /* provoke: stack-overflow */

	return below + zero;
}

static void stack_overflow(void)
{
	zero = recurse(1);
}

static void machine_check(void)
{
	__asm__ volatile("int $18; nop"); /* provoke: machine-check */
}

#ifdef DEBUG

static void lock_order(void)
{
	static struct spinlock high = SPINLOCK_INIT("provoke_high", RANK_PAGE);

	spin_lock(&high); /* provoke: held */
	spin_lock(&proc_lock); /* provoke: lock-order */
}

static void undefined(void)
{
	s32 most = INT32_MAX + (s32)zero;

	zero = (u64)(most + 1); /* provoke: ubsan */
}

static void use_after_free(void)
{
	u64 *volatile *object = heap_alloc(64);

	if (!object)
		return;
	heap_free((void *)object);
	zero = *object[1]; /* provoke: use-after-free */
}

#endif

static const struct kind {
	const char *name;
	void (*provoke)(void);
} kinds[] = {
	{"null-read", null_read},
	{"write-text", write_text},
	{"gpf", protection},
	{"divide", divide},
	{"bad-jump", bad_jump},
	{"assert", assertion},
	{"panic", plain},
	{"panic-in-irq", in_irq},
	{"panic-in-panic", in_panic},
	{"bad-task", bad_task},
	{"bad-frame", bad_frame},
	{"double-fault", double_fault},
	{"stack-overflow", stack_overflow},
	{"machine-check", machine_check},
	{"stuck-loop", provoke_stuck_loop},
	{"stuck-irqs-off", provoke_stuck_irqs_off},
	{"stuck-lock", provoke_stuck_lock},
	{"hung-task", provoke_hung_task},
#ifdef DEBUG
	{"lock-order", lock_order},
	{"ubsan", undefined},
	{"use-after-free", use_after_free},
#endif
};

static bool provoke(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		kinds[i].provoke();
		kprintf("provoke: %s has come back\n", name);
		return true;
	}
	return false;
}

int provoke_show(struct text *to, const struct proc_node *node)
{
	(void)node;
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		text_printf(to, "%s\n", kinds[i].name);
	return 0;
}

ssize_t provoke_write(const struct proc_node *node, const void __user *buf, size_t n)
{
	char name[32] = "";

	(void)node;
	if (copy_from_user(name, buf, MIN(n, sizeof name - 1)))
		return -EFAULT;
	char *newline = strchr(name, '\n');
	if (newline)
		*newline = '\0';
	return provoke(name) ? (ssize_t)n : -EINVAL;
}

bool provoke_init(void)
{
	char name[32];

	if (!boot_option("provoke", name, sizeof name))
		return false;
	provoke(name);
	return true;
}
