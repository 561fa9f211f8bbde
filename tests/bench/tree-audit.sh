#!/bin/bash
# Owns: wall time of unpacking and compiling a tree while auditd watches. Wants audit=1.
# vm-needs: ext4
# vm-timeout: 3000
. tests/vm/guest/lib.sh
. tests/bench/lib.sh
. tests/bench/tree-lib.sh

place_make || exit 1
tree_warm
audit_start || finish
tree auditd
tree auditd
finish
