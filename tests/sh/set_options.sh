# set -u, -x, --, and $-.
sh -uc 'echo ${x-none}; echo $x; echo not here' 2>/dev/null; echo $?
sh -c 'set -u; x=; echo "[$x]" "${#x}" $# "$*"; echo "$1"; echo not here' 2>/dev/null; echo $?
sh -c 'set -u; echo ${x:=new} $x; set +u; echo "[$y]"' 2>/dev/null; echo $?
sh -xc 'a=1; echo $a two; for i in 1 2; do : $i; done' 2>&1
sh -c 'PS4="> "; set -x; echo traced; set +x; echo not traced' 2>&1
set -- a 'b c' -d; echo $# "$2" "$3"
set --; echo $#
set -e x y; echo $# $1; set +e
set -eu; case $- in *e*) echo e;; esac; case $- in *u*) echo u;; esac; set +eu
case $- in *e*|*u*) echo still;; esac
sh -e -c 'echo $0 $1; false; echo not here' name arg; echo $?
sh -c 'set -Q; echo "not here"' 2>/dev/null; echo $?
