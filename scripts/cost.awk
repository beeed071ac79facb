# The table of the benchmarks BenchmarkCost… of internal/dataplane: one row for
# each frame and program, in the order of the benchmarks.
BEGIN {
	printf "   %-34s %-9s %20s   %20s  %5s\n", "", "", "---- minimum ----", "---- median -----", ""
	printf "   %-34s %-9s %6s %6s %6s   %6s %6s %6s  %5s\n", "frame", "program",
		"empty", "ours", "more", "empty", "ours", "more", "limit"
}
/^BenchmarkCost.*\// {
	n = split($1, part, "/") # the frame may have a slash in its name
	name = part[2]
	for (i = 3; i < n; i++)
		name = name "/" part[i]
	gsub("_", " ", name)
	sub("-[0-9]+$", "", part[n])
	printf "   %-34s %-9s %6s %6s %6s   %6s %6s %6s  %5s\n", name, part[n],
		val("min-empty"), val("min-ours"), val("min-more"),
		val("med-empty"), val("med-ours"), val("med-more"), (val("limit") > 0 ? val("limit") : "-")
	if (val("limit") > 0 && val("min-more") > 2 * val("limit")) { # no noise of a busy machine explains that
		printf "   ^ more than twice the limit\n"
		bad = 1
	}
	rows++
}
/FAIL|^---|_test.go:|^panic/ { print; bad = 1 }
function val(unit,   i) {
	for (i = 3; i <= NF; i++)
		if ($i == unit)
			return $(i - 1) + 0
}
END { exit bad || !rows }
