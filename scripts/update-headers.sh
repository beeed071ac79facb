#!/bin/sh
# Copies the headers that bpf/ is compiled with from Debian's packages into
# headers/, and writes their versions into headers/README.md. Run it by hand,
# then build, test and commit headers/ and the generated objects together.
set -eu
cd "$(dirname "$0")/.."

version() { dpkg-query --show --showformat='${Version}' "$1"; }

for name in bpf_helpers.h bpf_helper_defs.h bpf_endian.h; do
	cp "/usr/include/bpf/$name" "headers/bpf/$name"
done
for name in bpf.h bpf_common.h; do
	cp "/usr/include/linux/$name" "headers/linux/$name"
done
sed -i \
	-e "s/^| libbpf-dev .*/| libbpf-dev | $(version libbpf-dev) | LGPL-2.1 OR BSD-2-Clause | bpf\/ |/" \
	-e "s/^| linux-libc-dev .*/| linux-libc-dev | $(version linux-libc-dev) | GPL-2.0 WITH Linux-syscall-note | linux\/bpf.h, linux\/bpf_common.h |/" \
	headers/README.md
