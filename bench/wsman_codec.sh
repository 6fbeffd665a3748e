#!/bin/sh
# usage: wsman_codec.sh PROGRAM   User instructions of one message for each workload of bench/wsman_codec.c: the
# difference between runs of 200 and 400 messages under callgrind.
set -eu
LAMPLIGHTER_SOURCE=${LAMPLIGHTER_SOURCE:-$(dirname "$0")/..}
export LAMPLIGHTER_SOURCE
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 | sed -n 's/.*Collected : //p'
}
for workload in ours parse libxml2; do
	few=$(instructions "$1" "$workload" 200)
	many=$(instructions "$1" "$workload" 400)
	echo "$workload $(((many - few) / 200)) instructions a message"
done
