# A pipeline of ten processes, its status, and pipes that end when the reader does.
echo abc | cat | cat | cat | cat | cat | cat | cat | cat | tr a-z A-Z
true | false; echo $?
false | true; echo $?
! true | false; echo "not: $?"
yes | head -n 2
seq 20000 | tail -n 1
{ echo one; echo two; } | while read line; do echo "got $line"; done
echo x | { cat; exit 4; }; echo $?
