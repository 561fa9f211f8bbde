#!/bin/bash
# Owns: trust as a lease, from the administrator's word to the kernel's refusal: a real console, a real
# agent, and what root does to clocks, files and processes in between. What is not labelled goes on
# in every state.
# vm-needs: ext4
# vm-timeout: 900
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/console_parts.sh

policy=/run/hf/lease.ini
short=20 # seconds of the lease that is let run out
word=/var/lib/holdfast-uplink/lease.word

# policy_write VERSION LEASE
policy_write()
{
	policy_of_reader Lease "$1" $allowed >$policy
	printf '[trust]\nlease = %s\n' "$2" >>$policy
}

opens()
{
	as_user alice $allowed open $secret/doc.txt -
}

is_shut()
{
	! opens
}

# pace: how fast this machine is now: $slack is so many times what one program's start and open take. An
# emulated processor that is shared with others is slow at all it does.
pace()
{
	local begun

	begun=$(now_ms)
	as_user alice $plain open $open/doc.txt - >/dev/null
	slack=$((8 * ($(now_ms) - begun)))
}

# reaches NAME COMMAND...: within two seconds from now on, and what the machine takes.
# tests/e2e/lease.py wants two seconds of a real one.
reaches()
{
	local name=$1 begun took

	shift
	begun=$(now_ms)
	wait_for 30 "$@"
	took=$(($(now_ms) - begun))
	echo "# $name: $took ms, of which the machine may take $slack"
	check "$name" test $took -le $((2000 + slack))
}

# everyday NAME: what is not labelled.
everyday()
{
	check "$1: other files open" as_user alice $plain open $open/doc.txt -
	check "$1: and are written" as_user alice sh -c "echo more >>$work/notes && rm $work/notes"
	check "$1: and programs run" as_user alice ls /
}

# set_clock SECONDS: by so much from now, as root.
set_clock()
{
	date -s "@$(($(date +%s) + $1))" >/dev/null
}

kill_agent()
{
	pkill -9 -f '^holdfastd'
	pkill -9 -f '^holdfast-(engine|sensor|keyring|uplink)'
	wait_for 20 sh -c '! pgrep -f "^holdfast(d|-engine|-sensor|-keyring|-uplink)"'
}

places_make || { echo 'the places could not be made'; exit 1; }
check 'a console is made and served' console_make
mkdir -p /etc/holdfast
rm -f /etc/holdfast/console.ini
policy_write 1 1h
agent_start $policy || { echo 'the agent does not start'; exit 1; }
check 'without a console nothing hangs on trust' opens
refute 'the policy is in force: another program may not' as_user alice $plain open $secret/doc.txt -

console_token /run/hf/token
check 'the device enrols' holdfast enrol --console $url --ca $work_dir/state/devices.pem --token-file /run/hf/token
check 'it waits for approval' wait_for 60 trust pending
refute 'pending: labelled files are shut' opens
everyday pending
check 'pending: status says so' sh -c 'holdfast status | grep -q "waits for approval"'

pace
check 'it is approved' console device approve "$(device)"
reaches 'approved: opens' opens
check 'trusted: status says until when' sh -c 'holdfast status | grep -q "trusted until 20.* without contact"'
check 'trusted: doctor has nothing to say of it' sh -c '! holdfast doctor | grep -q "labelled files are shut"'
cp $word /run/hf/trusted.word

pace
check 'it is suspended' console device suspend "$(device)"
reaches 'suspended: shut' is_shut
everyday suspended
check 'suspended: status says so' wait_for 10 sh -c 'holdfast status | grep -q "suspended: labelled files are shut"'
refute 'suspended: refused, for why to tell' opens
check 'suspended: why says for which reason' wait_for 10 sh -c 'setpriv --reuid alice --regid alice --init-groups holdfast why last | grep -q "not-trusted"'
check 'it is an event' wait_for 10 grep -q '"before":"trusted"' /var/log/holdfast/events.jsonl
set_clock -172800
refute 'suspended: the clock set back opens nothing' opens
set_clock 345600
refute 'suspended: nor set forward' opens
set_clock -172800
cp /run/hf/trusted.word $word
check 'an older word, put back by root, is not taken' wait_for 10 grep -q 'OLDER' /var/log/holdfast/events.jsonl
refute 'and opens nothing' opens

pace
check 'it is approved again' console device approve "$(device)"
reaches 'approved again: opens' opens
shut_ms=() open_ms=()
for _ in 1 2 3; do
	console device suspend "$(device)" >/dev/null
	reaches 'suspended once more: shut' is_shut
	shut_ms+=("$took")
	console device approve "$(device)" >/dev/null
	reaches 'and approved: opens' opens
	open_ms+=("$took")
done
fastest suspend "${shut_ms[@]}"
fastest approve "${open_ms[@]}"
sed 's/^serial .*/serial 999/' $word >/run/hf/forged
cat /run/hf/forged >$word
check 'a forged word is not taken' wait_for 10 grep -q 'BAD_SIGNATURE' /var/log/holdfast/events.jsonl
check 'what was known holds' opens

# The lease runs out: nobody is there to say so but the kernel.
policy_write 2 ${short}s
check 'a policy with a short lease' agent_reload
check 'it is renewed' wait_for 60 trust trusted
sleep $((short + 5))
check 'for longer than one lease' opens
check 'the console stops' console_stop
kill_agent
check 'without agent and console, within the lease: opens' opens
sleep $((short + 1))
refute 'the lease is over: shut, by the kernel alone' opens
everyday expired
set_clock -3600
refute 'the clock set back opens nothing' opens
agent_start_again
check 'the agent is back' wait_for 240 agent_is_enforcing
check 'it knows that it is over' wait_for 60 trust expired
refute 'and it is' opens
set_clock 3600
refute 'whatever the clock says' opens
check 'doctor says what to do' sh -c 'holdfast doctor | grep -q "without contact for too long"'

# What root shows the agent as another start of the machine.
kill_agent
echo 5b6a7988-97a6-4b5c-8d3e-2f1f0f1e2d3c >/run/hf/other_boot
mount --bind /run/hf/other_boot /proc/sys/kernel/random/boot_id
agent_start_again
check 'the agent starts with a forged boot id' wait_for 240 agent_is_enforcing
check 'with it there is no word' wait_for 60 trust never
refute 'a forged boot id opens nothing' opens
everyday never
kill_agent
umount /proc/sys/kernel/random/boot_id
agent_start_again
check 'the agent is back in this one' wait_for 240 agent_is_enforcing

check 'the console is back' console_serve
check 'and with it the device' wait_for 180 trust trusted
check 'which opens' opens

# A clock of its own for the agent: a million seconds ahead, and its lease with it.
kill_agent
unshare --time --boottime 1000000 --fork holdfastd --policy "$agent_policy" --libexec-dir "$HF_REPO/build" >>$agent_log 2>&1 &
agent_pid=$!
check 'the agent starts in a time namespace' wait_for 240 agent_is_enforcing
refute 'there it is not trusted, with the console at hand' wait_for 30 trust trusted
refute 'and opens nothing' opens
kill_agent
agent_start_again
check 'the agent is back by the kernel'\''s clock' wait_for 240 agent_is_enforcing
check 'and trusted' wait_for 60 trust trusted
check 'and opens again' opens

policy_write 3 1h
check 'a policy with a long lease' agent_reload
check 'under it the device is trusted' wait_for 60 trust trusted
check 'and opens' opens
sleep 2 # its word is asked for by now
pace
check 'it is revoked' console device revoke "$(device)" --why test
reaches 'revoked: shut' is_shut
everyday revoked
check 'revoked: status says so' wait_for 10 sh -c 'holdfast status | grep -q "revoked: labelled files are shut"'
refute 'it can not be approved again' console device approve "$(device)"
kill_agent
refute 'revoked: without agent as well' opens
agent_start_again
check 'the agent is back once more' wait_for 240 agent_is_enforcing
refute 'revoked: after a restart as well' opens
policy_of_reader Lease 4 $allowed >$policy
check 'a policy without [trust]' agent_reload
check 'asks nobody' opens
console_stop
rm -f /etc/holdfast/console.ini
agent_stop
finish
