#!/bin/bash
# Owns: the time of unpacking and compiling a tree: nothing loaded, the kernel part, a fanotify
# listener, in turn. auditd has a boot of its own: tree-audit.sh. With 'bench.counted' on the kernel
# command line (and --icount) one turn each is exact; else it is wall time, and twice.
# vm-needs: ext4
# vm-timeout: 3000
. tests/vm/guest/lib.sh
. tests/bench/lib.sh
. tests/bench/tree-lib.sh

place_make || exit 1
tree_warm
for _ in $(tree_turns); do
	tree none
	if kernel_part_on; then
		tree agent
		kernel_part_off
	fi
	if background listening "$bench/listener" $place; then
		tree fanotify
		kill $!
		wait $!
	fi
done
finish
