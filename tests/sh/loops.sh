# while, until, for, break, continue.
i=0; while [ $i -lt 3 ]; do echo w$i; i=$((i + 1)); done
until [ $i -eq 0 ]; do i=$((i - 1)); echo u$i; done
for x in a b "c d"; do echo $x; done
for x in 1 2 3 4 5; do [ $x = 2 ] && continue; [ $x = 4 ] && break; echo $x; done
for x in 1 2 3; do for y in a b c; do [ $y = b ] && continue 2; echo $x$y; done; done
for x in 1 2; do while true; do break 2; done; echo never; done; echo out
for x in; do echo never; done
while false; do :; done; echo $?
for x in 1 2 3
do
	echo $x
done | tail -n 1
while read a b; do echo "$b $a"; done <<END
first second third
x y
END
