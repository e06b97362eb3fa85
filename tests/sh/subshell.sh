# ( ) changes nothing outside; { } does.
x=1; (x=2; echo $x); echo $x
{ x=3; }; echo $x
(cd /; pwd); test "$(pwd)" != / && echo "still where we were"
(exit 7); echo $?
(echo a; (echo b; (echo c)))
(echo in file) >f; cat f
a=$$; (test $a = $$ && echo "same number for the shell")
( false ) || echo after
{ echo grouped; exit 6; }
echo not reached
