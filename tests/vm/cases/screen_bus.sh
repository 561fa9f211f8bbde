#!/bin/bash
# Owns: calls for a picture on a real message bus, of portals, their back ends, GNOME's and KDE's shells, by
# gdbus, busctl, dbus-send and libdbus: they come to nobody while a labelled reader shows something, and who
# asked goes on (block), or makes who asked a labelled reader (follow), or are only recorded (audit). The
# same calls are answered before, and others always.
# vm-needs: ext4
# vm-timeout: 1200
# The places have no blanks in their names.
# shellcheck disable=SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/screen_parts.sh

export DISPLAY=:7 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/hf/bus
reader=/opt/readers/xclip
portal=/opt/carrier/python3
calls=/run/hf/calls
portal_name=org.freedesktop.portal.Desktop

# Interface, member.
captures='org.freedesktop.portal.Screenshot Screenshot
org.freedesktop.portal.ScreenCast CreateSession
org.freedesktop.portal.RemoteDesktop Start
org.freedesktop.impl.portal.Screenshot Screenshot
org.freedesktop.impl.portal.ScreenCast Start
org.freedesktop.impl.portal.RemoteDesktop Start
org.gnome.Shell.Screenshot ScreenshotArea
org.gnome.Mutter.ScreenCast CreateSession
org.kde.KWin.ScreenShot2 CaptureActiveScreen'

policy_of()
{
	screen_policy "$@"
	cat >>$policy <<-END
		[app portal]
		path = $portal
		carrier = yes
	END
}

ask()
{
	timeout 60 /usr/bin/python3 tests/vm/cases/portal.py ask "$@"
}

by_gdbus()
{
	timeout 60 gdbus call --session --timeout 20 --dest $portal_name --object-path /portal --method $1.$2
}

by_busctl()
{
	timeout 60 busctl --user --address=$DBUS_SESSION_BUS_ADDRESS --timeout=20 call $portal_name /portal $1 $2
}

by_dbus_send()
{
	timeout 60 dbus-send --session --print-reply --reply-timeout=20000 --dest=$portal_name /portal $1.$2
}

came()
{
	grep -qx -- "$1" $calls
}

# answered NAME: all interfaces by libdbus, one by the other programs.
all_answered()
{
	local interface member way

	: >$calls
	while read -r interface member; do
		check "$1: $interface is answered" ask $interface $member
		check "$1: $interface came" came $interface.$member
	done <<<"$captures"
	for way in by_gdbus by_busctl by_dbus_send; do
		: >$calls
		check "$1: $way is answered" $way org.freedesktop.portal.Screenshot Screenshot
	done
}

# What goes on in the background holds none of what a check waits for.
shows()
{
	$reader -selection clipboard -i $secret/doc.txt </dev/null >/dev/null 2>&1
}

all_refused()
{
	local interface member way

	: >$calls
	while read -r interface member; do
		window_open
		ask $interface $member >/run/hf/said 2>&1
		check "$1: $interface is an error, and who asked goes on" [ $? -eq 1 ]
		window_close "$1: $interface"
	done <<<"$captures"
	window_open
	ask '' CaptureScreen >/run/hf/said 2>&1
	check "$1: so is a call of no interface" [ $? -eq 1 ]
	window_close "$1: no interface"
	for way in by_gdbus by_busctl by_dbus_send; do
		window_open
		refute "$1: $way" $way org.freedesktop.portal.Screenshot Screenshot
		window_close "$1: $way"
	done
	# gdbus asks first what there is.
	refute "$1: none of it came" grep -qv Introspectable $calls
}

others_answered()
{
	check "$1: opening an address is answered" ask org.freedesktop.portal.OpenURI OpenURI
	check "$1: what only begins alike is answered" ask org.freedesktop.portal.Screenshots Screenshot
	check "$1: properties are" by_gdbus org.freedesktop.DBus.Properties GetAll
}

places_make || exit 1
mkdir -p /opt/readers /opt/carrier
install -m 755 -o root -g root /usr/bin/xclip $reader
install -m 755 -o root -g root /usr/bin/python3 $portal
policy_of 1 block $reader 'record = all'
agent_start $policy || exit 1
dbus-daemon --session --address=$DBUS_SESSION_BUS_ADDRESS --nofork --nopidfile >/run/hf/bus.log 2>&1 &
check 'a bus starts' wait_for 60 test -S /run/hf/bus
Xvfb $DISPLAY -screen 0 320x200x24 -nolisten tcp >/run/hf/display 2>&1 &
check 'a display starts' wait_for 60 test -S /tmp/.X11-unix/X7
$portal tests/vm/cases/portal.py serve $calls /run/hf/ready >/run/hf/portal.log 2>&1 &
check 'a portal starts' wait_for 60 test -e /run/hf/ready

all_answered 'nothing is shown'
for method in portal-screenshot portal-screencast portal-remote-desktop gnome-shell kwin; do
	check "that is recorded: $method" recorded "\"method\":\"$method\""
done
check 'a labelled reader shows something' shows
all_refused 'it is shown'
check 'that names who showed it' recorded '"shown_by":\[{"name":"xclip"'
others_answered 'it is shown'

policy_of 2 follow $reader
check 'follow is in force' agent_reload
: >$calls
check 'follow: it is answered' ask org.freedesktop.portal.Screenshot Screenshot $work/saved
check 'follow: it came' came org.freedesktop.portal.Screenshot.Screenshot
expect_refused 'follow: what who asked wrote is labelled' cat $work/saved
rm -f $work/other
check 'follow: another call is answered' ask org.freedesktop.portal.OpenURI OpenURI $work/other
expect_allowed 'follow: what is written after that is not labelled' cat $work/other

policy_of 3 audit $reader
check 'audit is in force' agent_reload
check 'audit: it is answered' ask org.freedesktop.portal.Screenshot Screenshot $work/audited
expect_allowed 'audit: what who asked wrote is not labelled' cat $work/audited
check 'that is recorded, with who showed it' recorded '"verdict":"audit".*"method":"portal-screenshot"'
end_all $reader

policy_of 4 audit $reader 'when = always'
check 'always is in force' agent_reload
window_open
ask org.freedesktop.portal.ScreenCast Start >/run/hf/said 2>&1
check 'always: it is refused when nothing is shown' [ $? -eq 1 ]
window_close 'always'
others_answered 'always'
expect_each_recorded
agent_stop
finish
