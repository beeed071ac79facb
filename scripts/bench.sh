#!/bin/sh
# Print what was measured beside what it was compared with, in one run. Ends
# with an error when a limit is missed by so much that no noise explains it.
set -u
cd "$(dirname "$0")/.."
bad=0

if [ "$(id -u)" = 0 ]; then
	echo "== the kernel programs: ns a frame through an empty program, through ours, and the difference"
	echo "   (BPF_PROG_TEST_RUN, minima and medians of 7 interleaved runs)"
	go test ./internal/dataplane -run '^$' -bench '^BenchmarkCost' -benchtime 1x -timeout 15m | awk -f scripts/cost.awk || bad=1
else
	echo "== the kernel programs: need root to load: left out"
fi
echo "== one advert in Go: signing and verifying; one step of the election"
go test ./internal/carp ./internal/election -run '^$' -bench . -benchmem | grep '^Benchmark' || bad=1
exit $bad
