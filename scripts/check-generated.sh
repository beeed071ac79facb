#!/bin/sh
# Compiles bpf/ anew, in another directory, and compares with what is committed
# in internal/dataplane. The build gives the same bytes everywhere, so any
# difference means that `make generate` was forgotten or that the compiler is not
# the one that doc.go names. Also checks the format of the C files.
set -eu
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if ! clang-format --version >/dev/null 2>&1; then
	echo "check-generated: clang-format is missing" >&2
	exit 1
fi
clang-format --dry-run -Werror bpf/*.c bpf/*.h

mkdir -p "$tmp/internal"
cp -r go.mod go.sum bpf headers "$tmp/"
cp -r internal/dataplane "$tmp/internal/dataplane"
rm "$tmp/internal/dataplane/carp_bpfel.go" "$tmp/internal/dataplane/carp_bpfel.o"
(cd "$tmp/internal/dataplane" && go generate .)

for file in carp_bpfel.go carp_bpfel.o; do
	if ! cmp "internal/dataplane/$file" "$tmp/internal/dataplane/$file"; then
		echo "check-generated: internal/dataplane/$file is not what bpf/ compiles to; run make generate" >&2
		exit 1
	fi
done
echo "check-generated: internal/dataplane matches bpf/"
