# ulimit: limits of the shell, handed down to its children.
ulimit -n 100; ulimit -n; ulimit -Hn; sh -c 'ulimit -n'
ulimit -S -n 50; ulimit -n; ulimit -H -n
ulimit -Sn 200 2>/dev/null; echo "beyond the hard limit: $?"
ulimit -n x 2>/dev/null; echo "no number: $?"
(ulimit -t 7; ulimit -t); echo "here: $(ulimit -t)"
ulimit -c 0; ulimit -c
ulimit -s 4096; ulimit -s; ulimit -S -s unlimited 2>/dev/null; echo "more stack: $?"
ulimit -v 100000; ulimit -v
ulimit
(ulimit -f 4; ulimit; trap '' XFSZ; dd if=/dev/zero of=big bs=512 count=8 2>/dev/null; wc -c <big)
