# A trapped signal ends wait at once, with 128+N; the child lives on and can be waited for.
trap 'echo trapped' USR1
(sleep 1; exit 4) & child=$!
(sleep 0.3; kill -USR1 $$) &
wait $child; echo "wait: $?"
wait $child; echo "again: $?"
(sleep 0.3; kill -USR1 $$) &
sleep 1; echo "after the command, not in it: $?"
wait
trap - USR1
sh -c 'trap "echo in loop; exit 9" ALRM; (sleep 0.3; kill -ALRM $$) & while :; do :; done'; echo $?
sh -c 'trap "echo told" TERM; kill $$ & wait $!; wait; echo done'
