# case with patterns, alternatives and quotes.
for w in apple banana 'a*' '' x.c y.h -n; do
	case $w in
	apple) echo "fruit";;
	b*a | c*) echo "starts with b or c" ;;
	'a*') echo "a star" ;;
	"") echo "empty" ;;
	(*.[ch]) echo "source" ;;
	*) echo "other: $w"
	esac
done
case x in y) echo no;; esac; echo $?
p='ap*'; case apple in $p) echo pattern in variable;; esac
case apple in "$p") echo no;; *) echo quoted is literal;; esac
