/*
 * Terminals and jobs: a session has at most one controlling terminal, and a
 * terminal names one process group of that session as its foreground. Signals
 * of the keyboard go to it; who is not in it may be stopped when it reads or
 * changes the terminal.
 *
 * Locks: proc_lock guards process->tty, tty->session and tty->pgrp.
 * Sources: POSIX.1-2017 11.1.1 to 11.1.4, credentials(7), TIOCSPGRP(2const),
 * TIOCSCTTY(2const).
 */
#include "arch/cpu.h"
#include "dev/ldisc.h"
#include "fs/file.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "proc/task.h"

enum job_ioctl {
	TIOCSCTTY = 0x540e, TIOCGPGRP, TIOCSPGRP, TIOCNOTTY = 0x5422, TIOCGSID = 0x5429,
};

/* All of the following hold proc_lock where they say _locked. */

static bool is_session_leader_locked(const struct process *process)
{
	return process->session && process->session == process->leader->pid;
}

struct tty *tty_of_current(void)
{
	struct tty *tty;

	spin_lock(&proc_lock);
	tty = current->process->tty;
	spin_unlock(&proc_lock);
	return tty;
}

static void set_foreground_locked(struct tty *tty, struct pid *pgrp)
{
	struct pid *old = tty->pgrp;

	if (pgrp)
		pid_get(pgrp);
	tty->pgrp = pgrp;
	if (old)
		pid_put(old);
}

static void attach_locked(struct tty *tty)
{
	struct process *process = current->process;

	pid_get(process->session);
	tty->session = process->session;
	process->tty = tty;
	set_foreground_locked(tty, process->pgrp);
}

static void detach_locked(struct tty *tty)
{
	struct pid *session = tty->session;
	struct process *member;

	set_foreground_locked(tty, NULL);
	if (!session)
		return;
	list_for_each(member, &session->session_members, session_link) {
		if (member->tty == tty)
			member->tty = NULL;
	}
	tty->session = NULL;
	pid_put(session);
}

/* All files that are open on it are dead from now on, but for those of /dev/console. */
static void hang_up_files(struct tty *tty)
{
	spin_lock(&tty->lock);
	tty->hangups++;
	ldisc_flush_input(tty);
	spin_unlock(&tty->lock);
	waitq_wake_all(&tty->read_wait);
	waitq_wake_all(&tty->write_wait);
}

/* Files first: who opens the terminal for the next session must not be hung up with them. */
void tty_session_ended(void)
{
	struct tty *tty = tty_of_current();

	if (!tty)
		return;
	hang_up_files(tty);
	spin_lock(&proc_lock);
	if (current->process->tty == tty) { /* else root has taken it away meanwhile */
		if (tty->pgrp)
			signal_send_pgrp(tty->pgrp, SIGHUP, NULL);
		detach_locked(tty);
	}
	spin_unlock(&proc_lock);
}

void tty_adopt_at_open(struct tty *tty)
{
	spin_lock(&proc_lock);
	if (is_session_leader_locked(current->process) && !current->process->tty && !tty->session)
		attach_locked(tty);
	spin_unlock(&proc_lock);
}

void tty_signal_foreground(struct tty *tty, int sig)
{
	spin_lock(&proc_lock);
	if (tty->pgrp)
		signal_send_pgrp(tty->pgrp, sig, NULL);
	spin_unlock(&proc_lock);
}

int tty_job_check(struct tty *tty, int sig)
{
	bool ignored = signal_is_ignored_or_blocked(sig);
	struct pid *pgrp;
	int err = 0;

	spin_lock(&proc_lock);
	pgrp = current->process->pgrp;
	if (current->process->tty != tty || !tty->pgrp || tty->pgrp == pgrp) {
		err = 0;
	} else if (ignored) {
		err = sig == SIGTTIN ? -EIO : 0;
	} else if (pgrp_is_orphaned(pgrp, NULL)) {
		err = -EIO; /* no shell is left that could continue it */
	} else {
		signal_send_pgrp(pgrp, sig, NULL);
		current->signal_wanted = true; /* even if another thread of ours takes it */
		err = -ERESTARTSYS;
	}
	spin_unlock(&proc_lock);
	return err;
}

static int make_controlling_locked(struct file *file, struct tty *tty, u64 steal)
{
	struct process *process = current->process;
	bool root = creds_root(&current->creds);

	if (is_session_leader_locked(process) && tty->session == process->session)
		return 0;
	if (!is_session_leader_locked(process) || process->tty)
		return -EPERM;
	if (tty->session && !(steal == 1 && root))
		return -EPERM;
	if (!file_readable(file) && !root)
		return -EPERM;
	detach_locked(tty);
	attach_locked(tty);
	return 0;
}

/* The leader takes it from the whole session, others only from themselves. */
static int give_up_locked(struct tty *tty)
{
	struct process *process = current->process;

	if (process->tty != tty)
		return -ENOTTY;
	if (!is_session_leader_locked(process)) {
		process->tty = NULL;
		return 0;
	}
	if (tty->pgrp) {
		signal_send_pgrp(tty->pgrp, SIGHUP, NULL);
		signal_send_pgrp(tty->pgrp, SIGCONT, NULL);
	}
	detach_locked(tty);
	return 0;
}

/* The session of a group: of its members, or of the task whose number it is. */
static struct pid *session_of_group_locked(struct pid *pgrp)
{
	if (!list_empty(&pgrp->group_members))
		return list_first(&pgrp->group_members, struct process, pgrp_link)->session;
	return pgrp->task ? pgrp->task->process->session : NULL;
}

static int choose_foreground_locked(struct tty *tty, pid_t number)
{
	struct pid *session = current->process->session, *pgrp;

	if (current->process->tty != tty || tty->session != session)
		return -ENOTTY;
	pgrp = pid_find(number);
	if (!pgrp)
		return -ESRCH;
	if (session_of_group_locked(pgrp) != session)
		return -EPERM;
	set_foreground_locked(tty, pgrp);
	return 0;
}

static s64 set_foreground(struct tty *tty, const void __user *arg)
{
	int err = tty_job_check(tty, SIGTTOU);
	pid_t number;

	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (copy_from_user(&number, arg, sizeof number))
		return -EFAULT;
	if (number < 0)
		return -EINVAL;
	spin_lock(&proc_lock);
	err = choose_foreground_locked(tty, number);
	spin_unlock(&proc_lock);
	return err;
}

static s64 get_number(struct tty *tty, u64 request, void __user *arg)
{
	s64 number = -ENOTTY;

	spin_lock(&proc_lock);
	if (current->process->tty == tty) {
		if (request == TIOCGPGRP)
			number = tty->pgrp ? tty->pgrp->number : 0;
		else
			number = tty->session->number;
	}
	spin_unlock(&proc_lock);
	return number < 0 ? number : put_user_u32(arg, number);
}

s64 tty_job_ioctl(struct file *file, struct tty *tty, u64 request, u64 arg)
{
	s64 result = -ENOTTY;

	switch (request) {
	case TIOCGPGRP:
	case TIOCGSID:
		return get_number(tty, request, (void __user *)arg);
	case TIOCSPGRP:
		return set_foreground(tty, (const void __user *)arg);
	case TIOCSCTTY:
		spin_lock(&proc_lock);
		result = make_controlling_locked(file, tty, arg);
		spin_unlock(&proc_lock);
		break;
	case TIOCNOTTY:
		spin_lock(&proc_lock);
		result = give_up_locked(tty);
		spin_unlock(&proc_lock);
		break;
	}
	return result;
}
