# Single and double quotes, backslashes, and what they hide.
echo 'a  b' "c  d" e\ \ f
echo "it's" 'say "hi"' "a \"b\" c"
x=value
echo '$x' "$x" \$x "\$x" '\$x' "a\b"
echo "" '' | wc -c
set -- "" 'x y' ''; echo $#
echo a'b'"c"d
echo "two
lines"
echo one \
  line
echo 'semi;colon' "pipe|" \& \# not#comment
