#!/bin/bash
# Owns: the first half of tests/vm/reboot: labels by place, by hand and by writing, then a power cut.
# vm-needs: ext4
# vm-timeout: 600
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/reboot.sh

reboot_places || exit 1
agent_start $reboot_policy || exit 1
check 'a file labelled by hand' holdfast label set confidential $open/by-hand.txt
# The reader's copy inherits; nothing of it is read here.
/opt/readers/dd if=$secret/doc.txt of=$open/derived.txt >/dev/null 2>&1
mv $secret/moved.txt $open/moved.txt
for name in $reboot_names; do
	refute "before: $name is refused" cat "$name"
done
expect_allowed 'before: the reader reads' /opt/readers/dd if=$secret/doc.txt of=/dev/null
sleep 3 # the agent has written down what the kernel derived
sync
[ $hf_failures -eq 0 ] && power_cut
finish
