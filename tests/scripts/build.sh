# A build by hand: sources, dependencies, an order, jobs in parallel, what is newer, an archive.
set -eu
mkdir src obj bin
JOBS=3

# 20 modules; module N needs those that divide N.
n=2
while [ $n -le 21 ]; do
	{
		echo "module m$n"
		d=2
		while [ $d -lt $n ]; do
			[ $((n % d)) -ne 0 ] || echo "use m$d"
			d=$((d + 1))
		done
		echo "code $((n * n * 7919 % 1000)) @VERSION@"
	} >src/m$n.in
	n=$((n + 1))
done
echo '1.0' >src/VERSION
ls src | wc -l

# Prints the modules in an order in which each comes after those that it uses.
order() {
	left=$(cd src && ls m*.in | sed 's/\.in$//' | sort -t m -k 2n | tr '\n' ' ')
	done_=' '
	while [ -n "$left" ]; do
		later=
		for m in $left; do
			ready=yes
			for use in $(sed -n 's/^use //p' src/$m.in); do
				case $done_ in
				*" $use "*) ;;
				*) ready=no; break ;;
				esac
			done
			if [ $ready = yes ]; then
				done_="$done_$m "
			else
				later="$later$m "
			fi
		done
		[ "$later" != "$left" ] || { echo "a circle: $left" >&2; return 1; }
		left=$later
	done
	echo $done_
}

needs_build() {
	object=obj/$1.o
	[ -f $object ] || return 0
	[ src/$1.in -nt $object ] && return 0
	[ src/VERSION -nt $object ] && return 0
	for use in $(sed -n 's/^use //p' src/$1.in); do
		[ obj/$use.o -nt $object ] && return 0
	done
	return 1
}

# An object: the text with its version, and a sum over it and over the objects that it uses.
compile() (
	sed "s/@VERSION@/$(cat src/VERSION)/" src/$1.in >obj/$1.tmp
	for use in $(sed -n 's/^use //p' src/$1.in); do
		tail -n 1 obj/$use.o
	done >>obj/$1.tmp
	grep -q '^code ' obj/$1.tmp || exit 3
	sum=$(md5sum <obj/$1.tmp | cut -d' ' -f1)
	{ cat obj/$1.tmp; echo "sum $sum"; } >obj/$1.o
	rm obj/$1.tmp
)

# What a module uses is waited for before it is looked at; the rest runs side by side.
build() {
	built=0 failed=0 pids=
	for m in $(order); do
		for use in $(sed -n 's/^use //p' src/$m.in); do
			case " $pids " in
			*" $use:"*) join_all; break ;;
			esac
		done
		needs_build $m || continue
		set -- $pids
		[ $# -lt $JOBS ] || join_all
		compile $m &
		pids="$pids $m:$!"
		built=$((built + 1))
	done
	join_all
	echo "built $built, failed $failed"
	[ $failed -eq 0 ]
}

join_all() {
	for job in $pids; do
		status=0
		wait ${job#*:} || status=$?
		if [ $status -ne 0 ]; then
			echo "${job%:*}: status $status"
			failed=$((failed + 1))
			rm -f obj/${job%:*}.tmp
		fi
	done
	pids=
}

link() {
	cat $(for m in $(order); do echo obj/$m.o; done) >bin/program
	chmod 755 bin/program
	echo "program: $(wc -l <bin/program | tr -d ' ') lines, $(md5sum <bin/program | cut -d' ' -f1)"
}

# So that "newer" is seen in whole seconds too: everything before was long ago.
age() { find src obj -type f -exec touch -d '2020-01-01 00:00:00' {} +; }

echo "order: $(order)"
echo "== all"
build
link
echo "== nothing to do"
age
build
echo "== one source changed"
echo "code 1" >>src/m3.in
build
link
echo "== a new version: all again"
age
echo '1.1' >src/VERSION
build
link
echo "== an error"
age
sed '/^code/d' src/m7.in >src/m7.new
mv src/m7.new src/m7.in
build || echo "build failed"
ls obj/*.tmp 2>/dev/null || echo "no half objects"
echo "code 7" >>src/m7.in
build
link
echo "== a circle"
echo "use m21" >>src/m3.in
(order) 2>&1 || echo "order failed"
sed '/use m21/d' src/m3.in >src/m3.new && mv src/m3.new src/m3.in

echo "== install"
umask 022
mkdir -p root/usr/bin root/usr/share/doc
cp bin/program root/usr/bin/program-1.1
ln -s program-1.1 root/usr/bin/program
ln root/usr/bin/program-1.1 root/usr/bin/hard
find src -name '*.in' | sort | head -n 3 | while read -r f; do cp "$f" root/usr/share/doc; done
(cd root && find . | sort | while read -r f; do
	if [ -L "$f" ]; then echo "$f -> $(readlink "$f")"
	elif [ -d "$f" ]; then echo "$f/"
	else echo "$f $(stat -c '%a %h' "$f")"; fi
done)
[ root/usr/bin/hard -ef root/usr/bin/program-1.1 ] && echo "hard is a hard link"

echo "== an archive, and what is in it again"
tar -cf out.tar -C root .
mkdir again
tar -xf out.tar -C again
tar -tf out.tar | sort | head -n 4
(cd root && find . -type f | sort | xargs md5sum) >sums
(cd again && find . -type f | sort | xargs md5sum) | cmp - sums && echo "the same"
gzip -c out.tar | gunzip | cmp - out.tar && echo "packed and unpacked"
diff src/m4.in src/m8.in || echo "diff says $?"

echo "== clean"
trap 'echo "end of build, status $?"' EXIT
rm -rf obj bin root again src out.tar sums
ls | grep -v '\.sh$' || echo "clean"
exit 4
