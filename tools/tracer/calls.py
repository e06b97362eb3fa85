"""The system calls of Linux for x86-64, for tools/tracer/strace.py: number, name, arguments.

A line of CALLS is `NUMBER NAME KINDS...`, and `-> KIND` for a result that is no plain number. A
kind is the name of a group in tools/tracer/constants.py, or one of these:
    fd dirfd    a descriptor; AT_FDCWD           id int uint hex off   numbers as they are written
    path buf    bytes that go in, as a string    data   bytes that come out, with the result
    in out      a pointer to what goes in, and to what comes out
    vector set  several buffers; a set of signals (outvector, outset: come out); fds: a pipe's two
    argv        a list of strings                mode dev  0644, makedev()
    -           not shown
    [KIND]      only if the argument before says so (open's mode, mremap's new address)
and some that are written by a function of that name (clone, fcntl, ioctl, ...). tests/tracetool.t
compares numbers with kernel/syscall/table.c, and with Linux's header those that Tine has not.
"""

CALLS = """
0 read fd data uint
1 write fd buf uint
2 open path oflags [mode]
3 close fd
4 stat path out
5 fstat fd out
6 lstat path out
7 poll inout uint int
8 lseek fd off whence
9 mmap in uint prot mapflags fd offset -> hex
10 mprotect in uint prot
11 munmap in uint
12 brk in -> hex
13 rt_sigaction signal in out uint
14 rt_sigprocmask sighow set outset uint
15 rt_sigreturn
16 ioctl fd ioctl
17 pread64 fd data uint off
18 pwrite64 fd buf uint off
19 readv fd outvector int
20 writev fd vector int
21 access path access
22 pipe fds
23 select int inout inout inout in
24 sched_yield
25 mremap in uint uint mremap [in] -> hex
26 msync in uint msync
27 mincore in uint out
28 madvise in uint madvise
32 dup fd
33 dup2 fd fd
34 pause
35 nanosleep in out
36 getitimer itimer out
37 alarm uint
38 setitimer itimer in out
39 getpid
40 sendfile fd fd inout uint
41 socket domain socktype protocol
42 connect fd in int
43 accept fd out out
44 sendto fd buf uint msg in uint
45 recvfrom fd data uint msg out out
46 sendmsg fd in msg
47 recvmsg fd out msg
48 shutdown fd shutdown
49 bind fd in int
50 listen fd int
51 getsockname fd out out
52 getpeername fd out out
53 socketpair domain socktype protocol fds
54 setsockopt fd socklevel sockopt in int
55 getsockopt fd socklevel sockopt out out
56 clone clone
57 fork
58 vfork
59 execve path argv envp
60 exit int
61 wait4 id status wait out
62 kill id signal
63 uname out
72 fcntl fd fcntl
73 flock fd flock
74 fsync fd
75 fdatasync fd
76 truncate path off
77 ftruncate fd off
79 getcwd data uint
80 chdir path
81 fchdir fd
82 rename path path
83 mkdir path mode
84 rmdir path
85 creat path mode
86 link path path
87 unlink path
88 symlink path path
89 readlink path data uint
90 chmod path mode
91 fchmod fd mode
92 chown path id id
93 fchown fd id id
94 lchown path id id
95 umask mode -> octal
96 gettimeofday out out
97 getrlimit rlimit out
98 getrusage rusage out
99 sysinfo out
100 times out
101 ptrace hex id in in
102 getuid
103 syslog int out int
104 getgid
105 setuid id
106 setgid id
107 geteuid
108 getegid
109 setpgid id id
110 getppid
111 getpgrp
112 setsid
113 setreuid id id
114 setregid id id
115 getgroups int out
116 setgroups int in
117 setresuid id id id
118 getresuid out out out
119 setresgid id id id
120 getresgid out out out
121 getpgid id
122 setfsuid id
123 setfsgid id
124 getsid id
125 capget in out
126 capset in in
127 rt_sigpending outset uint
128 rt_sigtimedwait in out in uint
129 rt_sigqueueinfo id signal in
130 rt_sigsuspend set uint
131 sigaltstack in out
132 utime path in
133 mknod path filemode [dev]
135 personality hex
137 statfs path out
138 fstatfs fd out
140 getpriority priority id
141 setpriority priority id int
142 sched_setparam id in
143 sched_getparam id out
144 sched_setscheduler id sched in
145 sched_getscheduler id
146 sched_get_priority_max sched
147 sched_get_priority_min sched
148 sched_rr_get_interval id out
149 mlock in uint
150 munlock in uint
151 mlockall mlockall
152 munlockall
157 prctl prctl
158 arch_prctl arch_prctl in
160 setrlimit rlimit in
161 chroot path
162 sync
164 settimeofday in in
165 mount path path path mount in
166 umount2 path umount
169 reboot hex hex hex in
170 sethostname buf uint
171 setdomainname buf uint
186 gettid
187 readahead fd off uint
191 getxattr path path out uint
192 lgetxattr path path out uint
193 fgetxattr fd path out uint
194 listxattr path out uint
195 llistxattr path out uint
196 flistxattr fd out uint
200 tkill id signal
201 time out
202 futex futex
203 sched_setaffinity id uint in
204 sched_getaffinity id uint out
217 getdents64 fd out uint
218 set_tid_address in
219 restart_syscall
221 fadvise64 fd off uint fadvise
222 timer_create clockid in out
223 timer_settime int timer in out
224 timer_gettime int out
225 timer_getoverrun int
226 timer_delete int
227 clock_settime clockid in
228 clock_gettime clockid out
229 clock_getres clockid out
230 clock_nanosleep clockid timer in out
231 exit_group int
233 epoll_ctl fd int fd in
234 tgkill id id signal
235 utimes path in
247 waitid idtype id out wait out
257 openat dirfd path oflags [mode]
258 mkdirat dirfd path mode
259 mknodat dirfd path filemode [dev]
260 fchownat dirfd path id id at
261 futimesat dirfd path in
262 newfstatat dirfd path out at
263 unlinkat dirfd path at
264 renameat dirfd path dirfd path
265 linkat dirfd path dirfd path at
266 symlinkat path dirfd path
267 readlinkat dirfd path data uint
268 fchmodat dirfd path mode
269 faccessat dirfd path access
270 pselect6 int inout inout inout in in
271 ppoll inout uint in in uint
273 set_robust_list in uint
274 get_robust_list id out out
277 sync_file_range fd off off syncrange
280 utimensat dirfd path in at
281 epoll_pwait fd out int int in uint
284 eventfd uint
285 fallocate fd fallocate off off
288 accept4 fd out out socktype
290 eventfd2 uint eventfd
291 epoll_create1 newfd
292 dup3 fd fd newfd
293 pipe2 fds newfd
295 preadv fd in int off
296 pwritev fd in int off
297 rt_tgsigqueueinfo id id signal in
302 prlimit64 id rlimit in out
306 syncfs fd
309 getcpu out out in
314 sched_setattr id in hex
315 sched_getattr id out uint hex
316 renameat2 dirfd path dirfd path rename
317 seccomp hex hex in
318 getrandom data uint getrandom
319 memfd_create path memfd
325 mlock2 in uint mlock
326 copy_file_range fd inout fd inout uint hex
327 preadv2 fd in int off - rwf
328 pwritev2 fd in int off - rwf
332 statx dirfd path statx statxmask out
334 rseq in hex hex hex
435 clone3 in uint
436 close_range uint uint closerange
439 faccessat2 dirfd path access faccess
"""


class Row:
    def __init__(self, line):
        kinds, _, result = line.partition(" -> ")
        number, self.name, *self.kinds = kinds.split()
        self.number, self.result = int(number), result or "int"


def read_calls():
    """{number: Row}"""
    rows = [Row(line) for line in CALLS.strip().splitlines()]
    return {row.number: row for row in rows}
