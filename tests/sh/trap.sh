# trap: on signals and on EXIT, ignored, reset, listed; subshells begin anew.
trap 'echo caught USR1' USR1
kill -USR1 $$; echo "after: $?"
trap 'echo "status was $?"; false' USR2
(exit 7); kill -USR2 $$; echo "kept: $?"
trap '' TERM; kill $$; echo "TERM was ignored"
trap - TERM
trap "echo it\'s quoted" INT
trap
trap - USR1 USR2 INT
trap
sh -c 'trap "echo bye; exit 3" EXIT; exit 5'; echo $?
sh -c 'trap "echo bye" EXIT; exit 5'; echo $?
sh -c 'trap "echo bye \$?" 0; false'; echo $?
sh -c 'trap "echo one; exit" EXIT; exit 6'; echo $?
sh -c 'trap "echo got it" TERM; kill $$; echo on'; echo $?
sh -c 'kill $$; echo not here'; echo $?
(trap 'echo inner' EXIT; echo in subshell); echo out
trap 'echo outer' EXIT
(echo "no EXIT trap in here")
echo $(echo "nor here")
trap 'echo two signals' HUP ALRM
kill -HUP $$; kill -s ALRM $$
f() { trap 'echo from function' USR1; }
f; kill -USR1 $$
trap '' USR1
sh -c 'trap "echo never" USR1; kill -USR1 $$; echo "ignored at the start"'
trap USR1; kill -l 10
trap 'echo x' NOSUCH 2>/dev/null || echo "no such signal"
while :; do kill -HUP $$; break; done
echo end
