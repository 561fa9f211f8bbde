#!/bin/bash
# Owns: content handed over by the machine's own network, where the policy lets a label go to it:
# who receives is a reader of the label, whether it waited before or came later; with ipc = block it
# is refused. vsock and BPF maps, which are not followed, are refused to every reader.
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
		open-with = road
		[label held]
		tenant = acme
		path = $held
		open-with = road
		[app road]
		path = $allowed
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

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p $held
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
expect_recorded
agent_stop
finish
