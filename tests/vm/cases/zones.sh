#!/bin/bash
# Owns: network conditions. A label that is readable in zones only, and services that are reachable from zones
# only, by every program, on every road, on v4 and v6; each with its control in the zone. What leaving the
# zone does to what is open. Zones by address, router, search domain, tunnel and beacon. What holds when the
# agent is killed.
# vm-needs: ext4
# vm-timeout: 2400
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/roads.sh

near=$data/near
policy=/run/hf/policy.ini
beacon_key=/run/hf/beacon.key
other_key=/run/hf/other.key
service4=10.77.0.2 service6=fd77::2 port=9000
client="/usr/bin/python3 tests/vm/cases/zones_client.py"

make_policy()
{
	cat <<-END
		[policy]
		name = Zones
		version = 1
		include = $HF_REPO/policy/apps/system-*.ini
		[tenant acme]
		[label near]
		tenant = acme
		title = Near
		path = $near
		zone = office, away
		[label confidential]
		tenant = acme
		path = $secret
		open-with = road
		[app road]
		path = $allowed
		[zone office]
		title = the office network
		address = 10.50.0.0/16
		gateway = 10.88.0.2 $(in_peer peer2 cat /sys/class/net/eth0/address)
		dns-suffix = corp.example
		[zone away]
		title = the VPN
		vpn = wireguard
		beacon = 10.77.0.2:4750 $(holdfast-console beacon key $beacon_key)
		[service mail]
		title = Mail
		address = $service4, $service6
		port = $port
		zone = office, away
		text = Use the VPN, or come to the office.
		[service drive]
		name = drive.example
		zone = office
		[service rehearsed]
		address = 10.77.0.8
		zone = office
		mode = rehearse
	END
}

start_peers()
{
	netns_peer
	in_peer peer1 ip addr add 10.77.0.9/24 dev eth0
	in_peer peer1 ip addr add 10.77.0.8/24 dev eth0
	sysctl -q -w net.ipv4.tcp_fastopen=3 net.ipv4.ping_group_range='0 0'
	in_peer peer1 sysctl -q -w net.ipv4.tcp_fastopen=1027
	in_peer peer1 socat -u TCP6-LISTEN:$port,fork,reuseaddr OPEN:/dev/null &
	in_peer peer1 socat -u TCP6-LISTEN:9001,fork,reuseaddr OPEN:/dev/null &
	in_peer peer1 socat -u UDP6-RECV:$port OPEN:/dev/null &
	wait_for 20 in_peer peer1 sh -c "ss -ltn | grep -q :$port"
}

enter_office()
{
	ip link set hf88 up
	ip addr add 10.50.0.1/16 dev hf88 2>/dev/null
	ip route replace default via 10.88.0.2
	echo 'search corp.example' >/etc/resolv.conf
}

leave_office()
{
	ip link set hf88 down
}

is_in()
{
	holdfast status | grep -q "in zone: .*$1"
}

is_in_none()
{
	holdfast status | grep -q 'in no zone'
}

# why_not ZONE WORDS: status says so.
why_not()
{
	holdfast status | grep "not in $1:" | grep -q "$2"
}

# road NAME refused|allowed ROAD TARGET [ARGUMENT...], with a source that has no label, by a program of nobody.
road()
{
	local name=$1 wanted=$2 is

	shift 2
	walk "$name" $plain "$1" $open/doc.txt "${@:2}"
	case $road_status in
	"$road_out") is=allowed ;;
	"$road_refused" | 207) is=refused ;; # ENOTCONN: that road goes on when connecting was refused
	"$road_absent") skip "$name" 'not on this kernel'; return ;;
	*) is=$(road_said) ;;
	esac
	if [ "$is" = "$wanted" ]; then
		ok "$name"
	else
		not_ok "$name" "$is instead of $wanted"
	fi
}

# every_road refused|allowed WHERE
every_road()
{
	local wanted=$1 where=$2 name

	for name in tcp tcp-send tcp-write tcp-sendfile tcp-splice tcp-sendmsg tcp-sendmmsg tcp-zerocopy \
		tcp-fastopen tcp-fastopen-connect udp-sendto udp-connect udp-send uring-connect uring-send \
		uring-sendmsg uring-write-socket uring-send-zc; do
		road "$where: $name is $wanted" "$wanted" $name $service4 $port
	done
	for name in tcp tcp-send udp-sendto udp-send; do
		road "$where: $name by v6 is $wanted" "$wanted" $name $service6 $port
	done
	road "$where: raw-protocol is $wanted" "$wanted" raw-protocol $service4
	road "$where: a name's address is $wanted" "$wanted" tcp-send 10.77.0.9 9001
	road "$where: root's other port is none of it" allowed tcp-send $service4 9001
	road "$where: ping is none of it" allowed icmp-datagram $service4
	road "$where: a rehearsed service is allowed" allowed tcp-send 10.77.0.8 9001
}

# status_is NAME WANTED COMMAND...
status_is()
{
	local name=$1 wanted=$2 said

	shift 2
	said=$("$@" 2>&1)
	if [ $? -eq "$wanted" ]; then
		ok "$name"
	else
		not_ok "$name" "$said"
	fi
}

outside()
{
	every_road refused outside
	status_is 'outside: an address of no family is refused' 10 $client unspecific $service4 $port
	status_is 'outside: a header of its own is refused' 10 $client header 10.77.0.1 $service4
	expect_refused 'outside: a user is refused as root is' as_user alice \
		socat -u OPEN:/etc/hostname TCP:$service4:$port
	expect_refused 'outside: the label is not read' cat $near/doc.txt
	expect_allowed 'outside: what has no label is' cat $open/doc.txt
	expect_refused 'outside: another label asks for its application' cat $secret/doc.txt
	holdfast why --json >/run/hf/why.json
}

inside()
{
	every_road allowed inside
	status_is 'inside: an address of no family is sent to' 0 $client unspecific $service4 $port
	status_is 'inside: a header of its own is sent' 0 $client header 10.77.0.1 $service4
	expect_allowed 'inside: a user may' as_user alice \
		socat -u OPEN:/etc/hostname TCP:$service4:$port
	expect_allowed 'inside: the label is read' cat $near/doc.txt
	expect_refused 'inside: another label still asks for its application' cat $secret/doc.txt
}

held_start()
{
	mkfifo /run/hf/held.in
	$client hold $service4 $service6 $port </run/hf/held.in >/run/hf/held.out &
	exec 7>/run/hf/held.in
	wait_for 60 grep -q ready /run/hf/held.out
}

# held NAME WANTED: what the holder says now.
held()
{
	local name=$1 wanted=$2 what

	: >/run/hf/held.out
	echo go >&7
	wait_for 60 grep -q end /run/hf/held.out
	for what in tcp4 tcp6 udp4 udp6 sendfile write; do
		if grep -q "^$what $wanted$" /run/hf/held.out; then
			ok "$name: $what $wanted"
		else
			not_ok "$name: $what $wanted" "$(grep "^$what" /run/hf/held.out)"
		fi
	done
}

# read_begin; ...; read_end NAME STATUS: it is opened at the beginning and read in the end.
read_begin()
{
	touch /run/hf/reading
	$client read $near/doc.txt &
	read_pid=$!
	wait_for 30 sh -c "ls -l /proc/$read_pid/fd | grep -q $near/doc.txt"
}

read_end()
{
	rm -f /run/hf/reading
	wait $read_pid
	status_is "$1" "$2" sh -c "exit $?"
}

held_stop()
{
	exec 7>&-
	rm -f /run/hf/held.in
}

beacon_start()
{
	# Not by in_peer, whose process is not the beacon itself.
	ip netns exec peer1 holdfast-console beacon serve --key $1 --zone away --user nobody >/run/hf/beacon.log 2>&1 &
	beacon_pid=$!
}

agent_kill()
{
	local pid

	for pid in $(pgrep -x 'holdfastd|holdfast-engine|holdfast-sensor|holdfast-scout'); do
		kill -9 $pid 2>/dev/null
	done
	wait_for 20 sh -c "! pgrep -x 'holdfastd|holdfast-engine|holdfast-sensor|holdfast-scout'"
}

places_make || exit 1
mkdir -p $near
chmod 777 $near
echo near >$near/doc.txt
cp /etc/resolv.conf /run/hf/resolv.conf 2>/dev/null
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
echo '10.77.0.9 drive.example' >>/etc/hosts
modprobe -q wireguard
start_peers
holdfast-console beacon key $other_key >/dev/null
make_policy >$policy
check 'the policy is good' holdfast policy check $policy
status_is 'explain says which service it is' 0 sh -c "holdfast policy explain --policy $policy --as alice \
	--open $near/doc.txt --then network --to $service4:$port |
	grep -q 'is service mail: reachable only from the office network or the VPN, by whatever program'"
leave_office
agent_start $policy || exit 1

# --- in no zone
wait_for 60 is_in_none
check 'the name is known' wait_for 60 sh -c 'holdfast status --json | grep -q "\"addresses\":[1-9]"'
check 'status says which address is missing' why_not office 'no address of this device is in 10.50.0.0/16'
check 'status says that there is no tunnel' why_not away 'no VPN is up: wireguard'
check 'scout is no root' sh -c '[ "$(ps -o user= -p "$(pgrep -o -x holdfast-scout)")" != root ]'
outside
check 'why names the service, from where, and where it stands' sh -c \
	"grep -q 'Mail is reachable only from the office network or the VPN' /run/hf/why.json ||
	holdfast events --json | grep -q 'Mail is reachable only from the office network or the VPN'"
check 'the event has the service and no label' sh -c \
	'holdfast events --json | grep "\"service\":\"mail\"" | grep -q "\"labels\":\[\]"'
check 'the rehearsed service is on record' sh -c \
	'holdfast events --json | grep "\"service\":\"rehearsed\"" | grep -q "\"verdict\":\"audit\""'

# --- in the office
enter_office
check 'the office is entered' wait_for 60 is_in office
check 'services are not shut there' sh -c '! holdfast status | grep -q "shut here"'
inside
read_begin
read_end 'a file that is open is read in the office' 0
held_start
read_begin
held 'in the office' sent
begun=$(now_ms)
leave_office
wait_for 20 is_in_none
echo "left after $(($(now_ms) - begun)) ms"
held 'after leaving it' refused
read_end 'a file that was opened in the office is not read outside' 10
enter_office
wait_for 60 is_in office
held 'back in it' sent
held_stop

# --- one condition less is no office
echo 'search other.example' >/etc/resolv.conf
check 'another search domain is not the office' wait_for 30 why_not office 'names are not of corp.example'
echo 'search corp.example' >/etc/resolv.conf
check 'the search domain is back' wait_for 30 is_in office
mac=$(in_peer peer2 cat /sys/class/net/eth0/address)
in_peer peer2 ip link set eth0 address 02:00:00:00:00:99
ip neigh flush dev hf88
check 'another router at the same address is not the office' wait_for 60 why_not office 'no default route goes by'
expect_refused 'and the label is not read' cat $near/doc.txt
in_peer peer2 ip link set eth0 address $mac
ip neigh flush dev hf88
check 'the router is back' wait_for 60 is_in office

# --- scout falls, and is started again
pkill -9 -o -x holdfast-scout
check 'without scout nothing holds' wait_for 20 sh -c 'holdfast doctor | grep -q network-unknown'
check 'it is started again' wait_for 60 is_in office

# --- the VPN
leave_office
wait_for 30 is_in_none
if ip link add wg0 type wireguard 2>/dev/null; then
	ip addr add 10.99.0.1/24 dev wg0
	ip link set wg0 up
	check 'a tunnel alone is not enough' wait_for 30 why_not away 'no beacon has answered'
	beacon_start $other_key
	sleep 5
	check 'a beacon with another key is not believed' why_not away 'no beacon has answered'
	kill $beacon_pid
	wait $beacon_pid 2>/dev/null
	beacon_start $beacon_key
	check 'with the beacon it is the VPN' wait_for 90 is_in away
	expect_allowed 'by VPN: the label is read' cat $near/doc.txt
	road 'by VPN: mail is allowed' allowed tcp-send $service4 $port
	road 'by VPN: drive is refused' refused tcp-send 10.77.0.9 9001
	ip link set wg0 down
	check 'the tunnel is down' wait_for 30 is_in_none
	expect_refused 'and the label is not read any more' cat $near/doc.txt
	ip link set wg0 up
	check 'it is up again' wait_for 90 is_in away
	kill $beacon_pid
	wait $beacon_pid 2>/dev/null
	check 'a beacon that is silent ends it' wait_for 120 why_not away 'no beacon has answered'
	ip link del wg0
else
	skip 'by VPN' 'no wireguard in this kernel'
fi

# --- the agent is killed
wait_for 30 is_in_none
agent_kill
road 'dead, outside: mail stays shut' refused tcp-send $service4 $port
road 'dead, outside: by v6, too' refused udp-sendto $service6 $port
expect_refused 'dead, outside: so does the label' cat $near/doc.txt
enter_office
sleep 2
road 'dead, in the office: what was shut stays shut' refused tcp-send $service4 $port
agent_start_again
check 'the new agent finds the office' wait_for 240 is_in office
road 'alive: mail is allowed' allowed tcp-send $service4 $port
agent_kill
leave_office
sleep 2
road 'dead, left: what was open stays open' allowed tcp-send $service4 $port
agent_start_again
check 'the new agent finds none' wait_for 240 is_in_none
road 'alive: mail is refused' refused tcp-send $service4 $port
check 'zones that changed are events' sh -c \
	'[ "$(holdfast events --json | grep -c "\"event_code\":\"zone-changed\"")" -ge 4 ]'
expect_each_recorded

# --- a policy without services looks nothing up
sed -i '/^\[service/,$d; s/^version = 1/version = 2/' $policy
agent_reload
road 'without services nothing is refused' allowed tcp-send $service4 $port
agent_stop
cp /run/hf/resolv.conf /etc/resolv.conf 2>/dev/null
sed -i '/drive.example/d' /etc/hosts
finish
