#!/bin/bash
# Owns: the agent's death in the middle of a load, and floods: no refused act becomes possible, not
# once; after a restart counters and log agree exactly; every one of 100,000 refusals is counted.
# vm-needs: ext4
# vm-timeout: 900
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

burst=build/tests/burst
stop=/run/hf/stop

# counter NAME: from holdfast status.
counter()
{
	build/holdfast status --json | python3 -c 'import json, sys
status = json.load(sys.stdin)
print(status["events"][sys.argv[1]])' "$1"
}

# shellcheck disable=SC2317 # called by wait_for
accounts_agree()
{
	[ "$(counter agrees)" = True ]
}

# kill_part NAME: kill -9 of one process of the agent, while it works.
kill_part()
{
	local part=$1 pid

	pid=$(pgrep -x -n "$part")
	check "$part is there to be killed" [ -n "$pid" ]
	kill -9 "$pid"
}

deaths()
{
	local part load status

	rm -f $stop
	$burst refused $secret/doc.txt until $stop 3 >/run/hf/burst.out &
	load=$!
	for part in holdfast-engine holdfast-sensor holdfastd holdfast-sensor; do
		sleep 2
		kill_part $part
		sleep 1
		refute "refused while $part is dead" cat $secret/doc.txt
		expect_allowed "the allowed reader reads while $part is dead" /opt/readers/cat $secret/doc.txt
		[ $part != holdfastd ] || agent_start_again
		check "enforcing again after $part died" wait_for 240 agent_is_enforcing
	done
	sleep 1
	touch $stop
	wait $load
	status=$?
	check "no open got through in the whole time ($(cat /run/hf/burst.out))" [ $status -eq 0 ]
	check 'counters and log agree after all deaths' wait_for 240 accounts_agree
}

flood()
{
	local before after made status

	before=$(counter refused)
	made=$(counter made)
	$burst refused $secret/doc.txt 100000 4 >/run/hf/burst.out
	status=$?
	check "100,000 opens refused ($(cat /run/hf/burst.out))" [ $status -eq 0 ]
	after=$(counter refused)
	check "each is counted ($((after - before)))" [ $((after - before)) -eq 100000 ]
	check 'each is delivered, coalesced or counted as lost' wait_for 240 accounts_agree
	check 'and none made no record' [ $(($(counter made) - made)) -ge 100000 ]
}

logged_matches()
{
	local logged

	logged=$(agent_log_count)
	check "the log holds what is counted as delivered ($logged)" [ "$logged" -eq "$(counter delivered)" ]
}

places_make || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/cat /opt/readers/cat
agent_start tests/vm/cases/policy.ini || exit 1
refute 'cat is refused' cat $secret/doc.txt
expect_allowed 'the reader reads' /opt/readers/cat $secret/doc.txt
deaths
flood
logged_matches
agent_stop
finish
