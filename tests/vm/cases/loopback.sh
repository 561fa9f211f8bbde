#!/bin/bash
# Owns: content handed over by the machine's own network, where the policy lets a label go to it:
# who receives is a reader of the label, whether it waited before or came later; with ipc = block it
# is refused. vsock and BPF maps, which are not followed, are refused to every reader. What can't be
# remembered any more is counted and told.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/roads.sh

held=$data/held
policy=/run/hf/policy.ini
events=/run/hf/loopback-events
many=/opt/many/perl
roads_network=(loopback-tcp loopback-tcp-waiting loopback-tcp-v6 loopback-tcp-v6-waiting
	loopback-udp loopback-udp-waiting loopback-udp-v6)

make_policy()
{
	cat <<-END
		[policy]
		name = The machine's own network
		version = 1
		include = $HF_REPO/policy/apps/system-*.ini
		[tenant acme]
		[label confidential]
		tenant = acme
		path = $secret
		open-with = road, many
		[label held]
		tenant = acme
		path = $held
		open-with = road
		[app road]
		path = $allowed
		[app many]
		path = $many
		[network itself]
		address = 127.0.0.0/8, ::1
		[rule network]
		label = confidential, held
		channel = network
		action = block
		except-network = itself
		[rule held]
		label = held
		channel = ipc
		action = block
	END
}

# refused ROAD CHANNEL: by the log; who receives bears the road's name, 15 characters of it.
refused()
{
	awk -v channel="$2" -v pids=" ${road_pids[$1]:-0} " -v name="${1:0:15}" \
		'$1 == "block" && $2 == channel && (index(pids, " " $4 " ") || $5 == name) { found = 1 }
		END { exit !found }' $events
}

# labelled SCRIPT [ARGUMENT...]: by a reader of the label.
labelled()
{
	local script=$1

	shift
	$many -MSocket -e 'open F, "<", shift or exit 21; $line = <F>;'"$script" $secret/doc.txt "$@" \
		>/dev/null 2>&1 </dev/null
}

to_ports()
{
	labelled 'socket S, PF_INET, SOCK_DGRAM, 0 or exit 22;
		for ($ARGV[0]..$ARGV[1]) { send S, "x", 0, pack_sockaddr_in($_, INADDR_LOOPBACK) or exit 10 }' "$@"
}

by_pipes()
{
	labelled 'for (1..$ARGV[0]) { pipe R, W or exit 22; syswrite W, "x" or exit 10; close R; close W }' "$@"
}

forgotten()
{
	holdfast status --json | sed -n 's/.*"forgotten": *\([0-9]*\).*/\1/p'
}

told()
{
	holdfast events --json | grep -q labels-forgotten
}

many_at_a_time()
{
	check 'by more pipes than are remembered, one after the other' by_pipes 17000
	check 'to as many ports as are remembered' to_ports 20001 36000
	check 'control: nothing is forgotten' [ "$(forgotten)" = 0 ]
	refute 'control: nor is it told' told
	check 'to more' to_ports 36001 37500
	check 'the oldest are forgotten, and counted' [ "$(forgotten)" -gt 0 ]
	check 'that is an event' wait_for 40 told
	check 'and trouble for the doctor' \
		sh -c 'holdfast doctor --json | grep labels-forgotten | grep -q "last_time"'
}

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p $held "${many%/*}"
install -m 755 /usr/bin/perl $many
echo "$secret_text" >$held/doc.txt
ip link set lo up
make_policy >$policy
modprobe -q vsock_loopback
agent_start $policy || { echo 'the agent does not start'; exit 1; }

# The receiver had the target open before: it is refused to write there.
for road in "${roads_network[@]}"; do
	out "$road" "$road" $usb/road
	# shellcheck disable=SC2030
	secret_source=$held/doc.txt out "held-$road" "$road" $usb/road
done
road_target_is_no_file=yes
out loopback-vsock loopback-vsock -
out bpf-map bpf-map -
road_target_is_no_file=
events_dump >$events
for road in "${roads_network[@]}"; do
	check "$road: refused to who received it" refused "$road" removable
	check "held-$road: refused to who had it" refused "held-$road" ipc
done
check 'bpf-map: on channel ipc' refused bpf-map ipc

# Ports come back: a connection of others is not labelled by one that was before it.
control again $allowed loopback-tcp $usb/road && ok 'a connection after those carries no label'
wait_for 20 sh -c 'holdfast events --json | grep -q "network of this computer"'
check 'the event tells how it came' sh -c 'holdfast events --json | grep -q "network of this computer"'
many_at_a_time
expect_recorded
agent_stop
finish
