# Results of $ are split at IFS unless quoted.
count() { echo $#; }
v=' a  b	c '
count $v; count "$v"; count x$v; count $v$v
IFS=:; p=a:b::c; count $p; for i in $p; do echo "[$i]"; done
p=:x; count $p; p=x:; count $p
IFS=' :'; p='a : b:c'; for i in $p; do echo "<$i>"; done
IFS=; p='a b'; count $p
unset IFS; count $p
e=; count $e; count "$e"; count $e"" ; count $e x
