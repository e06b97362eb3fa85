# GNU coreutils, grep, sed and gawk: pipelines over 20,000 lines, then a tree of files.
seq 1 20000 >n

echo "== text"
shuf --random-source=n n | sort -n | md5sum
sort -R n | sort -rn | uniq -c | awk '{ s += $1 } END { print s }'
awk 'BEGIN { for (i = 0; i < 20000; i++) a[i % 97] += i * i; for (k in a) s += a[k]
	print s; printf "%.6f %s\n", exp(1), strftime("%Y", 0, 1) }'
sed -E -n 's/^([0-9])(.*)\1$/\2 \1/p' n | sort -u | wc -l
grep -cE '(.)\1' n
grep -P '^(\d)\d\1$' n | head -n 3
grep -rl '^19999$' . | sort
split -l 3000 n part. && cat part.* | cmp - n && ls part.* | wc -l && rm part.*
paste -d, n n | cut -d, -f2 | tail -n 2
tac n | head -n 1
join <(head -n 5 n) <(sed 3q n)
comm -12 <(sort n | head -n 100) <(sort n | sed -n 50,150p) | wc -l
tr 0-9 a-j <n | fold -w 60 | tail -n 1
base64 n | sha256sum
b2sum n | cut -c1-20
sum n
cksum n
nl n | tail -n 1
fmt -w 40 n | wc
pr -l 20 n | wc -l
od -A d -t x1z n | tail -n 2
ptx <<<"b a" | wc -l
tsort <<<"a b b c"
csplit -s -f cs n 100 && wc -l cs*
factor 1234567890123
numfmt --to=iec 123456789
seq -s, 1 0.5 3
expr 6 \* 7
printf '%05d %s %q\n' 42 x 'a b'

echo "== files"
mkdir -p a/b/c
touch -d '2020-01-02 03:04:05' a/b/c/f a
ln a/b/c/f a/hard
ln -s b/c/f a/sym
cp -a a z
stat -c '%n %A %F %h %U %Y' a/b/c/f z/hard
ls -lR z | sed -E 's/^total.*//; s/ [0-9]+ [A-Z][a-z]{2} .*[0-9] / /'
ls -ld z | awk '{ print $1, $2, $3 }'
du -a --apparent-size z | wc -l
readlink -f a/sym
realpath --relative-to=a/b a/sym
chmod u=rw,go= a/hard && stat -c %A a/b/c/f
chown 1:2 n && stat -c '%u %g' n
mv -v z y
rm -rv y | sort
mkfifo ff && { echo through >ff & } && cat ff
wait
install -m 700 -D n i/j/k && stat -c %a i/j/k
truncate -s 1M big && dd if=big of=big2 bs=64k count=3 status=none
cmp -s big big2 || echo differ
test big -nt n && echo newer
find . -newer n -type f | sort
ls -la /proc/self/fd | wc -l
df --output=target /tmp | tail -n 1 | wc -l
shred -u n

echo "== processes"
timeout 0.2 sleep 5
echo $?
{ timeout -s KILL 0.2 sleep 5; } 2>/dev/null
echo $?
nice -n 5 nice
env -i A=1 env
yes | head -n 3
tee >(cat >&2) <<<tee | cat
stdbuf -oL echo line
nohup echo nohup 2>&1 | tail -n 1
id
date -u -d @86400 +%F
(trap '' PIPE; seq 100000 | head -n 1)
kill -l TERM
