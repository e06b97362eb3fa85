# No descriptor of the shell itself reaches a program: 0, 1, 2 and the one of ls.
ls /proc/self/fd | wc -l
echo x | ls /proc/self/fd | wc -l
(ls /proc/self/fd) | wc -l
x=$(ls /proc/self/fd | wc -l); echo $x
for i in 1; do ls /proc/self/fd | wc -l; done >f; cat f
{ ls /proc/self/fd | wc -l; } 2>&1
ls /proc/self/fd 7</dev/null | wc -l
ls /proc/self/fd | cat | wc -l
f() { ls /proc/self/fd | wc -l; }; f >f; cat f
