# Functions: arguments, return, recursion, redirects, a function in a pipe.
hello() { echo "hello $1 of $#"; }
hello a b; hello
ret() { return 4; echo no; }; ret; echo $?
down() { [ $1 -eq 0 ] && return; echo $1; down $(($1 - 1)); }
down 3
set -- outer; f() { echo $1; }; f inner; echo $1
g() { cat; }; echo piped | g
h() { x=changed; }; x=old; h; echo $x
loop() { for i in 1 2 3; do [ $i = 2 ] && return 9; done; }; loop; echo $?
outer() { inner() { echo "made inside $1"; }; }; outer; inner q
k() {
	echo many
	echo lines
}
k | wc -l
k() { echo again; }; k
sub() (x=in; echo $x); x=out; sub; echo $x
