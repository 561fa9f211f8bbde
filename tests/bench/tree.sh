#!/bin/bash
# Owns: wall time of unpacking and compiling a tree, without --icount: nothing loaded, the kernel
# part, a fanotify listener, in turn and twice. auditd has a boot of its own: tree-audit.sh.
# vm-needs: ext4
# vm-timeout: 3000
. tests/vm/guest/lib.sh
. tests/bench/lib.sh
. tests/bench/tree-lib.sh

place_make || exit 1
tree_warm
for _ in 1 2; do
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
