# ${x:-...} and its relatives, lengths and trimming.
unset u; e=; s=set
echo ${u:-one} ${u-two} ${e:-three} "[${e-four}]" ${s:-five}
echo ${u:=assigned} $u
echo "[${u:+alt}]" "[${nope:+alt}]" "[${e:+alt}]" "[${e+alt}]"
echo ${#s} ${#e} ${#nope}
p=/usr/lib/libc.so.6
echo ${p##*/} ${p#*/} ${p%/*} ${p%%/*}x ${p%.*} ${p%%.*}
echo "${nope:-a  b}" ${nope:-a  b} "${nope:-"q  q"}"
echo ${nope:-$(echo cmd)} ${nope:-${s}}
sh -c 'echo ${must:?message}; echo not reached' ; echo $?
