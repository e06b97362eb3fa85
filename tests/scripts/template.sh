# Text from templates: here-documents of all kinds, and what is expanded in them.
set -u
title='Report & "quotes"' count=3

heading() {
	cat <<-END
		== $1 ==
		$(echo "$1" | tr 'a-z' 'A-Z' | sed 's/./=/g')
	END
}

# A page of one item; the document ends with a word of its own.
page() {
	name=$1 price=$2
	shift 2
	cat <<PAGE
<item name="$name">
  <price>$((price / 100)).$(printf %02d $((price % 100)))</price>
  <tags count="$#">$(for tag; do printf '<t>%s</t>' "$tag"; done)</tags>
  <note>\$HOME is not expanded, \`date\` neither, \\ is one backslash, "quotes" stay</note>
</item>
PAGE
}

heading "$title"
page apple 129 red 'two words'
page 'nut & bolt' 5
page nothing 0 "$(cat <<'INNER'
from $inner `doc`
INNER
)"

heading "quoted: nothing is expanded"
cat <<'END'
$title $(echo no) `echo no` \$ \\ ${count:-x} $((1 + 1))
END
cat <<\END
$also not$
END

heading "expansions"
unset missing
cat <<END
${missing:-a default} ${count:+set} ${#title} ${title#* } ${title%% *}
$(printf '%s|' a b c) $((count * (count + 1) / 2))
a\
joined line
${missing:-several
lines}
END

heading "two documents for one command line"
cat <<FIRST; cat <<SECOND
the first: $count
FIRST
the second: $((count + 1))
SECOND
paste - /dev/fd/3 <<LEFT 3<<RIGHT
a
b
LEFT
1
2
RIGHT

heading "a document for a loop, a function, a pipeline"
while IFS=: read -r key value rest; do
	printf '[%s] [%s] [%s]\n' "$key" "$value" "$rest"
done <<END
one:1:more:and more
two:$((1 + 1))
:empty key:
back\slash:stays\n:
END
to_upper() { tr a-z A-Z; }
to_upper <<END | rev | sort -r
shout
at $count
END
(while read -r line; do echo "<$line>"; done; echo "last: ${line:-none}") <<-END
	tabs at the front go,  blanks inside stay
	  these blanks stay? read drops them
END

heading "a script as a document"
sh -s one 'two words' <<'SCRIPT'
echo "$# arguments: $1, $2"
cat <<INNER
a document in a document: $(($# * 21))
INNER
exit 7
SCRIPT
echo "it ended with $?"

heading "a document larger than a pipe"
lines() {
	i=0 text=
	while [ $i -lt 400 ]; do
		text="$text$i: the quick brown fox jumps over the lazy dog
"
		i=$((i + 1))
	done
}
lines
big=$text$text$text$text$text
cat <<END | wc -lc | tr -s ' '
$big
END
md5sum <<END | cut -d' ' -f1
$big
END
copy=$(cat <<END
$big
END
)
[ "$copy" = "${big%?}" ] && echo "through a substitution and back: ${#copy} bytes"

heading "mail merge"
cat >template <<'END'
Dear @name@,
your order of @count@ × @what@ costs @sum@ in all.
END
while read -r name what count price; do
	sed -e "s/@name@/$name/" -e "s/@what@/$what/" -e "s/@count@/$count/" \
		-e "s/@sum@/$((count * price))/" template >"letter.$name"
done <<END
Ann screws 12 3
Bob nails 100 1
Eve hammers 2 250
END
for letter in letter.*; do
	echo "--- ${letter#letter.}"
	cat "$letter"
done
eval "cat <<END
$(sed 's/@\([a-z]*\)@/${\1}/g' template)
END" 2>&1 | sed 's/^.*sum/sum/' | head -1
rm -f template letter.*

heading "here and in functions that call themselves"
tree() {
	[ "$1" -gt 0 ] || return 0
	sed "s/^/$(printf %$((4 - $1))s '')/" <<END
node $1
$(tree $(($1 - 1)))
END
}
tree 3 | sed '/^ *$/d'
