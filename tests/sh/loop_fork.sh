# A loop that forks and waits: nothing is left behind.
i=0
while [ $i -lt 200 ]; do
	(exit $((i % 256))) ; [ $? -eq $((i % 256)) ] || echo wrong at $i
	i=$((i + 1))
done
echo $i
ls /proc/self/fd | wc -l
