#!/bin/bash
# Owns: the witness of captures: what holdfast-session sees of an X11 display and of the session bus is an
# event, with who and how; doctor says what is watched; the clipboard is emptied when the session is locked.
# vm-needs: ext4
# vm-timeout: 900
# $ is often for a later shell.
# shellcheck disable=SC2016,SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

policy=/run/hf/witness.ini
desk=/run/hf/desk
session=/opt/carrier/holdfast-session
odd=/run/hf/desk/odd # the same display by a path at which no display is looked for
desk_env=(DISPLAY=:7 XDG_RUNTIME_DIR=/run/user/2001 LC_ALL=C.UTF-8
	DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/2001/bus)

make_policy()
{
	policy_of_cases >$policy
	cat >>$policy <<-END
		[app session]
		carrier = yes
		path = $session
		[rule clipboard]
		label = confidential
		channel = clipboard
		action = follow
	END
}

on_desk()
{
	as_user alice env "${desk_env[@]}" "$@"
}

start_desktop()
{
	mkdir -p $desk /tmp/.X11-unix /run/user/2001 /opt/carrier
	chmod 1777 $desk /tmp/.X11-unix
	chown alice:alice /run/user/2001
	install -m 755 -o root -g root build/holdfast-session $session
	on_desk dbus-daemon --session --address=unix:path=/run/user/2001/bus --nofork --nopidfile >$desk/bus 2>&1 &
	wait_for 60 test -S /run/user/2001/bus || return 1
	# Who is handed a socket makes none of that kind itself: so both are. It starts when somebody comes.
	on_desk systemd-socket-activate -l $odd -l /tmp/.X11-unix/X7 \
		Xvfb :7 -screen 0 320x240x24 -nolisten tcp -noreset >$desk/display 2>&1 &
	wait_for 60 test -S $odd || return 1
	on_desk timeout 240 /usr/bin/python3 tests/vm/cases/x_picture.py $odd $desk/first
}

start_session()
{
	on_desk sh -c 'echo $$ >"$0"; exec "$@"' $desk/session.pid $session >>$desk/session 2>&1 &
	session_job=$!
	wait_for 90 is_watched :7 && wait_for 60 is_watched bus
}

# is_watched NAME: of doctor's desktops.
is_watched()
{
	holdfast doctor --json | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    line = json.loads(line)
    if line.get("kind") == "desktop" and line["name"] == sys.argv[1] and line["witness"]:
        sys.exit(0)
sys.exit(1)' $1
}

is_not_watched()
{
	! is_watched $1
}

# witnessed PATTERN: how many events of captures have it.
witnessed()
{
	holdfast events --json | grep '"event_code":"capture-witnessed"' | grep -c -- "$1"
}

# A second in which the witness adds up, and a loaded machine.
settle()
{
	sleep 5
}

# state_is NAME METHOD STATE: in doctor's table.
state_is()
{
	holdfast doctor --json | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    line = json.loads(line)
    if line.get("kind") == "desktop" and line["name"] == sys.argv[1]:
        sys.exit(line["methods"].get(sys.argv[2]) != sys.argv[3])
sys.exit(1)' "$@"
}

the_display()
{
	check 'nobody has captured yet' [ "$(witnessed .)" -eq 0 ]
	check 'who captures nothing' on_desk xlsclients
	settle
	check 'is no event' [ "$(witnessed .)" -eq 0 ]
	check 'alice captures the screen' on_desk timeout 60 xwd -root -silent -out $desk/picture
	settle
	check 'the witness tells of it' [ "$(witnessed '"name":"xwd"')" -eq 1 ]
	check 'how' [ "$(witnessed '"method":"x11-getimage"')" -eq 1 ]
	check 'and where' [ "$(witnessed '"display":":7"')" -eq 1 ]
	check 'alice captures by shared memory' on_desk timeout 60 scrot -o $desk/picture.png
	settle
	check 'it tells of that' [ "$(witnessed '"method":"x11-shm"')" -eq 1 ]
	check 'alice captures by another socket of the server' \
		on_desk timeout 60 /usr/bin/python3 tests/vm/cases/x_picture.py $odd $desk/odd-picture
	settle
	check 'it tells of that' [ "$(witnessed '"name":"python3')" -eq 1 ]
}

# Nobody owns the portal's name here: the call fails, and was made.
the_bus()
{
	on_desk /usr/bin/python3 - <<-'PY' >$desk/call 2>&1
	import dbus, time
	bus = dbus.SessionBus()
	bus_object = bus.get_object("org.freedesktop.DBus", "/org/freedesktop/DBus")
	try:
	    bus_object.Screenshot("", {}, dbus_interface="org.freedesktop.portal.Screenshot", signature="sa{sv}")
	except dbus.DBusException as error:
	    print(error)
	time.sleep(3)
	PY
	settle
	check 'who calls a portal is told of' [ "$(witnessed '"method":"portal-screenshot"')" -eq 1 ]
	check 'with who it was' [ "$(witnessed '"display":"session bus"')" -eq 1 ]
}

the_table()
{
	check 'doctor says that pictures of X11 are refused, while labels are shown' state_is :7 x11-getimage blocked
	check 'and so are calls on the bus' state_is bus portal-screenshot blocked
	check 'and what cards put out' state_is devices drm blocked
	check 'and what nobody sees' state_is bus pipewire-node 'not seen'
	check 'and has a table for people' grep -q ':7 (X11, alice), with a witness' <(holdfast doctor)
}

lock_signal()
{
	on_desk gdbus emit --session -o /org/freedesktop/ScreenSaver -s org.freedesktop.ScreenSaver.ActiveChanged $1
	sleep 3
}

pasted()
{
	on_desk timeout 20 xclip -selection clipboard -o 2>/dev/null
}

the_clipboard()
{
	echo copied | on_desk xclip -selection clipboard -i >/dev/null 2>&1
	check 'what is copied is pasted' [ "$(pasted)" = copied ]
	lock_signal false
	check 'also when the session was unlocked' [ "$(pasted)" = copied ]
	lock_signal true
	check 'nothing is pasted once it was locked' [ -z "$(pasted)" ]
	echo again | on_desk xclip -selection clipboard -i >/dev/null 2>&1
	check 'who copies again pastes again' [ "$(pasted)" = again ]
}

it_comes_and_goes()
{
	agent_reload
	check 'with a new policy it watches' wait_for 60 is_watched :7
	kill "$(cat $desk/session.pid)"
	wait $session_job 2>/dev/null
	check 'who ends it ends both witnesses' wait_for 30 is_not_watched :7
	check 'that of the bus too' is_not_watched bus
	check 'and calls there are refused as before' state_is bus portal-screenshot blocked
	check 'as pictures are' state_is :7 x11-getimage blocked
	check 'no process of it is left' [ -z "$(pgrep -u alice -f holdfast-session)" ]
	start_session || not_ok 'it starts again' "$(tail -n 3 $desk/session | tr '\n' ' ')"
}

places_make || { echo "the places could not be made"; exit 1; }
make_policy
start_desktop || { echo "no desktop"; tail $desk/display; exit 1; }
agent_start $policy || { echo "the agent does not start"; exit 1; }
start_session || { echo "no witness"; cat $desk/session; holdfast doctor --json | grep desktop; exit 1; }
check 'both witnesses are there' is_watched bus
the_display
the_bus
the_table
the_clipboard
it_comes_and_goes
agent_stop
finish
