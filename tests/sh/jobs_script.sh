# jobs in a script, where there is no job control: what runs, and no groups of their own.
# (Job control itself: tests/jobs.t, at a terminal.)
sleep 100 & sleep 101 | cat &
jobs | cut -c1-13
jobs %1 | cut -c1-13
jobs -p | wc -l | tr -d ' '
set -- $(jobs -p); echo "$# listed in a substitution"
(jobs | cut -c1-13)
kill $(jobs -p); wait
jobs >/dev/null
jobs
sleep 100 & p=$!
test "$(cut -d' ' -f5 /proc/$p/stat)" = "$(cut -d' ' -f5 /proc/$$/stat)" && echo "our group"
kill $p; wait $p; echo $?
fg 2>/dev/null || echo "no fg"
