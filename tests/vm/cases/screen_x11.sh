#!/bin/bash
# Owns: captures of an X11 display by real programs (xwd, import, scrot, maim, ffmpeg): refused while a
# labelled reader shows something there (block), or labelled what they write (follow), or only recorded
# (audit); they work as before without one. Who captures nothing keeps its connection. Who comes by TCP is
# refused whatever it asks for; who may capture by the policy does, at its hours.
# vm-needs: ext4 usb
# vm-timeout: 1200
# The places have no blanks in their names.
# shellcheck disable=SC2016,SC2086,SC2119,SC2120,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/screen_parts.sh

export DISPLAY=:7
reader=/opt/readers/xclip
capturer=/opt/readers/maim
tools='xwd import scrot maim ffmpeg'

# make_policy VERSION ACTION [LINE...]: lines of [screen].
make_policy()
{
	screen_policy $1 $2 $reader "${@:3}" '[app capturer]' "path = $capturer"
}

display_start()
{
	# -retro: a pattern on the root window, so that a picture of it is told from an empty one.
	Xvfb $DISPLAY -retro -screen 0 320x200x24 -listen tcp -ac >/run/hf/display 2>&1 &
	wait_for 60 test -S /tmp/.X11-unix/X${DISPLAY#:}
}

capture()
{
	rm -f $picture.*
	case $1 in
	xwd) timeout 60 xwd -root -out $picture.xwd ;;
	import) timeout 60 import -window root $picture.png ;;
	scrot) timeout 60 scrot -z $picture.png ;;
	maim) timeout 60 maim $picture.png ;;
	ffmpeg) timeout 90 ffmpeg -nostdin -loglevel error -f x11grab -video_size 320x200 -i $DISPLAY \
		-frames:v 1 $picture.png ;;
	esac
}

captures_work()
{
	local tool

	for tool in $tools; do
		check "$1: $tool captures" capture $tool
		check "$1: there is a picture by $tool" has_picture
	done
}

show()
{
	$reader -selection clipboard -i $secret/doc.txt </dev/null >/dev/null 2>&1
}

stop_showing()
{
	end_all $reader
}

capture_by_tcp()
{
	rm -f $picture.*
	DISPLAY=127.0.0.1$DISPLAY timeout 60 xwd -root -out $picture.xwd
}

capture_as_allowed()
{
	rm -f $picture.*
	timeout 60 $capturer $picture.png
}

# Hours, as the policy says them, that now lies in, or far from.
hours()
{
	local now

	now=$(date +%-H)
	case $1 in
	now) echo 00:00-23:59 ;;
	*) [ "$now" -lt 12 ] && echo 18:00-19:00 || echo 06:00-07:00 ;;
	esac
}

bystander_lives()
{
	kill -0 $bystander
}

places_make || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/xclip $reader
install -m 755 -o root -g root /usr/bin/maim $capturer
make_policy 1 block 'record = all'
agent_start $policy || exit 1
check 'a display starts' display_start
/usr/bin/xclip -quiet -selection primary -i $open/doc.txt </dev/null >/dev/null 2>&1 &
bystander=$!

captures_work 'nothing is shown'
check 'nothing is shown: who comes by TCP captures' capture_by_tcp
check 'nothing is shown: there is a picture by TCP' has_picture
check 'that is recorded all the same' recorded '"method":"x11-'
check 'a labelled reader shows something' show
are_refused 'it is shown'
window_open
capture_by_tcp >/dev/null 2>&1
window_close 'it is shown: by TCP'
refute 'it is shown: there is no picture by TCP' has_picture
check 'that is told as a capture by TCP' recorded '"method":"x11-tcp"'
check 'that names who showed it' recorded '"shown_by":\[{"name":"xclip"'
check 'who captured nothing goes on' bystander_lives
stop_showing
captures_work 'it is gone'

make_policy 2 follow
check 'follow is in force' agent_reload
check 'a labelled reader shows something again' show
for tool in $tools; do
	check "follow: $tool captures" capture $tool
	expect_refused "follow: what $tool wrote is labelled" cat $picture.*
done
check 'lineage tells of the screen' grep -q screen <(holdfast lineage $secret/doc.txt)
stop_showing

make_policy 3 audit
check 'audit is in force' agent_reload
check 'a labelled reader shows something once more' show
captures_work 'audit'
check 'what was written is not labelled' dd if="$(echo $picture.*)" of=/dev/null status=none
stop_showing

make_policy 4 audit 'when = always'
check 'always is in force' agent_reload
are_refused 'always, nothing shown'
check 'who captured nothing goes on still' bystander_lives

make_policy 5 block 'capture-apps = capturer' "hours = $(hours now)"
check 'an application may capture' agent_reload
check 'a labelled reader shows something to it' show
check 'its hour: it captures' capture_as_allowed
check 'its hour: there is a picture' has_picture
are_refused 'its hour, not theirs'
make_policy 6 block 'capture-apps = capturer' "hours = $(hours other)"
check 'it may at another hour' agent_reload
window_open
capture_as_allowed >/dev/null 2>&1
window_close 'not its hour'
refute 'not its hour: there is no picture' has_picture
expect_each_recorded
kill $bystander
agent_stop
finish
