# wait with several pids and with %ids; kill by number, name and %id; statuses of the killed.
(exit 3) & a=$!
(exit 4) & b=$!
wait $a $b; echo $?
(exit 5) & wait %1; echo $?
(exit 6) & wait %%; echo $?
sleep 100 & kill -9 $!; wait $! 2>/dev/null; echo $?
sleep 100 & kill -s INT $!; kill -s HUP $!; wait $! 2>/dev/null; echo $?
sleep 100 & kill -USR1 $!; wait $! 2>/dev/null; echo $?
sleep 100 & kill %1; wait; echo "all: $?"
sleep 100 & kill -KILL %1; wait $! 2>/dev/null; echo $?
wait 999999; echo "unknown: $?"
sleep 0 | (exit 8) & wait $!; echo "of a pipeline: $?"
kill -0 $$; echo "there: $?"
kill -0 999999 2>/dev/null || echo "not there"
kill -l 130; kill -l 15; kill -l 9
kill -NOSUCH $$ 2>/dev/null || echo "no such signal"
(sleep 100 & echo $! >pid; wait) & sleep 0.5; kill $(cat pid); wait; echo "grandchild"
sh -c 'kill -9 $$'; echo $?
{ sleep 0.2; exit 2; } & sleep 0.5; wait $!; echo "ended before: $?"
