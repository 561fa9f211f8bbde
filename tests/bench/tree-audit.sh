#!/bin/bash
# Owns: the time of unpacking and compiling a tree while auditd watches. Wants audit=1; see tree.sh.
# vm-needs: ext4
# vm-timeout: 3000
. tests/vm/guest/lib.sh
. tests/bench/lib.sh
. tests/bench/tree-lib.sh

place_make || exit 1
tree_warm
audit_start || finish
for _ in $(tree_turns); do
	tree auditd
done
finish
