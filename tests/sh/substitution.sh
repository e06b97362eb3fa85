# $(...) and `...`, nested, their status, their newlines.
echo $(echo a b) "$(echo 'c  d')" `echo e`
x=$(printf 'l1\nl2\n\n\n'); echo "$x"; echo $x
echo "$(echo "in $(echo "deep")")"
y=$(exit 3); echo $?
z=`echo \`echo nested\``; echo $z
echo "$(cat <<END
here
END
)"
echo $(for i in 1 2 3; do echo $i; done)
a=$(echo 'paren )' ); echo "$a"
false; echo $(echo $?)
echo "[$(true)]"
