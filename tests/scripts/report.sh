# A report over generated data: awk, sort, join, cut, paste, uniq, sed, comm, xargs, tee.
set -eu
LC_ALL=C
export LC_ALL

# Orders: number, customer, product, amount, day. The generator is the same on every machine.
awk 'BEGIN {
	seed = 2026
	split("bolt nut screw washer spring gear axle belt", product, " ")
	for (i = 1; i <= 600; i++) {
		seed = seed * 16807 % 2147483647; c = seed % 25
		seed = seed * 16807 % 2147483647; p = seed % 8
		seed = seed * 16807 % 2147483647; n = 1 + seed % 40
		seed = seed * 16807 % 2147483647; d = seed % 365
		printf "%05d,c%02d,%s,%d,%d\n", i, c, product[p + 1], n, d
	}
}' >orders.csv
awk 'BEGIN {
	split("Ada Bea Cleo Dora Edna Fay Gwen Hope Iris June Kate Lena Mina Nora Olga", name, " ")
	split("north south east west", region, " ")
	for (i = 0; i < 24; i++)
		printf "c%02d %s%d %s\n", i, name[i % 15 + 1], i, region[i % 4 + 1]
}' | sort >customers
printf '%s\n' 'bolt 12' 'nut 7' 'screw 3' 'washer 2' 'spring 45' 'gear 230' 'axle 410' |
	sort >prices

echo "# the data"
wc -l orders.csv customers prices | sed 's/^ *//'
head -n 3 orders.csv
tail -n 2 orders.csv
md5sum <orders.csv

echo "# orders by product"
cut -d, -f3 orders.csv | sort | uniq -c | sort -k1,1nr -k2 | awk '{ printf "%-8s %4d\n", $2, $1 }'

echo "# products without a price, prices without an order"
cut -d, -f3 orders.csv | sort -u >ordered
cut -d' ' -f1 prices >priced
comm -23 ordered priced
comm -13 ordered priced | wc -l | tr -d ' '

echo "# revenue by customer, the best eight"
tr , ' ' <orders.csv | sort -k3,3 | join -1 3 -2 1 -o 1.2,1.4,2.2 - prices |
	awk '{ sum[$1] += $2 * $3 } END { for (c in sum) print c, sum[c] }' | sort >revenue
sort -k2,2nr -k1,1 revenue | head -n 8 | while read -r customer sum; do
	printf '%s %s.%02d\n' "$customer" $((sum / 100)) $((sum % 100))
done

echo "# revenue by region"
join customers revenue | awk '
	{ sum[$3] += $4; n[$3]++ }
	END { for (r in sum) printf "%s %d customers %.2f\n", r, n[r], sum[r] / 100 }' | sort
echo "unknown customers: $(join -v 2 customers revenue | cut -d' ' -f1 | tr '\n' ' ')"

echo "# orders by quarter and product"
awk -F, '
	{ cell[int($5 / 92) + 1, $3] += $4; seen[$3] = 1 }
	END {
		for (p in seen) {
			line = p
			for (q = 1; q <= 4; q++)
				line = line "\t" cell[q, p] + 0
			print line
		}
	}' orders.csv | sort | sed '1i\
product	Q1	Q2	Q3	Q4' | expand -t 10

echo "# a histogram of amounts"
awk -F, '{ h[int(($4 - 1) / 5)]++ } END { for (i = 0; i < 8; i++) print i * 5 + 1, h[i] + 0 }' orders.csv |
	while read -r from n; do
		bar=
		while [ ${#bar} -lt $((n / 4)) ]; do bar=$bar'*'; done
		printf '%2d-%2d %3d %s\n' "$from" $((from + 4)) "$n" "$bar"
	done

echo "# days with the most orders"
cut -d, -f5 orders.csv | sort -n | uniq -c | sort -k1,1nr -k2,2n | head -n 3 | sed 's/^ *//'
echo "days without an order: $(seq 0 364 | sort >all; cut -d, -f5 orders.csv | sort -u |
	comm -23 all - | wc -l | tr -d ' ')"

echo "# one file for each product, then together again"
mkdir split
awk -F, '{ print > "split/" $3 ".csv"; }' orders.csv
find split -name '*.csv' | sort | xargs wc -l | sed 's/^ *//'
cat split/*.csv | sort | cmp - orders.csv && echo "nothing is lost"
find split -name '*.csv' | sort | xargs -n 3 echo | sed 's/split\///g'

echo "# sed: edits in place, ranges, hold space"
sed -n '/,gear,/{s/^0*\([0-9]*\),\(c..\),.*,\([0-9]*\)$/\2 ordered gears on day \3 (\1)/p;}' orders.csv |
	sed -n '3,5p;$p'
printf '%s\n' one two three four five | sed -n '1!G;h;$p' | tr '\n' ' '
echo
sed 's/,/;/g;5q' orders.csv | sed '1,2d;$!N;s/\n/ + /'
sed -i 's/north/NORTH/' customers
grep -c NORTH customers

echo "# grep, tr, fold, nl, od"
grep -En 'c0[13],(nut|gear),[12][0-9],' orders.csv | head -n 4
grep -vc '[02468]$' orders.csv
cut -d, -f3 orders.csv | tr -d '\n' | tr 'a-z' 'n-za-m' | fold -w 60 | head -n 2
head -n 3 customers | nl -w 2 -s '. ' | tee copy | tail -n 1
od -An -tx1 -N 16 orders.csv | tr -s ' '

echo "# sums that must agree"
by_awk=$(awk -F, '{ s += $4 } END { print s }' orders.csv)
by_shell=0
while IFS=, read -r number customer product amount day; do
	by_shell=$((by_shell + amount))
done <orders.csv
by_dc=$(cut -d, -f4 orders.csv | paste -s -d+ - | sed 's/^/echo $((/;s/$/))/' | sh)
echo "$by_awk $by_shell $by_dc"
