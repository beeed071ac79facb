#!/bin/sh
# All tests, then a list of what is proved by which of them. Needs root: the
# tests make their own network namespaces and load BPF programs.
set -u
# What failed, and whether all that should have run has, is the report's to say.
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
	echo "make test needs root (network namespaces, BPF); make test-unit does not" >&2
	exit 1
fi
rm -rf out/test && mkdir -p out/test
step() { # step NAME FLAGS AND PACKAGES: one line per package as it ends
	name=$1
	shift
	echo "== $name: go test $*"
	go test -json "$@" 2>"out/test/$name.err" | tee "out/test/$name.json" |
		sed -n 's/.*"Action":"\(pass\|fail\|skip\)","Package":"\([^"]*\)","Elapsed":\([0-9.]*\).*/  \1 \2 in \3 s/p'
	cat "out/test/$name.err" >&2
}
step unit -count=1 -race -timeout 15m ./internal/... ./cmd/...
step namespaces -count=1 -timeout 40m ./test/...
go run ./test/report out/test/*.json
