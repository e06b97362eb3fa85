"""For tests/gdb_memory.t: what gdb is told while the demo cow runs, and what it must answer.

In cow a parent has written a page, and forked; the child (pid 3) is stopped before its first write,
then at several places of the page fault that this write is, and behind it. In POINTS: a part of
COMMANDS, what it shows, and lines of its output, in which HEX, NUM and ANY stand for what may
differ, a line ANY for any lines.
"""
TRIES = {  # commands that cannot be done, and what they say
    "tine tree": r"usage: tine tree PID \[ADDR\]",
    "tine tree 99": "no task 99: tine ps lists them",
    "tine tree x": "no task x: a number is wanted, tine ps lists them",
    "tine tree 2 no_name": 'no address no_name: No symbol "no_name" in current context',
    "tine tree 2 1ull<<48": "0x1000000000000 is no address: not canonical, bits 63 to 47 differ",
    "tine frame": r"usage: tine frame PFN\|ADDR",
    "tine frame no_name": 'no frame no_name: No symbol "no_name" in current context',
    "tine frame 1234567890": "no frame 0x[0-9a-f]+: the last one is 0x7f[0-9a-f]{2}",
    "tine frame 1ull<<63": "0x8000000000000000 is no address: not canonical, bits 63 to 47 differ",
    "tine frame 0xffffc00000000000": "0xffffc00000000000 has no frame: empty in the kernel's half",
    "tine frame (char *)0": '0x0 has no frame: empty in task 3 "cow"',
    "tine frame (struct page *)8": r"\(struct page \*\)8 points to no struct page: 0x8",
    "tine fault 1": "usage: tine fault",
    "tine fault": "no page fault: CPU 0 is in user mode, not on a fault's way; the last one here "
                  "was at 0x[0-9a-f]+",
}

SHARED = """
    tbreak main
    continue
    tbreak child
    continue
    @ parent
    tine tree 2
    @ child
    tine tree 3
    @ walk
    tine tree 3 page
    @ alone again
    tine tree 2 &failures
    @ text
    tine tree 3 child
    @ nothing
    tine tree 3 0
    @ stack
    tine tree 3 $rsp-100000
    @ far below
    tine tree 3 $rsp-10000000
    @ kernel
    tine tree 3 fault_copy
"""
SHARED_POINTS = [
    ("parent", "tine tree", """
        mm 3 of pid 2 "cow": root in frame HEX, refs 1
        10 tables, 1 of them with more than one reference; 20 pages mapped, 13 there
        ANY
        000000000000 4 [0]           512G table HEX accessed refs 1, alone again
        000000000000  3 [0]            1G table HEX writable accessed refs 1
        ANY
        7f0000000000 4 [254]         512G table HEX accessed refs 2, also of 3"""),
    ("child", "the child's: a file, copy-on-write, a promise, its own stack", """
        mm 4 of pid 3 "cow": root in frame HEX, refs 1
        ANY
        000000401000    1 [1-NUM]       24K file          r-x ANY refs 3 /usr/bin/cow
        ANY
        7f0000000000 4 [254]         512G table HEX accessed refs 2, also of 2
        ANY
        7f7ffffff000 1 [511] 4K anon HEX rw- writable accessed dirty nx refs 1, copy-on-write
        ANY
        7fffffe18000    1 [24-30]     28K promise       rw-
        7fffffe1f000    1 [31]         4K anon HEX   rw- writable accessed dirty nx refs 1, own"""),
    ("walk", "tine tree PID ADDR", """
        0x7f7ffffff000 in mm 4 of pid 3 "cow": anonymous memory (mmap)
        level 4 [254] HEX  table HEX, refs 2: present user accessed
                      also of 2: shared, and so are all below it
        level 3 [511] HEX  table HEX, refs 1: present writable user accessed
        level 2 [511] HEX  table HEX, refs 1: present writable user accessed
        level 1 [511] HEX  anon HEX rw-, refs 1: present writable user accessed dirty nx
        The CPU may read, not write (W is clear at level 4), not execute (NX is set at level 1).
        A read now: no fault: the CPU may.
        A write now: tree_own first copies the tables of levels 3, 2 and 1; then fault_copy ANY
          HEX, which then has 2 references."""),
    ("alone again", "what the last sharer's write will do", """
        HEX in mm 3 of pid 2 "cow": the program's zeroed data (bss): a private copy of ANY
          /usr/bin/cow
        level 4 [0]   HEX  table HEX, refs 1: present user accessed
                      alone again: nobody else has it any more, but W is still clear
        ANY
        A write now: tree_own first takes back the tables of levels 3, 2 and 1; then ANY
          nobody else has the page HEX."""),
    ("text", "a write to text", """
        HEX in mm 4 of pid 3 "cow": the program's code: page 1 of /usr/bin/cow
        ANY
        A write now: SIGSEGV (SEGV_ACCERR): it is mapped r-x, without PROT_WRITE."""),
    ("nothing", "a null pointer", """
        0x0 in mm 4 of pid 3 "cow": a null pointer, or near one
        ANY
        level 2 [0]   0x0000000000000000  empty: nothing in all 2M of it
        The CPU may do nothing here: level 2 is not present.
        A read now: SIGSEGV (SEGV_MAPERR): nothing is mapped there.
        A write now: SIGSEGV (SEGV_MAPERR): nothing is mapped there."""),
    ("stack", "a stack that will grow", """
        HEX in mm 4 of pid 3 "cow": HEX below the stack's bottom
        ANY
        A write now: fault_grow promises 96K more of stack; fault_untouched ANY"""),
    ("far below", "and one that will not", """
        A write now: SIGSEGV (SEGV_MAPERR): the stack may not grow so far (RLIMIT_STACK)."""),
    ("kernel", "the kernel's text", """
        HEX in mm 4 of pid 3 "cow": the kernel: fault_copy
        ANY
        In kernel mode the CPU may read, not write (W is clear at level 1), execute."""),
]

FRAMES = """
    @ frame
    tine frame page
    @ file
    tine frame main
    @ root
    tine frame $mm->root
    @ slab
    tine frame $task
    @ kernel stack
    tine frame $task->kstack_top-100
    @ image
    tine frame &proc_lock
    @ zero
    tine frame zero_page
    @ free
    tine frame clean_list ? clean_list : free_list
"""
FRAME_POINTS = [
    ("frame", "tine frame: one entry, two processes", """
        frame HEX: physical HEX, direct map HEX, pages[HEX]
        anon, refs 1
          0x7f7ffffff000 rw- W: level 1 [511] of table HEX, mm 3 (pid 2 "cow"), mm 4 (pid 3 "cow")
        refs 1, found 1: they agree; 2 address spaces see it, because they share tables above"""),
    ("file", "a page of a file", """
        file, refs 3
          /usr/bin/cow, inode NUM: its page 1, offset 0x1000
          0x401000 r-x: level 1 [1] of table HEX, mm NUM (pid NUM "cow")
          0x401000 r-x: level 1 [1] of table HEX, mm NUM (pid NUM "cow")
        refs 3, found 3: they agree"""),
    ("root", "a root", """
        table, refs 1, level 4: 3 entries in use, 13 pages below it there, 20 mapped
          the root of mm 4 (pid 3 "cow")
        refs 1, found 1: they agree"""),
    ("slab", "a slab, and what is in it", """
        heap, refs 1
          a slab of heap-NUM: NUM of NUM objects of NUM bytes in use
          the address is 0x0 bytes into object NUM, which is in use
        ANY
          object NUM: struct task of task 3 "cow"
        ANY
        refs 1, as every frame of this kind"""),
    ("kernel stack", "a kernel stack", """
        kernel, refs 1
          kernel stack of task 3 "cow": 0x1000 below its top, HEX"""),
    ("image", "the kernel's image", "  the kernel's image: proc_lock"),
    ("zero", "the zero page", "the page of zeros, which nobody counts; ANY"),
    ("free", "a free frame", """
        free, refs 0
          number 1 on ANY_list, the list of free frames ANY"""),
]

FAULT = """
    @ fault
    tbreak trap_dispatch if $task_of()->pid->number == 3 && vector == 14
    continue
    tine fault
    @ own
    tbreak tree_own if $task_of()->pid->number == 3
    continue
    tine fault
    @ copy
    tbreak fault_copy if $task_of()->pid->number == 3
    continue
    tine fault
    @ backtrace
    bt 3
""" + "".join(f"@ {line}\n{line}\n" for line in (
    "info args", "print *path", "print *copy", "print *$task", "print *$mm",
    "print *$task->process", "print all_processes")) + """
    @ locks
    print proc_lock
    print $mm->lock
    @ entry
    print *path->leaf
    print/r *path->leaf
    @ words
    print (enum map_flags)0x22
    print (enum open_flags)0x241
    print (enum clone_flags)0x4111
    print (sigset_t)0x4002
    print $task->name
    print $task->pid
    @ garbage
    print (struct task *)5
    print *(struct mm *)8
    print (struct page *)0xffff800000000001
    print (pte_t)0x70
    print (pte_t *)16
    print *(struct task *)pages
    print *(struct page *)kernel_start
    print *(struct process *)kernel_start
    print *(struct path *)kernel_start
    @ done
    tbreak tlb_flush_page if $task_of()->pid->number == 3
    continue
    tine fault
    @ after
    tine leave
    tine tree 3 page
    tine frame page
    @ end
    tbreak process_reap
    continue
    tine tree 3
"""
FAULT_POINTS = [
    ("fault", "tine fault, from trap_dispatch on", """
        Page fault on CPU 0: task 3 "cow", in its program, at 0x7f7ffffff000
          error code   0x7: present write user: a write in user mode; W is clear at level 4
          address      anonymous memory (mmap)
          instruction  faults_of_write+NUM at user/cow.c:NUM: mov ANY
          rule   copy: tree_own first copies the tables of levels 3, 2 and 1; then fault_copy ANY
                       the page HEX, which then has 2 references"""),
    ("own", "in tree_own", """
          rule         copy: tree_own first copies ANY
        ANY
          now in       fault_write (kernel/mm/fault.c:NUM)"""),
    ("copy", "in fault_copy", """
          rule         copy: fault_copy copies the page HEX, which has 2 references
          now in       fault_copy (kernel/mm/fault.c:NUM)"""),
    ("done", "when it is done", "  rule         has been applied: what was touched is there now"),
    ("after", "and afterwards", """
        A write now: no fault: the CPU may.
        ANY
        refs 1, found 1: they agree"""),
    ("end", "a zombie", 'task 3 "cow" has no memory of its own: it has exited'),
    ("backtrace", "bt: what arguments point to", """
        #0  fault_copy (mm=mm 4 "cow", path=walk to 0x7f7ffffff000, copy=frame HEX anon ANY"""),
    ("info args", "info args", """
        mm = HEX (mm 4 "cow")
        path = HEX (walk to 0x7f7ffffff000, own down to level 1)
        copy = HEX (frame HEX anon refs 1)"""),
    ("print *path", "a walk", """
          table[4] = HEX (frame HEX table level 4 refs 1),
          table[3] = HEX (frame HEX table level 3 refs 1),
          table[2] = HEX (frame HEX table level 2 refs 1),
          table[1] = HEX (frame HEX table level 1 refs 1),
          leaf = HEX ([511] of HEX: HEX (page HEX rw-: present user accessed dirty nx))"""),
    ("print *copy", "a struct page", """
        $NUM = (frame HEX anon refs 1) = {
          refs = 1,
          kind = PAGE_ANON,
          (are 0) = index owner
        }"""),
    ("print *$task", "a task", """
        $NUM = (task 3 "cow") = {
        ANY
          state = TASK_RUNNING,
        ANY
          mm = HEX (mm 4 "cow"),
        ANY
          pending = {},
        ANY
          mutexes = {[0] = HEX (mm held by task 3 "cow")},
          (are 0) ="""),
    ("print *$mm", "an address space", """
        $NUM = (mm 4 "cow") = {
        ANY
          lock = mm held by task 3 "cow",
          root = HEX,
        ANY
          locks = LOCKS_NONE,
        ANY
          exe = HEX (/usr/bin/cow O_RDONLY),"""),
    ("print *$task->process", "a process", """
          tasks = list of 1 task: task 3 "cow",
        ANY
          children = empty list of process,
        ANY
          rlimit =
            STACK 8388608/inf, ANY"""),
    ("print all_processes", "a list", """
        $NUM = list of 3 process = {
          [0] = HEX (process 1 "init"),
          [1] = HEX (process 2 "cow"),
          [2] = HEX (process 3 "cow")
        }"""),
    ("locks", "locks", """
        $NUM = proc_lock free
        $NUM = mm held by task 3 "cow\""""),
    ("entry", "an entry, and its number", """
        $NUM = HEX (page HEX rw-: present user accessed dirty nx)
        $NUM = NUM"""),
    ("words", "flags, a signal set, a name, a number", """
        $NUM = MAP_PRIVATE|MAP_ANONYMOUS
        $NUM = O_WRONLY|O_CREAT|O_TRUNC
        $NUM = CLONE_VM|CLONE_VFORK|SIGCHLD
        $NUM = {SIGINT SIGTERM}
        $NUM = "cow"
        $NUM = HEX (3 "cow")"""),
    ("garbage", "garbage", """
        $NUM = 0x5 <unreadable>
        Cannot access memory at address 0x8
        $NUM = 0xffff800000000001 (not in pages[])
        $NUM = 0x70 (no entry that Tine makes)
        $NUM = 0x10 <unreadable>"""),
]

COMMANDS = SHARED + FRAMES + "TRIES" + FAULT
POINTS = SHARED_POINTS + FRAME_POINTS + FAULT_POINTS
