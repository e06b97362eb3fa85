"""What all commands of `tine` have in common: arguments, completion, errors of one line.

A command is a class below Command, whose docstring is its help: the first line is what `help tine`
shows. `run` gets the words that were typed. tine.py makes one of each:

    class Hello(Command):
        "Greet a task."
        name, usage, completes = "hello", "[PID]", (pids,)

        def run(self, pid=None):
            print("hello,", described(task_of(pid)))
"""
import inspect
import textwrap

import gdb

import kernel

LINE = 100  # columns on the projector
INDENT = "      "
NO_TASKS = "the kernel has no tasks yet: continue (break exec_init is the first of them)"


class Tine(gdb.Command):
    """Look into Tine: its tasks, their memory and files, locks. What looks, writes nothing."""

    def __init__(self):
        super().__init__("tine", gdb.COMMAND_STATUS, gdb.COMPLETE_COMMAND, True)

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError(f"no command tine {argument.split()[0]}: help tine lists them")
        gdb.execute("help tine")


class Command(gdb.Command):
    """Below it: name; usage: its words; completes: a function for each word, the last one for all
    that follow, which gives what it may be; run()."""
    name, usage, completes = "", "", ()

    def __init__(self):
        summary, _, rest = self.__doc__.partition("\n")
        self.__doc__ = f"{summary}\nUsage: tine {self.name} {self.usage}\n{rest}"
        super().__init__(f"tine {self.name}", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        try:
            inspect.signature(self.run).bind(*words)
        except TypeError:
            raise gdb.GdbError(f"usage: tine {self.name} {self.usage}".rstrip()) from None
        try:
            self.run(*words)
        except (gdb.GdbError, KeyboardInterrupt):
            raise
        except Exception as error:  # pylint: disable=broad-except
            raise gdb.GdbError(f"tine {self.name}: {explain(error)}") from None

    def candidates(self, words):
        """What the last of these words may become."""
        return self.completes[min(len(words), len(self.completes)) - 1]() if self.completes else ()

    def complete(self, text, word):
        words = text.split()
        if not text or text[-1].isspace():
            words.append("")
        try:
            found = sorted(w for w in self.candidates(words) if w.startswith(words[-1]))
        except (gdb.error, gdb.GdbError):
            return []
        # gdb asks for what begins with `word`, which is less than ours behind a ":".
        return [w[len(words[-1]) - len(word or ""):] for w in found]


def explain(error):
    """One line for what went wrong where the kernel is not as it should be."""
    if gdb.selected_thread() is None:
        return "the machine has ended"
    if isinstance(error, gdb.error) and not started():
        return NO_TASKS
    if isinstance(error, gdb.MemoryError):
        return f"no memory at {str(error).split()[-1]}: something is broken, or just being changed"
    return f"what is in memory makes no sense just now: {error or type(error).__name__}"


def started():
    """Whether the scheduler has begun: before, there are no tasks, and no memory to look at."""
    try:
        return kernel.number(kernel.variable("cpus")[0]["task"]) != 0
    except (gdb.error, gdb.GdbError):
        return False


def need_tasks():
    """For commands that would find nothing before the scheduler, and say nothing."""
    kernel.cpu_number()
    if not started():
        raise gdb.GdbError(NO_TASKS)


def task_of(pid=None):
    """The task that a word of a command names; none: the selected CPU's."""
    need_tasks()
    if pid is None:
        found = kernel.current()
        if found is None:
            raise gdb.GdbError(f"CPU {kernel.cpu_number()} has no task yet: it is just starting")
        return found
    if not pid.isdigit():
        raise gdb.GdbError(f"no task {pid}: a number is wanted, tine ps lists them")
    return kernel.task(int(pid))


def mm_of(task):
    """Its address space, or an error that says why it has none."""
    mm = kernel.task_mm(task)
    if mm is None:
        raise gdb.GdbError(f"{described(task)} has no memory of its own: " + (
            "a kernel task" if not kernel.task_tid(task) else
            "it has exited" if kernel.task_state(task) == "Z" else
            "it has not begun /init yet" if kernel.task_tid(task) == 1 else "it is about to exit"))
    return mm


def described(task):
    """task 7 "sh"."""
    return f'task {kernel.task_tid(task)} "{kernel.task_name(task)}"'


def pids():
    """For completion."""
    return {str(kernel.task_tid(task)) for task in kernel.tasks()}


def columns(rows, right=(), notes=None):
    """Prints rows of words below each other; those columns whose number is in right, to the
    right. Where the line ends, words are cut. notes: {row: text}, for indented lines below it."""
    rows = [[str(word) for word in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for n, row in enumerate(rows):
        line = "  ".join(word.rjust(width) if i in right else word.ljust(width)
                         for i, (word, width) in enumerate(zip(row, widths)))
        print(line.rstrip()[:LINE])
        if notes and notes.get(n):
            print(textwrap.fill(notes[n], LINE, initial_indent=INDENT, subsequent_indent=INDENT))


def say(text, indent=0, more=2):
    """Prints a sentence, in lines that fit; all but the first are indented by so many more."""
    print(textwrap.fill(text, LINE, initial_indent=" " * indent, break_on_hyphens=False,
                        subsequent_indent=" " * (indent + more), break_long_words=False))
