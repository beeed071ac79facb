#!/bin/sh
# Print what was measured beside what it was compared with, in one run.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" = 0 ]; then
	echo "== transit traffic: ns a frame through an empty program, through ours, and the difference"
	echo "   (BPF_PROG_TEST_RUN, minima of 5 interleaved runs of a million frames)"
	go test ./internal/dataplane -run '^$' -bench Transit -benchtime 1x -timeout 5m |
		awk '/^BenchmarkTransit\// { printf "   %-34s %4s empty %4s ours %4s more\n", substr($1, 18), val("ns-empty"), val("ns-with"), val("ns-more") }
		     /FAIL|^---|cost_test/ { print; bad = 1 }
		     function val(unit,   i) { for (i = 3; i <= NF; i++) if ($i == unit) return $(i-1) }
		     END { exit bad }'
else
	echo "== transit traffic: needs root to load BPF programs: left out"
fi
echo "== one advert in Go: signing and verifying; one step of the election"
go test ./internal/carp ./internal/election -run '^$' -bench . -benchmem | grep '^Benchmark'
