# Arithmetic without a program: primes, numbers of many digits, bases, a queens' board.
set -u

# The primes below $1, by a sieve in one string: a mark for each number.
primes() {
	limit=$1
	i=2
	while [ $((i * i)) -lt "$limit" ]; do
		if eval "[ -z \"\${composite_$i:-}\" ]"; then
			j=$((i * i))
			while [ $j -lt "$limit" ]; do
				eval "composite_$j=1"
				j=$((j + i))
			done
		fi
		i=$((i + 1))
	done
	i=2
	found=
	while [ $i -lt "$limit" ]; do
		eval "[ -z \"\${composite_$i:-}\" ]" && found="$found $i"
		i=$((i + 1))
	done
	echo "${found# }"
}

gcd() {
	a=$1 b=$2
	while [ "$b" -ne 0 ]; do
		set -- "$b" $((a % b))
		a=$1 b=$2
	done
	echo "$a"
}

# Factors of $1, smallest first.
factors() {
	n=$1 p=2 out=
	while [ $((p * p)) -le "$n" ]; do
		while [ $((n % p)) -eq 0 ]; do
			out="$out $p"
			n=$((n / p))
		done
		p=$((p + (p == 2 ? 1 : 2)))
	done
	[ "$n" -gt 1 ] && out="$out $n"
	echo "${out# }"
}

# Numbers of many digits: "limbs" of four digits, lowest first, as positional parameters.
# big_times FACTOR LIMB...: the product, as limbs.
big_times() {
	factor=$1 carry=0 product=
	shift
	for limb; do
		carry=$((carry + limb * factor))
		product="$product $((carry % 10000))"
		carry=$((carry / 10000))
	done
	while [ $carry -gt 0 ]; do
		product="$product $((carry % 10000))"
		carry=$((carry / 10000))
	done
	echo "${product# }"
}

# big_plus "LIMBS" "LIMBS"
big_plus() {
	carry=0 sum=
	left=$1
	set -- $2
	for limb in $left; do
		carry=$((carry + limb + ${1:-0}))
		sum="$sum $((carry % 10000))"
		carry=$((carry / 10000))
		[ $# -gt 0 ] && shift
	done
	for limb; do
		carry=$((carry + limb))
		sum="$sum $((carry % 10000))"
		carry=$((carry / 10000))
	done
	[ $carry -gt 0 ] && sum="$sum $carry"
	echo "${sum# }"
}

big_show() {
	text=
	for limb; do
		case ${#limb} in
		1) limb=000$limb ;;
		2) limb=00$limb ;;
		3) limb=0$limb ;;
		esac
		text=$limb$text
	done
	while [ "${text#0}" != "$text" ] && [ ${#text} -gt 1 ]; do
		text=${text#0}
	done
	echo "$text"
}

factorial() {
	limbs=1 k=2
	while [ $k -le "$1" ]; do
		limbs=$(big_times $k $limbs)
		k=$((k + 1))
	done
	big_show $limbs
}

fibonacci() {
	f_a=0 f_b=1 k=0
	while [ $k -lt "$1" ]; do
		f_c=$(big_plus "$f_a" "$f_b")
		f_a=$f_b f_b=$f_c
		k=$((k + 1))
	done
	big_show $f_a
}

to_base() {
	n=$1 base=$2 digits=0123456789abcdefghijklmnopqrstuvwxyz out=
	[ "$n" -eq 0 ] && out=0
	while [ "$n" -gt 0 ]; do
		tail=$digits skip=$((n % base))
		while [ $skip -gt 0 ]; do
			tail=${tail#?}
			skip=$((skip - 1))
		done
		out=${tail%"${tail#?}"}$out
		n=$((n / base))
	done
	echo "$out"
}

roman() {
	n=$1 out=
	for pair in 1000:M 900:CM 500:D 400:CD 100:C 90:XC 50:L 40:XL 10:X 9:IX 5:V 4:IV 1:I; do
		while [ "$n" -ge "${pair%:*}" ]; do
			out=$out${pair#*:}
			n=$((n - ${pair%:*}))
		done
	done
	echo "$out"
}

# How many ways to place queens: bit masks of columns and both diagonals.
queens() {
	if [ "$1" -eq $all ]; then
		solutions=$((solutions + 1))
		return
	fi
	local free bit
	free=$((all & ~($1 | $2 | $3)))
	while [ $free -ne 0 ]; do
		bit=$((free & -free))
		free=$((free ^ bit))
		queens $(($1 | bit)) $((($2 | bit) << 1 & all)) $((($3 | bit) >> 1))
	done
}

collatz() {
	n=$1 steps=0 top=$1
	while [ "$n" -ne 1 ]; do
		n=$((n % 2 ? 3 * n + 1 : n / 2)) steps=$((steps + 1))
		top=$((n > top ? n : top))
	done
	echo "$1: $steps steps, up to $top"
}

echo "primes: $(primes 200)"
set -- $(primes 200)
echo "$# of them, the last is $(eval echo "\${$#}")"
echo "gcd: $(gcd 1071 462) $(gcd 123456 7890) $(gcd 17 0)"
for n in 360 97 1001 65535 600851 1234567; do
	echo "$n = $(factors $n)"
done
echo "30! = $(factorial 30)"
echo "fib 150 = $(fibonacci 150)"
for n in 0 7 255 4095 123456789; do
	echo "$n: $(to_base $n 2) $(to_base $n 8) $(to_base $n 16) $(to_base $n 36)"
done
for n in 4 9 1984 2026 3999; do printf '%s=%s ' $n "$(roman $n)"; done
echo
for size in 4 5 6; do
	all=$(((1 << size) - 1)) solutions=0
	queens 0 0 0
	echo "$size queens: $solutions"
done
for n in 27 97; do collatz $n; done

echo "precedence: $((2 + 3 * 4 % 5 - -1)) $((1 << 3 | 5 & 6 ^ 2)) $((!0 + !7)) $((~0))"
echo "compare: $((3 > 2)) $((2 >= 3)) $((1 < 2 && 2 < 1 || 1)) $((5 ? 6 : 7))"
echo "bases: $((0x1f)) $((017)) $((-0x10))"
x=5
echo "assign: $((x += 3)) $((x <<= 2)) $((x %= 7)) $((x ^= 15)) $x"
echo "wrap: $((9223372036854775807)) $((9223372036854775807 + 1)) $((-9223372036854775807 - 1))"
(echo $((1 / (x - x)))) 2>/dev/null || echo "division by zero fails"
