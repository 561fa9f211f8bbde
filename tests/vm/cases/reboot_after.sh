#!/bin/bash
# Owns: the second half of tests/vm/reboot: another boot, the same disk; every label is there again.
# vm-needs: ext4
# vm-timeout: 600
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/reboot.sh

reboot_places || exit 1
expect_allowed 'control: without the agent nothing is refused' cat $open/derived.txt
agent_start $reboot_policy || exit 1
for name in $reboot_names; do
	refute "after: $name is refused" cat "$name"
	expect_allowed "after: the reader reads $name" /opt/readers/dd if="$name" of=/dev/null
done
expect_allowed 'after: the unlabelled is free' cat $open/doc.txt
check 'after: where the copy came from is known' sh -c "holdfast lineage --json $open/derived.txt |
	/usr/bin/python3 tests/vm/cases/lineage.py from 'write dd' 'read $secret/doc.txt'"
agent_stop
finish
