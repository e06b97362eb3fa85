# Job control in a script: set -m, groups, stop and continue, fg, bg, wait and kill by job. When a
# shell speaks of a job that has ended is its own affair (and it forgets it then): to stderr, and
# only between two lines; so a job is killed and waited for in one.
set -m
exec 2>/dev/null

# Field 5 of /proc/PID/stat is the process group; the name before has no blanks here.
group_of() { set -- $(cat "/proc/$1/stat"); echo "$5"; }
state_of() { set -- $(cat "/proc/$1/stat"); echo "$3"; }
until_state() { # PID STATES
	while :; do
		case $2 in
		*$(state_of "$1")*) return ;;
		esac
		sleep 0.01 || sleep 1
	done
}
mask() { sed 's/[0-9][0-9][0-9]*/N/g;s/N  */N /g'; }

echo "== each job has a group"
sleep 100 & first=$!
sleep 100 | cat & second=$!
[ "$(group_of $first)" = "$first" ] && echo "the first leads its group"
[ "$(group_of $second)" != "$second" ] && echo "the last of a pipeline is not its leader"
[ "$(group_of $first)" != "$(group_of $second)" ] && echo "two jobs, two groups"
[ "$(group_of $$)" != "$(group_of $first)" ] && echo "the shell is in neither"
jobs | mask

echo "== stop and continue"
kill -STOP %1
until_state $first T
jobs %1 | mask
bg %1 >/dev/null
until_state $first SR
kill -TSTP -$(group_of $second)
until_state $second T
bg %2 >/dev/null
until_state $second SR
echo "both go on"

echo "== kill and wait by job"
kill %1; wait %1; echo "first: $?"
kill -INT %2; wait %2; echo "second: $?"

echo "== the foreground comes back with a status"
(exit 3) & fg %% >/dev/null; echo "fg: $?"
sh -c 'kill -STOP $$; exit 4' & job=$!
until_state $job T
fg >/dev/null; echo "stopped, then in the foreground: $?"
sh -c 'kill -STOP $$; exit 5' & job=$!
until_state $job T
bg >/dev/null; wait $job; echo "stopped, then in the background: $?"

echo "== a pipeline of several"
sh -c 'kill -TERM $$' | (cat; exit 6) | cat & wait $!; echo "the last counts: $?"
sh -c 'exit 1' | sh -c 'exit 2' & wait $!; echo "the last counts: $?"

echo "== many jobs"
mkfifo gate
exec 9<>gate
i=0
while [ $i -lt 12 ]; do
	(read -r line <&9; exit $i) &
	eval "job$i=$!"
	i=$((i + 1))
done
jobs -p >rest; wc -l <rest | tr -d ' '
i=0 sum=0
while [ $i -lt 12 ]; do
	echo go >&9
	i=$((i + 1))
done; while [ $i -gt 0 ]; do
	i=$((i - 1))
	eval "wait \$job$i"
	sum=$((sum + $?))
done
echo "sum of the statuses: $sum"

echo "== + and - are the current and the previous job"
sleep 100 & a=$!
sleep 101 & b=$!
sleep 102 & c=$!
kill %+; wait $c; echo "+: $?"
jobs >/dev/null
kill %?100; wait $a; echo "?100: $?"
jobs >/dev/null
kill %sleep; wait $b; echo "by its start: $?"

echo "== signals to a group"
sh -c 'trap "echo leader >>got; exit 1" USR1; (trap "echo member >>got; exit 2" USR1
	: >up; while :; do sleep 0.05; done) & while :; do sleep 0.05; done' & group=$!
until [ -e up ]; do sleep 0.01 || sleep 1; done
kill -USR1 -$group; wait $group; echo "group: $?"
until [ "$(wc -l <got)" -eq 2 ]; do sleep 0.01 || sleep 1; done
sort got
rm -f got up rest gate

echo "== without job control children stay in the shell's group"
set +m
sleep 100 & child=$!
[ "$(group_of $child)" = "$(group_of $$)" ] && echo "the same group"
kill $child; wait $child; echo "child: $?"
