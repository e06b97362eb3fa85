# A syntax error ends sh -c with status 2 and runs nothing of that line.
sh -c 'echo a; fi' ; echo $?
sh -c 'if true; then echo x'; echo $?
sh -c 'echo "open'; echo $?
sh -c '| cat'; echo $?
sh -c 'echo ok
( echo b'; echo $?
sh -c 'a && && b'; echo $?
sh -c 'echo $(' ; echo $?
