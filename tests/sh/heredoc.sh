# << with and without expansion, two at once, large.
x=val
cat <<END
plain $x $((1 + 1)) $(echo cmd) \$x "quoted"
END
cat <<'END'
raw $x \$x `no`
END
cat <<A; cat <<B
first
A
second
B
while read l; do echo "<$l>"; done <<E
 a b
c
E
cat <<E | tr a-z A-Z
upper
E
i=0; while [ $i -lt 9 ]; do big="$big 0123456789abcdef"; big="$big$big"; i=$((i+1)); done
wc -c <<E
$big
E
