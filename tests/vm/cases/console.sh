#!/bin/bash
# Owns: the whole way of an event, from the kernel's refusal to the administrator's screen, and what
# root and others can do to it: a real console, made and served as an administrator would, and a
# real agent that joins it.
# vm-needs: ext4
# vm-timeout: 900
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119,SC2016
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/console_parts.sh

followed=/run/hf/followed

refused_is_followed()
{
	grep -q '"verdict":"block"' $followed && grep -q "$secret/doc.txt" $followed
}

stored_once()
{
	local last

	last=$(sed -n 's/.*"acknowledged":\([0-9]*\).*/\1/p' /run/holdfast/uplink/console.json)
	console events --all --json | /usr/bin/python3 -c '
import json, sys
numbers = sorted(json.loads(line)["sequence"] for line in sys.stdin)
print(len(numbers), "stored")
sys.exit(numbers[:int(sys.argv[1])] != list(range(1, int(sys.argv[1]) + 1)))' "$last"
}

verified()
{
	holdfast events --verify | grep -q "$1"
}

# Turns one bit of a record in the youngest segment: through the guard, which only records here.
tamper()
{
	/usr/bin/python3 -c '
import glob, os, sys
path = sorted(glob.glob("/var/lib/holdfast-uplink/spool/*/*.seg"))[-1]
with open(path, "r+b") as file:
    file.seek(300)
    byte = file.read(1)
    file.seek(300)
    file.write(bytes([byte[0] ^ 1]))'
}

places_make || { echo 'the places could not be made'; exit 1; }
check 'a console is made and served' console_make
mkdir -p /etc/holdfast
rm -f /etc/holdfast/console.ini
agent_start || { echo 'the agent does not start'; exit 1; }
refute 'without a configuration nothing reports' pgrep -x holdfast-uplink
console_token /run/hf/token
refute 'enrolling needs root' as_user alice holdfast enrol --console $url --ca $work_dir/state/devices.pem --token-file /run/hf/token
refute 'a CA that is none is refused' holdfast enrol --console $url --ca /etc/passwd --token-file /run/hf/token
# As MDM leaves it, with the certificate and the token inside.
enrol_file()
{
	printf '[enrol]\nconsole = %s\nca =\n' $url
	sed 's/^/    /' $work_dir/state/devices.pem
	printf 'token = %s\n' "$(cat /run/hf/token)"
}
enrol_file >/etc/holdfast/enroll.ini
chmod 644 /etc/holdfast/enroll.ini
refute 'a file that others may read enrols nobody' holdfast enrol --from /etc/holdfast/enroll.ini
chmod 600 /etc/holdfast/enroll.ini
check 'the device enrols with a file of root'\''s' holdfast enrol --from /etc/holdfast/enroll.ini
refute 'the file is gone, and the token' sh -c 'ls /etc/holdfast/enroll.ini /etc/holdfast/enrol.token'
check 'it waits to be approved' standing pending
check 'the key is its keyring alone'\''s' sh -c 'find /var/lib/holdfast-keyring -name device.key -user holdfast-keyring -perm 600 | grep -q .'
refute 'the engine'\''s user does not read it' setpriv --reuid holdfast --regid holdfast --clear-groups cat /var/lib/holdfast-keyring/device.key
refute 'uplink'\''s user does not either' setpriv --reuid holdfast-uplink --regid holdfast-uplink --clear-groups cat /var/lib/holdfast-keyring/device.key
check 'it is approved' console device approve "$(device)"
check 'it is trusted' wait_for 60 standing trusted
console events --follow --json >$followed 2>/dev/null &
follower=$!
sleep 1
begun=$(now_ms)
refute 'a leak is refused' as_user alice cat $secret/doc.txt
check 'its event is on the console' wait_for 30 refused_is_followed
echo "# after $(($(now_ms) - begun)) ms, the refused program's start included"
kill $follower
check 'all events are acknowledged' wait_for 60 acknowledged
check 'none is missing' accounted
check 'each is stored once' stored_once

# A policy from the console: under it, the same program may no more.
in_force()
{
	holdfast status --json | grep -q "\"bundle\":$1,"
}

publish()
{
	policy_of_reader "$1" "$2" "$3" >$work_dir/policy.ini
	console policy publish $work_dir/policy.ini --passphrase-file $work_dir/passphrase
}

check 'its record says that it enforces' wait_for 60 recorded enforcing yes
check 'and that its kernel can' recorded bpf_lsm on
refute 'and nothing that is not so' recorded secure_boot on

# What the agent takes of memory, libraries shared among them counted once.
pgrep -x 'holdfastd|holdfast-engine|holdfast-sensor|holdfast-keyrin|holdfast-uplink' | while read -r pid; do
	awk -v name="$(cat /proc/"$pid"/comm)" '/^(Rss|Pss):/ { text = text " " $1 " " $2 } END { print "# " name text " kB" }' \
		/proc/"$pid"/smaps_rollup
done

check 'the allowed program reads' as_user alice $allowed open $secret/doc.txt -
check 'a policy is published that allows another' publish Console 5 $plain
check 'it is in force on the device' wait_for 60 in_force 1
refute 'the program allowed before is refused' as_user alice $allowed open $secret/doc.txt -
check 'the one allowed now reads' as_user alice $plain open $secret/doc.txt -
cp /var/lib/holdfast-uplink/policy.bundle $work_dir/first
check 'another is published that allows the first' publish Console 6 $allowed
check 'it is in force' wait_for 60 in_force 2
cp $work_dir/first /var/lib/holdfast-uplink/policy.bundle
refute 'the older one, put there by root, is not taken' wait_for 5 in_force 1
check 'what is in force stays' as_user alice $allowed open $secret/doc.txt -
check 'the console has the receipt' wait_for 60 sh -c 'holdfast-console --state-dir /run/hf/console/state --runtime-dir /run/hf/console/run device show "$(sed -n "s/.*\"device\":\"\([0-9a-f-]*\)\".*/\1/p" /run/holdfast/uplink/console.json)" | grep -q ROLLBACK'

# Everything falls, the kernel part goes on, nothing is lost.
for _ in 1 2 3; do
	pkill -9 -f 'holdfast-console (frontend|store|authority)'
	pkill -9 -f '^holdfast-(uplink|keyring)'
	for _ in 1 2 3 4 5; do
		as_user alice cat $secret/doc.txt >/dev/null 2>&1
		as_user bob cat $secret/doc.txt >/dev/null 2>&1
	done
done
check 'that keyring or uplink ended is an event' wait_for 30 grep -q reporters-ended /var/log/holdfast/events.jsonl
check 'console and reporters come back, and all is delivered' wait_for 180 acknowledged
check 'still none is missing' accounted
check 'still each is stored once' stored_once

# Offline: it goes on enforcing, and delivers later.
check 'the console stops' console_stop
refute 'without a console the leak is refused as well' as_user alice cat $secret/doc.txt
check 'status says that the console does not answer' wait_for 60 sh -c 'holdfast status | grep -qi "console" && holdfast status | grep -qi "connect"'
check 'what waits is whole' verified 'whole: signed by this device'
pkill -STOP -f '^holdfast-uplink' # which would set it apart, and tell the console
tamper
refute 'a byte changed in it is seen' holdfast events --verify
tamper
check 'changed back, it is whole again' verified 'whole: signed by this device'
pkill -CONT -f '^holdfast-uplink'
check 'the console is back' console_serve
check 'what was made meanwhile is delivered' wait_for 180 acknowledged
check 'and accounted for' accounted

check 'a revoked device is told' console device revoke "$(device)" --why test
refute 'a revoked device enforces as before' as_user alice cat $secret/doc.txt
check 'and it knows as soon as it has something to say' wait_for 60 standing refused
console_stop
rm -f /etc/holdfast/console.ini
agent_stop
finish
