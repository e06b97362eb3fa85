# $$ $! $? and odd names.
sh -c 'test $$ -gt 1 && echo number'
true; echo $?; false; echo $?
(exit 3); x=$?; echo $x $?
echo "$" $ "a$" '$'
echo $nope"x"$nope
: ; echo $?
echo ${#} $#
a_b1=u; echo $a_b1 ${a_b1}c $a_b1-d
