#!/bin/bash
# Owns: a label that may only be viewed is handed to no other program, by any way there is between
# two processes: who would hand it over is refused, and the other one goes on as before. That the
# labels of others follow is shown in ways_out_roads.sh.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/roads.sh

policy=/run/hf/policy.ini

# kept ROAD: refused where it is handed over, and nothing of it is at the receiver's target.
kept()
{
	local secret_source=$view/doc.txt

	out "$1" "$1" $usb/road $work/late
	rm -f $work/late
}

# unread ROAD: memory that another process maps as well can't be kept from it: the read is refused.
unread()
{
	local name=$1

	control "$name" $allowed "$name" $usb/road $work/late || return
	walk "$name" $allowed "$name" $view/doc.txt $usb/road $work/late
	if [ "$road_status" -eq 21 ]; then
		ok "$name"
		roads_refused+=("$name")
	else
		not_ok "$name" "should not have been read: $(road_said)"
	fi
	clear_target $usb/road
}

# beside ROAD: the reader shares memory with a process that lives.
beside()
{
	walk "$1" $allowed "$1" $open/doc.txt $work/mapped
	check "control: $1" [ $road_status -eq 0 ]
	walk "$1" $allowed "$1" $view/doc.txt $work/mapped
	expect_refusal "$1" $work/mapped
}

# after ROAD: it did, and is alone again.
after()
{
	walk "$1" $allowed "$1" $view/doc.txt $work/mapped
	check "$1: it views" [ $road_status -eq 0 ]
	rm -f $work/mapped
}

# Whether the refusals above are of channel ipc and of who had the content.
expect_ipc()
{
	local name pid missing=() events=/run/hf/ipc-events

	events_dump >$events
	for name in "${roads_carried[@]}"; do
		for pid in ${road_pids[$name]:-0}; do
			awk -v pid="$pid" '$1 == "block" && $2 == "ipc" && $4 == pid { found = 1 }
				END { exit !found }' $events || missing+=("$name")
		done
	done
	if [ ${#missing[@]} -eq 0 ]; then
		ok 'each was refused to who had the content, on channel ipc'
	else
		not_ok 'each was refused to who had the content, on channel ipc' "not: ${missing[*]}"
	fi
}

# What had come to who was waiting for it could be refused by nothing: no event says that it was.
expect_taken()
{
	local name events=/run/hf/ipc-taken

	events_dump >$events
	for name in tee-pipe vmsplice-pipe; do
		check "$name: who was waiting is on record" \
			awk -v name="$name" '$1 == "audit" && $2 == "ipc" && $3 == "taken" && $5 == name {
				found = 1 } END { exit !found }' $events
		refute "$name: and not as refused" \
			awk -v name="$name" '$1 == "block" && $2 == "ipc" && $3 ~ /read|taken/ && $5 == name { found = 1 }
				END { exit !found }' $events
	done
	refute 'control: what was refused is not as taken' \
		awk '$1 == "block" && $3 == "taken" { found = 1 } END { exit !found }' $events
}

places_make || { echo "the places could not be made"; exit 1; }
mkdir -p $view
echo "$secret_text" >$view/doc.txt
policy_with_viewed road, readers >$policy
agent_start $policy || { echo "the agent does not start"; exit 1; }
for road in "${roads_carried[@]}"; do
	kept "$road"
done
for road in "${roads_shared[@]}"; do
	unread "$road"
done
for road in "${roads_followed[@]}"; do
	kept "$road"
done
walk alone $allowed open $view/doc.txt -
check 'a program that shares nothing views it' [ "$road_status" -eq 0 ]
for road in child-lives mapper-lives groups-met; do
	beside "$road"
done
for road in child-ended child-executes vfork-ended mapper-ended mapper-before groups-met-ended; do
	after "$road"
done
expect_recorded
expect_ipc
expect_taken
agent_stop
finish
