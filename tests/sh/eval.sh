# eval, and variables whose name is in a variable.
eval echo a '$x' b
x=val; n=x; eval echo \$$n
eval 'for i in 1 2; do echo $i; done'
eval "y=5; z=\$y"; echo $z
eval false; echo $?
eval; echo $?
for i in 1 2 3; do eval 'break'; done; echo $i
c='echo | cat'; $c; eval "$c" | wc -l
