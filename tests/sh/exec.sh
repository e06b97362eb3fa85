# exec replaces the shell, and with redirects alone changes it.
sh -c 'exec echo replaced; echo never'
sh -c 'a=$$; exec sh -c "test $a = \$\$ && echo same process"'
exec 3>three; echo a >&3; echo b >&3; exec 3>&-; cat three
exec 4<three; read x <&4; read y <&4; echo $x $y; exec 4<&-
sh -c 'exec nosuch; echo never'; echo $?
(exec >inside; echo hidden); cat inside
exec sh -c 'exit 8'
