#!/bin/bash
# Owns: names as a way for content. A labelled reader that makes many in short time is recorded, once
# for each 256; of a label whose content may not be handed over it is refused from there on.
# vm-needs: ext4
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

reader=/opt/readers/perl
held=$data/held
policy=/run/hf/policy.ini

make_policy()
{
	cat <<-END
		[policy]
		name = Names
		version = 1
		include = $HF_REPO/policy/apps/system-*.ini
		[tenant acme]
		[label confidential]
		tenant = acme
		path = $secret
		open-with = reader
		[label held]
		tenant = acme
		path = $held
		open-with = reader
		[app reader]
		path = $reader
		[rule held]
		label = held
		channel = ipc
		action = block
	END
}

# make DOCUMENT COUNT: reads it and makes so many directories. 10: one of them was refused.
make()
{
	"$reader" -e 'open F, "<", $ARGV[0] or exit 21; $line = <F>;
		for (1 .. $ARGV[1]) { mkdir "$ARGV[2]/$_" or exit 10 }' "$1" "$2" $work/names \
		>/dev/null 2>&1 </dev/null
	status=$?
	made=$(find $work/names -mindepth 1 | wc -l)
	rm -rf $work/names
	mkdir -m 777 $work/names
	return $status
}

events_of()
{
	holdfast events --json | grep '"reason":"many-names"' | grep -c "\"verdict\":\"$1\""
}

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p /opt/readers $held $work/names
install -m 755 /usr/bin/perl $reader
echo "$secret_text" >$held/doc.txt
make_policy >$policy
agent_start $policy || { echo 'the agent does not start'; exit 1; }
check 'control: 600 names of who has read nothing' make $open/doc.txt 600
check '200 names of a reader' make $secret/doc.txt 200
check 'the same of a label that is held' make $held/doc.txt 200
sleep 1
check 'nothing of it is recorded' [ "$(events_of audit)$(events_of block)" = 00 ]
check '600 names of a reader are made' make $secret/doc.txt 600
sleep 1
check 'and recorded' [ "$(events_of audit)" -ge 1 ]
make $held/doc.txt 600
check '600 of a label that is held are refused' [ $status -eq 10 ]
check 'at the 257th' [ $made -eq 256 ]
sleep 1
check 'and recorded, too' [ "$(events_of block)" -ge 1 ]
agent_stop
finish
