#!/bin/bash
# Owns: the message bus, a real dbus-daemon with libdbus's, GLib's and systemd's programs: whom a
# labelled reader sends a message with content is a labelled reader (follow), or is sent nothing and
# both go on (block), by calls, answers and signals, waiting for them or not; the bus's own services,
# messages without content, carriers and unlabelled senders are let be. Attacks: bus_attack.sh.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/bus_parts.sh

# follows NAME WAY [GO]
follows()
{
	receiver '' $3
	check "$1: the control" $2 $name $open/doc.txt
	[ -z "$3" ] || touch $3
	check "$1: the control comes" got_it
	check "$1: the control is unlabelled" grep -qF "$open_text" $out
	[ -z "$3" ] || rm -f $3
	receiver '' $3
	$2 $name $secret/doc.txt
	[ -z "$3" ] || touch $3
	check "$1: a labelled text comes" got_it
	expect_refused "$1: its receiver is a labelled reader" cat $out
	[ -z "$3" ] || rm -f $3
}

# blocks NAME WAY [GO]
blocks()
{
	receiver '' $3
	window_open
	$2 $name $view/doc.txt
	window_close "$1: what is for viewing"
	[ -z "$3" ] || touch $3
	sleep 2
	check "$1: nothing comes" still_waits
	unlabelled_arrives "$1: afterwards"
	[ -z "$3" ] || rm -f $3
}

# by_answer NAME FILE: who is asked is the labelled one.
answers()
{
	number=$((number + 1))
	name=org.hf.N$number out=$work/out$number
	rm -f $ready
	$readers/python3 $client answer $name $ready $1 >/dev/null 2>&1 &
	receiver=$!
	wait_for 60 test -e $ready
}

follows_answers()
{
	answers $open/doc.txt
	check 'answer: the control' /usr/bin/python3 $client call $name '' $out
	check 'answer: it is unlabelled' grep -qF "$open_text" $out
	answers $secret/doc.txt
	check 'answer: a labelled one comes' /usr/bin/python3 $client call $name '' $out
	expect_refused 'answer: who asked is a labelled reader' cat $out
}

blocks_answers()
{
	answers $view/doc.txt
	window_open
	timeout 20 /usr/bin/python3 $client call $name '' $out
	check 'answer: what is for viewing does not come' [ $? -ne 0 -a ! -e $out ]
	window_close 'answer: what is for viewing'
	wait $receiver
	check 'answer: who gave it keeps its connection' [ $? -eq 0 ]
}

monitored()
{
	dbus-monitor --session "type='signal',interface='org.hf.Test'" >$work/monitor 2>/dev/null &
	local monitor=$!

	sleep 3
	by_broadcast '' $secret/doc.txt
	wait_for 20 grep -q HF-SECRET $work/monitor # refused, or there and labelled
	expect_refused 'who watches the bus is a labelled reader' cat $work/monitor
	kill $monitor
}

# What a labelled reader may send all the same, and that it goes on.
let_be()
{
	receiver
	check 'a call without content is let through' \
		sh -c "$readers/busybox sh -c 'read -r text <$view/doc.txt; exec dbus-send --session \
			--print-reply --dest=$name / org.hf.Test.Nothing' >/dev/null 2>&1"
	check 'and its receiver is no labelled reader' still_waits
	unlabelled_arrives 'afterwards'
	check 'the bus itself may be asked' \
		say $view/doc.txt string:org.hf. '' dbus-send --session --print-reply \
		--dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner
	refute 'but not to tell the programs that it starts' \
		say $view/doc.txt dict:string:string:HF, '' dbus-send --session --print-reply \
		--dest=org.freedesktop.DBus / org.freedesktop.DBus.UpdateActivationEnvironment
	receiver
	$readers/python3 $client call $name $view/doc.txt '' >/dev/null 2>&1
	check 'who is refused is answered, and goes on' [ $? -eq 13 ]
	unlabelled_arrives 'after that'
}

carriers()
{
	receiver $carrier
	gdbus call --session --dest $name --object-path / --method org.hf.Test.None >/dev/null 2>&1
	check 'a carrier may be sent what is for viewing' by_gdbus $name $view/doc.txt
	check 'it comes' got_it
	receiver $carrier
	check 'a carrier is sent what is labelled' by_gdbus $name $secret/doc.txt
	check 'it comes too' got_it
	check 'and does not label it' grep -qF "$secret_text" $out
}

bus_begin
name=org.hf.N1 out=$work/out1
by_busctl $name $secret/doc.txt
check 'busctl: a labelled text comes over a connection from before the agent' got_it
expect_refused 'busctl: its receiver is a labelled reader' cat $out
follows 'dbus-send' by_dbus_send
follows 'gdbus' by_gdbus
follows 'signal' by_signal
follows 'broadcast' by_broadcast
follows 'signal, before it is read' by_signal /run/hf/go
follows 'broadcast, before it is read' by_broadcast /run/hf/go
follows_answers
monitored
check 'lineage tells of the message bus' grep -q 'message bus' <(holdfast lineage $secret/doc.txt)
blocks 'dbus-send' by_dbus_send
blocks 'gdbus' by_gdbus
blocks 'busctl' by_busctl
blocks 'signal' by_signal
blocks 'broadcast' by_broadcast
blocks 'broadcast, before it is read' by_broadcast /run/hf/go
blocks_answers
let_be
carriers
check 'it is told why' grep -q 'hand content to another program' <(holdfast events)
expect_each_recorded
agent_stop
finish
