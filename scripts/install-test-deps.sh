#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs what the tests need on Debian 12: once, as root, without questions.
# When every program is there it changes nothing and does not use the network.
set -eu

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export PATH

# One line per program: its name, a colon, the package that brings it.
programs="
clang:clang
clang-format:clang-format
llvm-strip:llvm
bpftool:bpftool
gcc:gcc
ucarp:ucarp
keepalived:keepalived
tcpdump:tcpdump
nft:nftables
ip:iproute2
ping:iputils-ping
chromium:chromium
"

# missing_packages prints the packages of the programs that are not there.
missing_packages() {
	for line in $programs; do
		command -v "${line%%:*}" >/dev/null 2>&1 || echo "${line##*:}"
	done
	# The race detector links with the C library.
	[ -e /usr/include/stdio.h ] || echo libc6-dev
}

packages=$(missing_packages | sort -u | tr '\n' ' ')
if [ -z "$packages" ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "install-test-deps: no apt-get here; please install: $packages" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "install-test-deps: needs root to install: $packages" >&2
	exit 1
fi

echo "install-test-deps: installing $packages"
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
# shellcheck disable=SC2086 # one word per package
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $packages

left=$(missing_packages | tr '\n' ' ')
if [ -n "$left" ]; then
	echo "install-test-deps: still missing after the installation: $left" >&2
	exit 1
fi
