# set -e: ends at a failure, but not where somebody asks how it went.
sh -ec 'false; echo not here'; echo $?
sh -c 'set -e; false || echo or; echo on'; echo $?
sh -c 'set -e; false && echo no; echo on'; echo $?
sh -c 'set -e; true && false; echo not here'; echo $?
sh -c 'set -e; if false; then :; fi; echo on'; echo $?
sh -c 'set -e; while false; do :; done; until true; do :; done; echo on'; echo $?
sh -c 'set -e; ! true; echo on'; echo $?
sh -c 'set -e; ! false; echo on'; echo $?
sh -c 'set -e; false | true; echo on; true | false; echo not here'; echo $?
sh -c 'set -e; (exit 3); echo not here'; echo $?
sh -c 'set -e; f() { false; echo in f; }; f || echo or; f; echo not here'; echo $?
sh -c 'set -e; f() { false && true; }; f; echo not here'; echo $?
sh -c 'set -e; x=$(false); echo not here'; echo $?
sh -c 'set -e; echo $(false) on'; echo $?
sh -c 'set -e; { false; echo not here; }'; echo $?
sh -c 'set -e; trap "echo bye" EXIT; sh -c "exit 4"; echo not here'; echo $?
sh -c 'set -e; false & wait $! || echo asked; echo on'; echo $?
sh -c 'set -e; set +e; false; echo on'; echo $?
sh -c 'set -e; (false; echo no) || echo yes'; echo $?
sh -c 'set -e; for i in 1 2; do test $i = 1; echo $i; done'; echo $?
sh -c 'set -e; case x in x) false;; esac; echo not here'; echo $?
