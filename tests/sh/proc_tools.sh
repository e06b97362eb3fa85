# What tools say by /proc: each figure against another source of the same.
sleep 100 & sleeper=$!
sh -c 'exec 7>held; exec sleep 100' & holder=$!
until test -e held; do :; done
until test "$(cat /proc/$sleeper/comm)" = sleep && test "$(cat /proc/$holder/comm)" = sleep; do :; done

busybox ps | grep -c "^ *$sleeper .* sleep 100\$"
busybox ps -o pid,ppid,pgid,sid,vsz,comm | while read -r pid ppid pgid sid vsz comm; do
	test "$pid" = "$sleeper" || continue
	read -r _ _ _ par grp ses rest </proc/$pid/stat
	test "$ppid $pgid $sid" = "$par $grp $ses" && test "$par" = $$ && echo "ps -o: $comm"
	size=$(sed -n 's/^VmSize:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$pid/status)
	case $vsz in
	*m) ;;
	"$size") echo 'vsz is VmSize' ;;
	esac
done
for p in $(busybox pidof sleep); do
	test $p = $sleeper && echo 'pidof: found'
done

total=0
grep -v vsyscall /proc/$sleeper/maps >m
while read -r range rest; do
	total=$((total + (0x${range#*-} - 0x${range%-*}) / 1024))
done <m
size=$(sed -n 's/^VmSize:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$sleeper/status)
test $total = $size && echo 'maps add up to VmSize'

test "$(readlink /proc/$holder/fd/7)" = "$(readlink -f held)" && echo 'fd/7 is the file held'
test "$(readlink /proc/$holder/cwd)" = "$(readlink -f .)" && echo cwd
ls /proc/$holder/fd | tail -1
ls /proc/self/task | wc -l
tr '\0' ' ' </proc/$holder/cmdline; echo

set -- $(busybox free | sed -n 2p)
test "$2" = "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)" && echo 'free: total'
busybox free -b | head -1
test "$(busybox nproc)" -le "$(grep -c ^processor /proc/cpuinfo)" && echo nproc
busybox uptime | grep -c 'load average: [0-9.]*, [0-9.]*, [0-9.]*$'
busybox top -b -n 1 | grep -c '^  PID  PPID USER     STAT   VSZ'
busybox top -b -n 1 | grep -c "^ *$sleeper *$$ .* sleep 100"
busybox uname -n | cmp - /proc/sys/kernel/hostname && echo hostname
busybox mount | grep -c ' on /proc type proc (rw'
busybox df / >/dev/null 2>&1 || busybox df >/dev/null && echo df
busybox time true 2>&1 | sed 's/[0-9.]\{1,\}/N/g'
busybox watch -n 1 -t true </dev/null >/dev/null & w=$!; kill $w; wait $w; echo "watch $?"
busybox renice 5 $sleeper; cut -d ' ' -f 18,19 /proc/$sleeper/stat
busybox killall -q -s USR1 sleeperx; echo "killall: none: $?"
kill $holder; wait $holder; echo "held: $?"
test -e /proc/$holder || echo 'gone from /proc'
kill $sleeper; wait $sleeper 2>/dev/null; echo "sleeper: $?"
