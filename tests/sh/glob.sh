# * ? [ ], dot files, quoting, patterns without a match.
mkdir d e; : >d/one.c; : >d/two.c; : >d/.hidden; : >e/three.c; : >'sp ace'
echo *; echo d/*; echo */*.c; echo d/?ne.c; echo d/[ot]*; echo d/[!o]*
echo '*' "*" \*; echo nosuch*; echo d/.h*; echo */
x='d/*'; echo $x; echo "$x"
for f in s*; do echo "[$f]"; done
y=*; echo "$y"
echo d/*.[ch] d/"*"
