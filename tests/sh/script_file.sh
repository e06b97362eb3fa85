# sh FILE ARGS, scripts with and without #!, the . builtin.
echo 'echo "$0 $# $1"; exit 6' >s; sh s x y; echo $?
echo 'v=sourced; echo dot' >t; . ./t; echo $v
printf '#!/bin/cat\ntext\n' >c; chmod +x c; ./c
sh -c 'echo $0; echo $#'
sh -c 'echo "$@"' zero one "two words"
echo 'echo $1' >u; sh u 'a  b'
sh <u
