#!/bin/bash
# Owns: warnings and what answers them: refused at first; with a reason allowed, to that user, for
# those labels, on that channel and until the time is over; on record with the reason.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names.
# shellcheck disable=SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

reader=/opt/readers/road
live=/run/hf/live.ini
labels='red orange yellow green blue indigo violet grey black'
copies=0

# warning_policy VERSION ACTION: what is asked of red and the other colours on a stick.
warning_policy()
{
	cat <<-INI
	[policy]
	name = Justify cases
	version = $1
	[tenant acme]
	title = Acme
	[app reader]
	path = $reader
	[rule sticks]
	label = red, orange, yellow, green, blue, indigo, violet, grey
	channel = removable
	action = $2
	text = Say why it must go to a stick.
	[rule black-sticks]
	label = black
	channel = removable
	action = warn
	except-user = bob
	[rule network]
	label = *
	channel = network
	action = warn
	INI
	for label in $labels; do
		printf '[label %s]\ntenant = acme\npath = %s\nopen-with = reader\n' $label $data/$label
	done
}

make_documents()
{
	for label in $labels; do
		mkdir -p $data/$label
		echo "the $label document" >$data/$label/doc.txt
	done
	mkdir -p /opt/readers
	install -m 755 -o root -g root build/tests/hf-road $reader
}

# A name that was not there before: nobody but root writes to what is there on the stick.
to_stick()
{
	local user=$1 label=$2

	copies=$((copies + 1))
	as_user $user $reader write $data/$label/doc.txt $usb/$label-$copies
}

refused()
{
	expect_refused "$1" to_stick "$2" "$3"
}

# It is on the stick, with all its bytes.
arrives()
{
	local name=$1 user=$2 label=$3

	expect_allowed "$name" to_stick $user $label
	check "$name: it is on the stick" \
		[ "$(stat -c %s $usb/$label-$copies)" -eq "$(stat -c %s $data/$label/doc.txt)" ]
}

# justify USER MINUTES REASON
justify()
{
	sleep 1 # the warning is on its way to the agent
	check "$1 says why: $3" as_user "$1" holdfast justify --minutes "$2" --reason "$3"
}

over_at()
{
	echo $(($(now_ms) + $1 * 60000 + 1000))
}

sleep_until()
{
	while [ "$(now_ms)" -lt "$1" ]; do
		sleep 1
	done
}

# Before the end, if the machine was quick enough to ask in time.
arrives_until()
{
	local end=$1

	shift
	if [ $(($(now_ms) + 15000)) -gt "$end" ]; then
		skip "$1" 'this machine is too slow for a grant of a minute'
		return
	fi
	arrives "$@"
}

nothing_to_justify()
{
	refute 'without a warning there is nothing to justify' \
		as_user alice holdfast justify --reason 'just in case'
	expect_refused 'what is blocked' as_user alice cat $data/red/doc.txt
	sleep 1
	refute 'a refusal is nothing to justify' as_user alice holdfast justify --reason 'I must'
	refused 'a warning' alice red
	sleep 1
	refute 'root does not justify for others' holdfast justify --reason 'for alice'
	refute 'a reason must be given' as_user alice holdfast justify --minutes 1
	refute 'not for longer than the longest' \
		as_user alice holdfast justify --minutes 481 --reason 'long'
	refused 'after all that it is still refused' alice red
}

one_reason()
{
	justify alice 1 'the auditor waits for it'
	red_end=$(over_at 1)
	arrives_until $red_end 'the retry' alice red
	refused 'the retry of another user' bob red
	refused 'the retry of root' root red
	expect_refused 'another channel' as_user alice $reader udp-sendto $data/red/doc.txt 127.0.0.1 9
	refused 'another label' alice orange
}

two_reasons()
{
	refused 'the other label once more' alice orange
	justify alice 2 'and the other one too'
	orange_end=$(over_at 2)
	arrives 'the other label with its own reason' alice orange
	arrives_until $red_end 'the first label, its reason still holds' alice red
	sleep_until $red_end
	refused 'the first label when its time is over' alice red
	arrives_until $orange_end 'the other label, whose time is not over' alice orange
}

# A reason answers warnings only.
the_policy_changes()
{
	warning_policy 2 block >$live
	agent_reload
	refused 'a label that is blocked now, for all the reasons given' alice orange
	warning_policy 3 warn >$live
	agent_reload
	arrives_until $orange_end 'the label that is warned of again' alice orange
}

# What the policy excepts and what was justified do not displace each other.
beside_a_standing_exception()
{
	arrives 'excepted by the policy' bob black
	refused 'not excepted' bob grey
	justify bob 5 'grey as well'
	arrives 'justified, beside the exception' bob grey
	arrives 'excepted, beside the justified' bob black
}

# More reasons than there are slots for one user and channel.
many_reasons()
{
	for label in $labels; do
		case $label in
		black | grey) continue ;;
		esac
		refused "$label before" bob $label
		justify bob 5 "for $label"
	done
	refused 'indigo of another user' root indigo
	for label in $labels; do
		arrives "$label after all" bob $label
	done
}

is_recorded()
{
	holdfast events --json >/run/hf/justified
	check 'the reason is on record' grep -q 'the auditor waits for it' /run/hf/justified
	check 'with a number of minutes' grep -q '"minutes":1' /run/hf/justified
	check 'the warning is on record' grep -q '"verdict":"warn"' /run/hf/justified
	check 'the justified act is on record' \
		sh -c 'grep "\"channel\":\"removable\"" /run/hf/justified | grep -q "\"verdict\":\"audit\""'
}

places_make || { echo 'the places could not be made'; exit 1; }
make_documents
warning_policy 1 warn >$live
agent_start $live || { echo 'the agent does not start'; exit 1; }
nothing_to_justify
one_reason
two_reasons
the_policy_changes
beside_a_standing_exception
is_recorded
many_reasons
sleep_until $orange_end
refused 'orange of the first user, when its time is over' alice orange
agent_stop
finish
