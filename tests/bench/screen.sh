#!/bin/bash
# Owns: what drawing costs with the kernel part, which reads each request to a display: x11perf on Xvfb and a
# Wayland client's frames under weston, with nothing loaded, with the kernel part, with a labelled reader on the
# screen besides, and with nothing again. Instructions of client and server together. Wants --icount.
# vm-needs: ext4
# vm-timeout: 300
# The places have no blanks in their names.
# shellcheck disable=SC2086
. tests/vm/guest/lib.sh
. tests/bench/lib.sh

desk=/run/bench
export DISPLAY=:7 XDG_RUNTIME_DIR=$desk WAYLAND_DISPLAY=wayland-5
sh=$place/bin/dash # who alone opens what is labelled

# Beside label 1: displays carry what others show, without becoming readers of it.
policy_more()
{
	cat <<-END
		app $sh 1
		app $place/bin/Xvfb 2
		app $place/bin/weston 2
		flags 2 1
	END
}

desk_make()
{
	mkdir -p $desk /tmp/.X11-unix
	chmod 700 $desk
	chmod 1777 /tmp/.X11-unix
	install -m 755 /usr/bin/dash /usr/bin/Xvfb /usr/bin/weston $place/bin
}

# window DIRECTORY PROGRAM...: which shows something; what it read before decides whether that is labelled.
window()
{
	# shellcheck disable=SC2016 # for the shell that opens
	setarch -R $sh -c 'read -r line <"$0"; exec "$@"' "$place/$1/data" "${@:2}" >$desk/window 2>&1 &
	windows+=($!)
}

displays_start()
{
	windows=()
	setarch -R $place/bin/Xvfb $DISPLAY -screen 0 800x700x24 -nolisten tcp -noreset >$desk/xvfb 2>&1 &
	x_server=$!
	setarch -R $place/bin/weston --backend=headless-backend.so --use-pixman --width=800 --height=700 --idle-time=0 \
		--socket=$WAYLAND_DISPLAY >$desk/weston 2>&1 &
	w_server=$!
	wait_for 60 test -S /tmp/.X11-unix/X7 && wait_for 60 test -S $desk/$WAYLAND_DISPLAY || return 1
	wait_for 60 xdpyinfo || return 1
	window "$1" xlogo
	window "$1" weston-flower
	sleep 3 # until they have drawn
	kill -0 "${windows[@]}"
}

displays_stop()
{
	kill "${windows[@]}" $x_server $w_server
	wait "${windows[@]}" $x_server $w_server
	rm -f /tmp/.X11-unix/X7 /tmp/.X7-lock
}

# draw VARIANT DIRECTORY
draw()
{
	if ! displays_start "$2"; then
		not_ok "$1: displays start" "$(tail -qn 2 $desk/xvfb $desk/weston $desk/window | tr '\n' ' ')"
		return
	fi
	[ "$2" = open ] || check "$1: what is shown is labelled" is_tainted "${windows[0]}"
	check "$1 is measured" /usr/bin/python3 tests/bench/screen.py measure $x_server $w_server $desk/figures-"$1"
	displays_stop 2>/dev/null
}

place_make && desk_make || exit 1
draw none open
kernel_part_on || finish
draw unlabelled open
draw shown secret
kernel_part_off
draw none-2 open
/usr/bin/python3 tests/bench/screen.py table $desk/figures-{none,none-2,unlabelled,shown}
finish
