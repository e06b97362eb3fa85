# && || ! ; and their status.
true && echo 1; false && echo 2; true || echo 3; false || echo 4
false && echo a || echo b; true || echo c && echo d
! false && echo e; ! true; echo $?
false; echo $?; true; echo $?
(exit 9) || echo "nine: $?"
true &&
	echo next line
false ||
	echo other line
