#!/bin/bash
# Owns: the watermark as a policy says it, with the whole agent: over an X11 display, told by doctor, an event
# when somebody kills what writes it, and plainly missing where the console gave no pen. What a mark names,
# tests/e2e/watermark.py shows.
# vm-needs: ext4
# vm-timeout: 900
# $ is often for a later shell.
# shellcheck disable=SC2016,SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

policy=/run/hf/watermark.ini
desk=/run/hf/desk
desk_env=(DISPLAY=:7 XDG_RUNTIME_DIR=/run/user/2001 HOME=/run/hf/desk LC_ALL=C.UTF-8
	DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/2001/bus)

# make_policy LINE ...: of [watermark]
make_policy()
{
	policy_of_cases >$policy
	[ $# -eq 0 ] || printf '%s\n' '[watermark]' "$@" >>$policy
}

on_desk()
{
	as_user alice env "${desk_env[@]}" "$@"
}

start_desktop()
{
	mkdir -p $desk /tmp/.X11-unix /run/user/2001
	chmod 1777 $desk /tmp/.X11-unix
	chown alice:alice /run/user/2001
	on_desk dbus-daemon --session --address=unix:path=/run/user/2001/bus --nofork --nopidfile >$desk/bus 2>&1 &
	on_desk Xvfb :7 -screen 0 320x240x24 -nolisten tcp -noreset >$desk/display 2>&1 &
	wait_for 120 test -S /tmp/.X11-unix/X7 && wait_for 60 test -S /run/user/2001/bus || return 1
	on_desk xcompmgr -n >$desk/compositor 2>&1 &
	on_desk build/holdfast-session --verbose >>$desk/session 2>&1 &
}

# shows WORD VALUE: of the one display that has an overlay.
shows()
{
	holdfast status --json | /usr/bin/python3 -c '
import json, sys
status = json.load(sys.stdin)
displays = status.get("watermark", {}).get("displays", [])
sys.exit(not (len(displays) == 1 and displays[0]["display"] == ":7" and str(displays[0][sys.argv[1]]) == sys.argv[2]))' "$@"
}

levels()
{
	on_desk timeout 60 xwd -root -silent | /usr/bin/python3 -c '
import struct, sys
dump = sys.stdin.buffer.read()
head, colours = struct.unpack_from(">I", dump)[0], struct.unpack_from(">I", dump, 76)[0]
print(len(set(dump[head + 12 * colours::4])))'
}

has_levels()
{
	[ "$(levels)" -gt $1 ]
}

failures()
{
	holdfast events --json | grep -c "\"status_code\":\"$1\""
}

has_failure()
{
	[ "$(failures $1)" -gt 0 ]
}

drawer()
{
	pgrep -u alice -n -f holdfast-session
}

the_text()
{
	check 'control: without the section nothing is on the display' [ "$(levels)" -le 2 ]
	make_policy 'text = {account} on {device}, {time}' 'opacity = 30' 'density = dense'
	agent_reload
	check 'with it the text is told' wait_for 90 shows text True
	check 'and is on the display' wait_for 60 has_levels 4
	check 'doctor says so' sh -c 'holdfast doctor | grep -A1 ^Watermark | grep -q ":7, user 2001: text"'
	check 'nobody was told of trouble' [ "$(failures watermark-ended)" -eq 0 ]
	kill -9 "$(drawer)"
	check 'killed, that is an event' wait_for 60 has_failure watermark-ended
	check 'and it is back' wait_for 60 shows text True
}

the_mark()
{
	make_policy 'text = {account}' 'blind = yes'
	agent_reload
	check 'no console gave a pen: doctor says that there is no blind mark' \
		wait_for 60 sh -c 'holdfast doctor | grep -q "NO BLIND MARK"'
	check 'and it is a failure by name' wait_for 150 has_failure watermark-no-pen
	check 'the text is there all the same' shows text True
}

places_make || { echo "the places could not be made"; exit 1; }
make_policy
agent_start $policy || { echo "the agent does not start"; exit 1; }
start_desktop || { echo "no desktop"; tail $desk/display; exit 1; }
the_text
the_mark
tail -n 5 $desk/session
agent_stop
finish
