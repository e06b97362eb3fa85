# if, elif, else, nesting, redirects of a whole if.
if true; then echo yes; fi
if false; then echo no; else echo else; fi
if false; then echo no; elif false; then echo no; elif true; then echo elif; else echo no; fi
if false; then echo no; fi; echo $?
if test 3 -gt 2 && test 2 -gt 1
then
	if ! test -e nosuch; then echo nested; fi
fi
if true; then echo into file; fi >f; cat f
if echo condition; then :; fi
