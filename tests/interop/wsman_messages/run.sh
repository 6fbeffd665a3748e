#!/bin/sh
# usage: run.sh COMPARE   Our requests beside those of an npm package, see compare.c. Exit 77 (skip) when there is no
# Node or no npm registry, unless LAMPLIGHTER_NO_SKIP=1.
set -eu
compare=$(realpath "$1")
cd "$(dirname "$0")"
skip() {
	echo "$1"
	[ "${LAMPLIGHTER_NO_SKIP:-0}" = 1 ] && exit 1
	exit 77
}
command -v node >/dev/null && command -v npm >/dev/null || skip "no node and npm"
if ! [ -f node_modules/@device-management-toolkit/wsman-messages/index.js ]; then
	npm ci --ignore-scripts --no-audit --no-fund >/dev/null 2>&1 || skip "the npm registry cannot be reached"
fi
requests=$(mktemp)
trap 'rm -f "$requests"' EXIT
node requests.js >"$requests"
"$compare" <"$requests"
