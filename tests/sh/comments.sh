# Comments, empty lines, blanks
	# indented

echo a # after a command
echo a#b '#' "#" \#
: # nothing
if true; then # here too
	echo b # and here
fi # end
echo c;# directly
{ # group
echo d
}
