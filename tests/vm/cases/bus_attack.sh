#!/bin/bash
# Owns: attacks on what is followed and refused on the message bus (bus.sh), by a program made for it:
# several messages in one send, with the handshake, in pieces, spliced, in the other byte order, of a
# wrong length, without a body, larger than the socket; and a name that becomes another program's.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/bus_parts.sh

# A name that was a carrier's is another program's now.
taken_over()
{
	local was

	receiver $carrier
	was=$name
	unlabelled_arrives 'a carrier'
	rm -f $ready $out
	/usr/bin/python3 $client serve $was $ready $out >/run/hf/receiver 2>&1 &
	receiver=$!
	wait_for 60 test -e $ready
	window_open
	by_gdbus $was $view/doc.txt
	window_close "a carrier's name with another program"
	sleep 1
	check "a carrier's name with another program gets nothing" test ! -e $out
	kill $receiver 2>/dev/null
}

# attack KIND: sent as no library does.
attack()
{
	receiver
	check "$1: it is an attack" timeout 60 $readers/python3 $client attack $1 $name $open/doc.txt
	check "$1: that works" got_it
	receiver
	window_open
	timeout 60 $readers/python3 $client attack $1 $name $view/doc.txt >/dev/null 2>&1
	check "$1: of what is for viewing it does not" [ $? -ne 0 ]
	window_close "$1: what is for viewing"
	sleep 1
	check "$1: nothing comes" still_waits
	unlabelled_arrives "$1: afterwards"
	receiver
	timeout 60 $readers/python3 $client attack $1 $name $secret/doc.txt >/dev/null 2>&1
	if wait_for 5 test -s $out; then
		expect_refused "$1: of what is followed it labels" cat $out
	else
		ok "$1: of what is followed it does not come"
		kill $receiver
	fi
}

# attack_unread KIND: whoever gets it writes nothing down.
attack_refused()
{
	receiver
	window_open
	timeout 60 $readers/python3 $client attack $1 $name $view/doc.txt >/dev/null 2>&1
	check "$1: what is for viewing is refused" [ $? -ne 0 ]
	window_close "$1: what is for viewing"
	check "$1: nothing comes" still_waits
	unlabelled_arrives "$1: afterwards"
}

bus_begin
for kind in two order pieces splice bytes handshake; do
	attack $kind
done
for kind in length path large; do
	attack_refused $kind
done
taken_over
expect_each_recorded
agent_stop
finish
