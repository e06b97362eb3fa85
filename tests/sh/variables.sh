# Assignment, export, unset, and variables of one command.
a=1 b="two words"; echo $a "$b" ${a}x ${b}
c=$a$b; echo "$c"
V=tmp sh -c 'echo in $V'; echo "after [$V]"
E=exported; sh -c 'echo "[$E]"'; export E; sh -c 'echo "[$E]"'
export F=both; sh -c 'echo $F'
unset E; echo "[$E]"; sh -c 'echo "[$E]"'
a=$(echo sub) ; echo $a
empty=; echo "[$empty]" [$empty]
x=5; x=${x}6; echo $x
PATH_OLD=$PATH; echo "${PATH:+set}"
