# < > >> 2> >& and their order.
echo one >f; echo two >>f; cat <f
cat nosuch 2>err; echo $?; test -s err && echo "err has text"
{ echo out; echo err >&2; } >both 2>&1; cat both
{ echo out2; echo err2 >&2; } 2>&1 >only | sed 's/^/pipe: /'; cat only
>empty; wc -c <empty
exec 5>five; echo to five >&5; exec 5>&-; cat five
cat <five >copy; cmp five copy && echo same
echo a >f 2>&1; cat f
echo gone >/dev/null
wc -l 0<f
