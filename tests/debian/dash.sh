# dash, the /bin/sh of Debian, which is /bin/sh here too.
echo "$(readlink /bin/sh) $(readlink /bin)"
i=0
while [ $i -lt 200 ]; do
	i=$((i + 1))
	last=$(echo $i)
done
echo $last
interrupted() { trap 'echo interrupted; exit 4' INT; sh -c "kill -INT $1"; }
(interrupted "$(exec sh -c 'echo $PPID')")
echo $?
set -- a b c
for x; do printf '%s ' "$x"; done
echo "$# ${x#?} ${unset:-default} ${y:=z}$y"
cat <<X
$((0x1f << 2)) $(printf '%b' 'a\tb')
X
(sleep 0.1; echo background) &
wait
echo done $?
ls /not-there 2>/dev/null || echo fails
sh -c 'kill -9 $$'
echo $?
read -r a b <<X
one two three
X
echo "$b"
exec 3>&1
(echo through 3 >&3) | cat
case x in [!a-c]) echo class ;; esac
f() { return $(( $1 - 1 )); }
f 8 || echo "f $?"
echo 'echo a script; exit 6' >script
sh ./script
echo $?
printf '#!/bin/dash\necho "$0 $1"\n' >script
chmod +x script
./script argument
command -v ls
trap 'echo the end' EXIT
set -e
false
echo not reached
