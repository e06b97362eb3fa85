# read: fields, the rest, -r, the end of the input.
echo "a b c d" | { read x y z; echo "$x|$y|$z"; }
echo "  lead  trail  " | { read x; echo "[$x]"; }
echo 'back\slash' | { read x; echo "$x"; }
echo 'back\slash' | { read -r x; echo "$x"; }
printf 'one\ntwo' | { read a; read b; echo "$a $b $?"; }
printf 'no newline' | { read a; echo "$a $?"; }
: | { read a; echo "[$a] $?"; }
echo a:b:c | { IFS=: read x y; echo "$x $y"; }
printf '1\n2\n3\n' | while read n; do echo $((n * n)); done
