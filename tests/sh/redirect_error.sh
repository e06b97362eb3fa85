# A redirect that fails: the command does not run, the shell goes on.
cat </nosuch/file; echo "status $?"
sh -c 'echo x >/nosuch/file; echo $?'
/bin/nosuch >made; test -e made && echo "made all the same"
for i in 1 2; do echo $i; done >/nosuch/x; echo "loop $?"
