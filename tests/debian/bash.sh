# Bash: what scripts of real size use, of the language and of the kernel.
shopt -s extglob nullglob

echo "== language"
declare -A map=([a]=1 [b]=2)
for key in "${!map[@]}"; do echo "$key ${map[$key]}"; done | sort
array=({1..10})
echo "${array[@]:2:3}" "${#array[@]}" "${array[-1]}"
s=hello
echo "${s^^} ${s/l/L} ${s:1:3} ${#s} ${s%%l*}"
factorial() {
	local x=$1
	if ((x <= 1)); then echo 1; else echo $((x * $(factorial $((x - 1))))); fi
}
factorial 12
[[ abc =~ ^(a)(.)c$ ]] && echo "${BASH_REMATCH[2]}"
case foo in @(foo|bar)) echo extended ;; esac
printf -v hex '%x' 255
echo $hex {a,b}{1,2} $'\101'
getopts ab: option -b value && echo "$option $OPTARG"
select item in x y; do echo "$item"; break; done <<<2 2>/dev/null

echo "== files and pipes"
while read -r line; do echo "<$line>"; done < <(printf 'a\nb c\n')
mapfile -t lines < <(seq 3)
echo "${lines[*]}"
exec 5>o; echo five >&5; exec 5>&-; cat o
exec 6<>rw; echo both >&6; exec 6>&-; cat rw
cat <<X | tr a-z A-Z
here $((1 + 1)) $(echo substituted)
X
true | false | true
echo "${PIPESTATUS[@]}"
set -o pipefail
false | true
echo $?
umask 027; umask
read -r -t 0.1 line < <(sleep 1)
[ $? -gt 128 ] && echo timeout
echo {1..20000} | wc -w

echo "== processes"
(trap 'echo trap in a subshell' EXIT; exit 3)
echo $?
trap 'echo got USR1' USR1
kill -USR1 $BASHPID
trap 'echo got CHLD' CHLD; (exit 0) & wait $!; trap - CHLD
coproc UP { while read -r x; do echo "up ${x^^}"; done; }
echo one >&"${UP[1]}"
read -r reply <&"${UP[0]}"
echo "$reply"
pid=$UP_PID
eval "exec ${UP[1]}>&-"
wait "$pid"
echo "coproc $?"
sleep 0.1 & wait $!
echo $?
for i in 3 1 2; do (exit $i) & pids+=($!); done
for p in "${pids[@]}"; do wait "$p"; echo "child $?"; done
{ sleep 9 & } 2>/dev/null
kill $!
wait $! 2>/dev/null
echo "killed $?"
(exec -a other dash -c 'echo $0')
{ bash -c 'kill -SEGV $$'; } 2>/dev/null
echo $?
(ulimit -n 20; ulimit -n)
{ (ulimit -f 1; head -c 100000 /dev/zero >limited; echo $?); } 2>/dev/null
set -m
sleep 9 &
kill -STOP $!
until jobs | grep -q Stopped; do sleep 0.05; done
jobs | sed 's/  */ /g'
{ kill -KILL $!; disown %1; } 2>/dev/null

echo "== memory: the text of libc is there once, for all processes"
shared_text() {
	awk '/^[0-9a-f]+-/ { libc = $2 ~ /x/ && /libc\.so/ }
		libc && /^Shared_/ { kib += $2 }
		END { print (kib > 500 ? "shared" : "not shared: " kib " KiB") }' "$1"
}
coproc DASH { exec dash -c 'read x; read x; exit 7'; }
echo >&"${DASH[1]}"
shared_text "/proc/$DASH_PID/smaps"
pid=$DASH_PID
eval "exec ${DASH[1]}>&-"
wait "$pid"
trap 'echo exit trap' EXIT
