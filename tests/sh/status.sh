# Exit statuses: 127, 126, 128 + signal, exit N, the last command's.
nosuchcommand; echo $?
./nosuch; echo $?
: >plain; chmod 644 plain; ./plain; echo $?
mkdir dir; ./dir; echo $?
sh -c 'kill -9 $$'; echo $?
sh -c 'kill -TERM $$'; echo $?
sh -c 'exit 300'; echo $?
sh -c 'false'; echo $?
sh nosuchscript || echo no script
(exit 5); echo $?
false
exit
