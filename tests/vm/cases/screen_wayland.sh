#!/bin/bash
# Owns: captures of Wayland displays by real programs, under sway (grim, wf-recorder) and weston (its own):
# refused while a labelled reader shows something there (block), or labelled what they write (follow), or
# only recorded (audit); they work as before without one. So does who captures nothing, all the time. The
# clipboard, by who reads it without being asked to paste (wl-paste).
# vm-needs: ext4
# vm-timeout: 1200
# The places have no blanks in their names; what runs as alice has its variables from there.
# shellcheck disable=SC2016,SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/screen_parts.sh

reader=/opt/readers/zenity
desk=/run/hf/desk
sway=wayland-1
weston=wayland-5
tools='grim wf-recorder weston-screenshooter'

# on DISPLAY COMMAND...: as the person at it.
on()
{
	local display=$1

	shift
	as_user alice env -u DISPLAY XDG_RUNTIME_DIR=$desk WAYLAND_DISPLAY=$display GDK_BACKEND=wayland \
		GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 HOME=$desk LC_ALL=C.UTF-8 "$@"
}

displays_start()
{
	mkdir -p $desk
	# A pattern behind everything, so that a picture is told from an empty one.
	convert -size 320x200 plasma:red-blue $desk/pattern.png
	echo "output HEADLESS-1 resolution 320x200 bg $desk/pattern.png fill" >$desk/sway
	chown -R alice:alice $desk
	chmod 700 $desk
	on '' env -u WAYLAND_DISPLAY WLR_BACKENDS=headless WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1 \
		sway -c $desk/sway >$desk/sway.log 2>&1 &
	# It draws nothing any more, captures neither, once it was idle.
	on '' env -u WAYLAND_DISPLAY weston --backend=headless-backend.so --use-pixman --debug --width=320 \
		--height=200 --idle-time=0 --socket=$weston >$desk/weston.log 2>&1 &
	wait_for 120 test -S $desk/$sway && wait_for 120 test -S $desk/$weston
}

capture()
{
	rm -f $picture.*
	case $1 in
	grim) on $sway timeout 60 grim $picture.png ;;
	wf-recorder) on $sway timeout --signal INT --kill-after 10 15 wf-recorder -f $picture.mp4 </dev/null ;;
	weston-screenshooter)
		rm -f $work/wayland-screenshot-*
		on $weston sh -c 'cd "$0" && timeout 60 weston-screenshooter' $work
		mv $work/wayland-screenshot-*.png $picture.png
		;;
	esac
}

# What a labelled program says can't be read: the log tells what it was refused.
is_written()
{
	stat $picture.* && return
	events_dump | grep -- " ${1:0:15} " | tail -n 3
	return 1
}

is_drawn()
{
	capture grim && has_picture
}

captures_work()
{
	local tool

	for tool in $tools; do
		capture $tool >/run/hf/said 2>&1
		check "$1: there is a picture by $tool" has_picture
	done
}

# What was written is shown only by programs that read the document.
show()
{
	local display

	for display in $sway $weston; do
		on $display $reader --text-info --filename=$secret/doc.txt >/dev/null 2>&1 </dev/null &
	done
	check 'labelled readers are there' wait_for 120 both_read
	sleep 5 # until they have drawn what they read
}

both_read()
{
	local pid count=0

	for pid in $(pidof $reader); do
		holdfast taint --json $pid | grep -q '"pid"' && count=$((count + 1))
	done
	[ $count = 2 ]
}

stop_showing()
{
	end_all $reader
}

lives()
{
	kill -0 $1
}

types()
{
	rm -f $desk/typed
	on $sway timeout 60 foot sh -c "echo typed >$desk/typed" >/run/hf/said 2>&1
	[ -s $desk/typed ]
}

# stays DISPLAY COMMAND...: it goes on until it is ended.
stays()
{
	local display=$1

	shift
	on $display timeout 6 "$@" >/run/hf/said 2>&1 </dev/null
	[ $? -eq 124 ]
}

who_captures_nothing()
{
	check "$1: a terminal works (foot)" types
	check "$1: a dialogue is shown (GTK)" stays $sway zenity --info --text=hello
	check "$1: so is one by weston" stays $weston weston-simple-shm
	check "$1: who was there before goes on" lives $bystander
}

pastes()
{
	on $sway timeout 20 wl-paste --no-newline >$work/pasted 2>/run/hf/said </dev/null
}

copy()
{
	echo -n copied | on $sway timeout 20 wl-copy >/dev/null 2>&1
}

places_make || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/zenity $reader
screen_policy 1 block $reader 'record = all'
agent_start $policy || exit 1
check 'displays start' displays_start
on $sway foot sleep 3600 >$desk/bystander 2>&1 &
bystander=$!

# The compositor has a socket before it has drawn anything.
check 'and draw' wait_for 120 is_drawn
captures_work 'nothing is shown'
check 'that is recorded: wlr-screencopy' recorded '"method":"wayland-screencopy","display":"wayland-1"'
check 'that is recorded: weston' recorded '"method":"weston","display":"wayland-5"'
who_captures_nothing 'nothing is shown'
check 'something is copied' copy
check 'and pasted' pastes
check 'that was it' grep -qx copied $work/pasted
show
are_refused 'it is shown'
check 'that names who showed it' recorded '"shown_by":\[{"name":"zenity"'
who_captures_nothing 'it is shown'
stop_showing
captures_work 'it is gone'

screen_policy 2 follow $reader
check 'follow is in force' agent_reload
show
for tool in $tools; do
	capture $tool >/run/hf/said 2>&1
	check "follow: $tool writes something" is_written $tool
	expect_refused "follow: what $tool wrote is labelled" cat $picture.*
done
check 'lineage tells of the screen' grep -q screen <(holdfast lineage $secret/doc.txt)
stop_showing

screen_policy 3 audit $reader
cat >>$policy <<-END
	[rule copied]
	label = confidential
	channel = clipboard
	action = block
END
check 'audit is in force' agent_reload
show
captures_work 'audit'
check 'something is copied, for all who are asked to paste' copy
window_open
pastes
window_close 'the clipboard is not read meanwhile'
refute 'the clipboard is not read meanwhile' grep -qx copied $work/pasted
stop_showing
check 'and is again when it is gone' pastes

screen_policy 4 audit $reader 'when = always'
check 'always is in force' agent_reload
are_refused 'always, nothing shown'
expect_each_recorded
kill $bystander
agent_stop
finish
