# A supervisor: workers that fail and are started anew, signals that it catches, an orderly end.
set -u

say() { echo "$*" >&3; }
exec 3>&1

# Workers -----------------------------------------------------------------------------------

# Fails until its count file says that it has been started often enough.
flaky() {
	echo x >>"count.$1"
	[ "$(wc -l <"count.$1")" -ge "$2" ] || exit "$3"
	exit 0
}

# Works until TERM, and tidies up.
steady() {
	trap 'echo "$1 tidies up" >>log; kill $reader; exit 0' TERM
	trap 'echo "$1 reads its configuration" >>log; : >"reread.$1"' HUP
	read -r _ <hold & reader=$!
	: >"up.$1"
	while :; do wait $reader; done
}

# Deaf to TERM: needs KILL.
deaf() {
	trap '' TERM
	: >"up.$1"
	read -r _ <hold
	exit 9
}

# The supervisor ------------------------------------------------------------------------------

mkfifo hold
exec 4<>hold
: >log

until_there() {
	until [ -e "$1" ]; do sleep 0.01 2>/dev/null || sleep 1; done
}

restart() { # NAME LIMIT WORKER ARGUMENTS...: starts again until status 0, at most LIMIT times
	name=$1 limit=$2 tries=0 status=1
	shift 2
	while [ $status -ne 0 ] && [ $tries -lt "$limit" ]; do
		("$@") &
		wait $!
		status=$?
		tries=$((tries + 1))
		say "$name: try $tries ended with $status"
	done
	return $status
}

echo "== workers that fail"
restart a 5 flaky a 3 17 && echo "a is well"
restart b 2 flaky b 9 1 || echo "b is given up"

echo "== all at once; their ends in the order of the list"
list=
for n in 1 2 3 4 5; do
	(exit $((n * 3 % 7))) &
	list="$list $!"
done
for pid in $list; do
	wait "$pid"
	printf '%s ' $?
done
echo

echo "== a worker that a signal ends"
for signal in TERM KILL HUP USR1; do
	sleep 100 &
	kill -$signal $!
	wait $! 2>/dev/null
	echo "$signal: $?"
done 2>/dev/null

echo "== steady workers: hang-up, termination"
steady one & one=$!
steady two & two=$!
until_there up.one; until_there up.two
kill -HUP $one
until_there reread.one
kill -TERM $one $two
wait $one; echo "one: $?"
wait $two; echo "two: $?"
sort log

echo "== a deaf worker"
deaf three & three=$!
until_there up.three
kill -TERM $three
kill -0 $three && echo "it is still there"
kill -KILL $three; wait $three 2>/dev/null; echo "three: $?"
kill -0 $three 2>/dev/null || echo "it is gone"

echo "== wait is interrupted by a trap, and the worker goes on"
trap 'echo "caught USR1"' USR1
(read -r line <hold; exit 5) & worker=$!
me=$$
(sleep 1; kill -USR1 $me; sleep 1; echo go >&4) & helper=$!
wait $worker; first=$?
[ $first -gt 128 ] && echo "wait was interrupted: $first"
wait $worker; echo "worker: $?"
wait $helper; echo "helper: $?"
trap - USR1

echo "== traps: order, inheritance, reset"
trap 'echo "exit trap of the supervisor, status $?"' EXIT
(echo "a subshell has no exit trap of its parent")
(trap 'echo "exit trap of the subshell"' EXIT; exit 3); echo "subshell: $?"
sh -c 'trap "echo ignored signals stay ignored" INT; kill -INT $$; echo after' & wait $!
trap '' USR2
sh -c 'kill -USR2 $$; echo "USR2 is ignored in a child"'
trap - USR2
{ sh -c 'kill -USR2 $$; echo not reached'; } 2>/dev/null; echo "USR2: $?"
trap 'echo "first"; trap "echo second" TERM' TERM
kill -TERM $$; kill -TERM $$
trap - TERM

echo "== a collector behind a fifo"
mkfifo queue
(sort <queue >collected) & collector=$!
exec 5>queue
for w in 1 2 3; do
	(i=0; while [ $i -lt 20 ]; do echo "worker $w item $i" >&5; i=$((i + 1)); done) &
	eval "w$w=$!"
done
wait $w1; wait $w2; wait $w3
exec 5>&-
wait $collector; echo "collector: $?"
wc -l <collected | tr -d ' '
cut -d' ' -f1,2 collected | uniq -c | sed 's/^ *//'

echo "== a limit on time"
limited() { # SECONDS COMMAND...
	seconds=$1
	shift
	"$@" & job=$!
	(
		trap 'kill $sleeper; exit' TERM
		sleep "$seconds" & sleeper=$!
		: >up.clock
		wait
		kill -TERM $job
	) & clock=$!
	until_there up.clock
	rm up.clock
	wait $job; status=$?
	kill $clock 2>/dev/null
	wait $clock 2>/dev/null
	return $status
}
limited 100 sh -c 'exit 6' 2>/dev/null; echo "in time: $?"
limited 1 sleep 100 2>/dev/null; echo "too late: $?"

rm -f count.* up.* reread.* log hold queue collected
exit 11
