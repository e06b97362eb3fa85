# A trapped signal ends wait at once, with 128+N; the child lives on and can be waited for.
# asleep waits until the main shell sleeps, in its wait or for its command: any time could be short.
asleep() { until [ "$(cut -d ' ' -f 3 /proc/$$/stat)" = S ]; do :; done; }
trap 'echo trapped' USR1
(until [ -e go ]; do sleep 0.1; done; exit 4) & child=$!
(asleep; kill -USR1 $$) &
wait $child; echo "wait: $?"
>go
wait $child; echo "again: $?"
(asleep; kill -USR1 $$; >sent) &
sh -c 'until [ -e sent ]; do sleep 0.1; done; echo command'; echo "after the command, not in it: $?"
wait
trap - USR1
sh -c 'trap "echo in loop; exit 9" ALRM; (sleep 0.3; kill -ALRM $$) & while :; do :; done'; echo $?
sh -c 'trap "echo told" TERM; kill $$ & wait $!; wait; echo done'
