#!/bin/sh
# Print what was measured beside what it was compared with, in one run. Ends
# with an error when a limit is missed by so much that no noise explains it.
set -u
cd "$(dirname "$0")/.."
bad=0

if [ "$(id -u)" = 0 ]; then
	echo "== the kernel programs: ns a frame through an empty program, through ours, and the difference"
	echo "   (BPF_PROG_TEST_RUN, minima and medians of 7 interleaved runs; fails at twice a limit)"
	go test ./internal/dataplane -run '^$' -bench '^BenchmarkCost' -benchtime 1x -timeout 15m | awk -f scripts/cost.awk || bad=1
	echo "== a takeover of 8192 groups: ns a group to set both deadlines, minima and medians of 7 interleaved runs"
	go test ./internal/dataplane -run '^$' -bench '^BenchmarkFlip$' -benchtime 1x |
		awk '/^BenchmarkFlip\// { sub("-[0-9]+$", "", $1); printf "   %-14s %8.1f minimum %8.1f median\n", substr($1, 15), $5, $3; n++ }
		     /FAIL|_test.go:/ { print }
		     END { exit n != 3 }' || bad=1
	echo "== ARP: answers a second to 65536 requesters that ask once each, 5 rounds in turn; fails below 50 times the kernel's"
	go test ./test -count=1 -run '^TestARPFromManyRequesters$' -v -requesters.rounds 5 -timeout 10m |
		awk '/requesters_test.go:[0-9]+: / { sub(".*requesters_test.go:[0-9]+: ", "   "); print }
		     /^--- PASS/ { ok = 1 }
		     END { exit !ok }' || bad=1
else
	echo "== the kernel programs and the network: need root: left out"
fi
echo "== one advert in Go: signing and verifying; one step of the election"
go test ./internal/carp ./internal/election -run '^$' -bench . -benchmem | grep '^Benchmark' || bad=1
exit $bad
