# & and wait: statuses by pid, all children, none.
sleep 0 & wait $!; echo $?
sh -c 'exit 5' & wait $!; echo $?
(exit 1) & a=$!; (exit 2) & b=$!; wait $b; echo $?; wait $a; echo $?
echo in background & wait
sleep 100 & kill $!; wait $!; echo $?
wait; echo "none left: $?"
wait 999999; echo $?
{ sleep 0; echo group; } & wait
test "$!" -gt 1 && echo "pid known"
cat & wait $!; echo "its input is empty: $?"
