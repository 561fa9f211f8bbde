# shellcheck shell=bash
# Owns: the bus of the cases bus.sh and bus_attack.sh, its programs, and receivers on it. Sourced after
# guest/lib.sh, places.sh and agent.sh.
# shellcheck disable=SC2086,SC2016,SC2119,SC2120,SC2034,SC2154 # as in the cases

export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/hf/bus
policy=/run/hf/policy.ini
readers=/opt/readers
carrier=/opt/carrier/python3
client=tests/vm/cases/bus_client.py
ready=/run/hf/bus-ready
number=0

make_policy()
{
	policy_with_viewed readers >$policy
	cat >>$policy <<-END
		[app notifier]
		path = $carrier
		carrier = yes
	END
}

bus_start()
{
	dbus-daemon --session --address=$DBUS_SESSION_BUS_ADDRESS --nofork --nopidfile \
		>/run/hf/bus.log 2>&1 &
	wait_for 30 test -S /run/hf/bus
}

# say FILE BEFORE BEHIND COMMAND...: a labelled reader's text as the last argument of the command.
say()
{
	$readers/busybox sh -c \
		'IFS= read -r text <"$1"; text=$2$text$3; shift 3; exec "$@" "$text"' \
		sh "$@" >/dev/null 2>&1 </dev/null
}

# The ways in which programs send a message; NAME or signal, and a file.
by_dbus_send()
{
	say $2 string: '' dbus-send --session --print-reply --reply-timeout=30000 --dest=$1 / org.hf.Test.Take
}

by_gdbus()
{
	say $2 '' '' gdbus call --session --timeout 30 --dest $1 --object-path / --method org.hf.Test.Take
}

by_busctl()
{
	say $2 '' '' busctl --user --address=$DBUS_SESSION_BUS_ADDRESS --timeout=30 call $1 / org.hf.Test Take s
}

by_signal()
{
	say $2 string: '' dbus-send --session --type=signal --dest=$1 / org.hf.Test.Say
}

by_broadcast()
{
	say $2 "'" "'" gdbus emit --session --object-path / --signal org.hf.Test.Say
}

# receiver [PROGRAM [GO]]: in the background, with a name of its own; sets name, out, receiver.
receiver()
{
	number=$((number + 1))
	name=org.hf.N$number out=$work/out$number
	rm -f $ready
	${1:-/usr/bin/python3} $client serve $name $ready $out $2 >/run/hf/receiver 2>&1 &
	receiver=$!
	wait_for 60 test -e $ready
}

got_it()
{
	wait_for 30 test -s $out
}

still_waits()
{
	kill -0 $receiver && [ ! -e $out ]
}

# By an unlabelled sender: what comes to it then is the control's alone.
unlabelled_arrives()
{
	check "$1: an unlabelled text" gdbus call --session --dest $name --object-path / \
		--method org.hf.Test.Take "$open_text"
	check "$1: comes to it" got_it
	check "$1: and is unlabelled" grep -qF "$open_text" $out
}

# Everything is there, one receiver waits, and then the agent starts.
bus_begin()
{
	local program

	places_make || { echo 'the places could not be made'; exit 1; }
	mkdir -p $view $readers ${carrier%/*}
	echo "$secret_text" >$view/doc.txt
	for program in busybox python3; do
		install -m 755 -o root -g root /usr/bin/$program $readers/$program
	done
	install -m 755 -o root -g root /usr/bin/python3 $carrier
	make_policy
	bus_start || { echo 'no bus'; cat /run/hf/bus.log; exit 1; }
	receiver '' /run/hf/agent-is-there # who reads already, reads on as before
	agent_start $policy || { echo 'the agent does not start'; exit 1; }
	touch /run/hf/agent-is-there
}
