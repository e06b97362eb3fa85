# $0 to $9, $#, $@, $*, shift, set.
set -- a "b c" d
echo $# "$1" "$2" $3 "[$4]"
for x in "$@"; do echo "<$x>"; done
for x in $@; do echo "{$x}"; done
for x in "$*"; do echo "($x)"; done
for x; do echo "-$x"; done
shift; echo $# $1; shift 2; echo $#
set -- 1 2 3 4 5 6 7 8 9 10 11; echo $10 ${10} ${11} $#
sh -c 'echo $0 $1 $2 $#' name one two
set -- ; for x in "$@"; do echo never; done; echo "$#"
set -- "p q" r; set -- "x$@y"; for i in "$@"; do echo "[$i]"; done
