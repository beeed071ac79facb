#!/bin/sh
# All tests, then a list of what is proved by which of them. Needs root: the
# tests make their own network namespaces and load BPF programs.
set -u
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
	echo "make test needs root (network namespaces, BPF); make test-unit does not" >&2
	exit 1
fi
rm -rf out/test && mkdir -p out/test
failed=0
step() { # step NAME PACKAGES AND FLAGS
	name=$1
	shift
	echo "== $name: go test $*"
	go test -json "$@" >"out/test/$name.json" 2>"out/test/$name.err" || failed=1
	cat "out/test/$name.err" >&2
}
step unit -race -timeout 15m ./internal/... ./cmd/...
step namespaces -timeout 20m ./test/...
go run ./test/report out/test/*.json || failed=1
exit $failed
