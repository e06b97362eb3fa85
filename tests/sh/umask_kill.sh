# umask and kill as builtins.
umask 022; umask
umask 077; : >f; stat -c %a f; sh -c umask
umask 000; : >g; stat -c %a g
kill -0 $$; echo $?
sleep 100 & kill -9 $!; wait $!; echo $?
sleep 100 & kill -s TERM $!; wait $!; echo $?
kill -0 999999; test $? -ne 0 && echo "no such process"
