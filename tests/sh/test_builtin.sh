# test and [.
t() { test "$@"; echo "$? $*"; }
t; t ""; t x; t -n x; t -n ""; t -z ""; t -z x; t a = a; t a = b; t a != b; t ! x; t ! ""
t 1 -eq 1; t 1 -ne 1; t 2 -lt 10; t 2 -gt 10; t 3 -le 3; t 3 -ge 4; t -5 -lt 0
t x -a y; t x -a ""; t "" -o y; t "" -o ""; t "(" x ")"; t ! a = b; t "!" = "!"; t -f = -f
: >f; echo text >g; mkdir d; ln -s g l; ln -s nosuch broken; chmod +x g
t -e f; t -f f; t -s f; t -s g; t -d d; t -f d; t -h l; t -L g; t -e broken; t -x g; t -x f; t -r g; t -w g
t -e nosuch; t -c /dev/null; t -p f
[ 1 -lt 2 ] && echo bracket; [ a = b ] || echo not; [ -f f -a -d d ] && echo both
x='a b'; [ "$x" = "a b" ] && echo spaces
test 1 -eq x; echo $?
