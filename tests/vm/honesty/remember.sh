#!/bin/bash
# Owns: a case which finds on the disk what it wrote before the power was cut.
# vm-needs: ext4
# shellcheck source=../guest/lib.sh
. "$HF_REPO/tests/vm/guest/lib.sh"
mount_disk ext4 /mnt/ext4
if [ -e /mnt/ext4/before ]; then
	ok 'remembered'
	finish
fi
echo 1 >/mnt/ext4/before
sync
ok 'written'
power_cut
