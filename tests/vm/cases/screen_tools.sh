# shellcheck shell=bash
# Owns: how each real tool takes a picture of an X11 display, without a person, and what counts as
# one. Sourced; shoot_TOOL FILE leaves its picture there.
# shellcheck disable=SC2086,SC2317

export DISPLAY=:7
export GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 QT_QPA_PLATFORM=xcb LC_ALL=C.UTF-8
export HOME=/run/hf/home XDG_RUNTIME_DIR=/run/hf/runtime
mkdir -p $HOME $XDG_RUNTIME_DIR
chmod 700 $XDG_RUNTIME_DIR

screen_tools='xwd import scrot maim ffmpeg python-xlib x11vnc gnome-screenshot xfce4-screenshooter flameshot recordmydesktop'

# Prints those that are installed.
tools_there()
{
	local tool program

	for tool in $screen_tools; do
		program=$tool
		[ $tool != python-xlib ] || program=/usr/bin/python3
		command -v $program >/dev/null && printf '%s ' $tool
	done
}

# A root window with something on it: what is black everywhere was not captured.
display_start()
{
	Xvfb $DISPLAY -screen 0 320x240x24 -nolisten tcp -noreset >/run/hf/display 2>&1 &
	wait_for 60 test -S /tmp/.X11-unix/X${DISPLAY#:} || return 1
	wait_for 60 xsetroot -solid '#c04080'
}

shoot_xwd()
{
	xwd -silent -root -out $1
}

shoot_import()
{
	import -window root png:$1
}

# These name the format by the file's end.
shoot_scrot()
{
	scrot -o $1.png && mv $1.png $1
}

shoot_maim()
{
	maim -f png $1
}

shoot_ffmpeg()
{
	ffmpeg -nostdin -loglevel error -y -f x11grab -video_size 320x240 -i $DISPLAY -frames:v 1 -f image2 -c:v png $1
}

shoot_python-xlib()
{
	/usr/bin/python3 - $1 <<-'PYTHON'
		import sys
		from Xlib import X, display
		root = display.Display().screen().root
		size = root.get_geometry()
		data = root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xffffffff).data
		rgb = bytearray(size.width * size.height * 3)
		rgb[0::3], rgb[1::3], rgb[2::3] = data[2::4], data[1::4], data[0::4]
		with open(sys.argv[1], "wb") as file:
		    file.write(b"P6 %d %d 255\n" % (size.width, size.height) + rgb)
	PYTHON
}

# The picture is what a viewer gets.
shoot_x11vnc()
{
	local server status

	x11vnc -display $DISPLAY -localhost -rfbport 5977 -once -nopw -quiet -noxdamage -noshm &
	server=$!
	/usr/bin/python3 tests/vm/cases/vnc_picture.py 5977 $1
	status=$?
	kill $server 2>/dev/null # whom nobody could ask goes on waiting, and showing
	wait $server 2>/dev/null
	return $status
}

shoot_gnome-screenshot()
{
	dbus-run-session -- gnome-screenshot -f $1.png && mv $1.png $1
}

shoot_xfce4-screenshooter()
{
	dbus-run-session -- xfce4-screenshooter --fullscreen --save $1.png && mv $1.png $1
}

shoot_flameshot()
{
	dbus-run-session -- flameshot full --path $1.png && mv $1.png $1
}

shoot_recordmydesktop()
{
	rm -f $1.ogv
	timeout --signal INT 15 recordmydesktop --no-sound --no-frame --fps 2 --on-the-fly-encoding -o $1.ogv
	mv $1.ogv $1
}

# picture_is_good FILE: it can be read, and is not one dark plane.
picture_is_good()
{
	local light format=''

	[ -s $1 ] || return 1
	[ "$(head -c 2 $1)" != P6 ] || format='-f ppm_pipe' # which ffmpeg knows by its name alone
	light=$(ffmpeg -nostdin -loglevel error $format -i $1 -frames:v 1 -vf scale=1:1:flags=area -f rawvideo \
		-pix_fmt gray - 2>/dev/null | od -An -tu1)
	[ "${light:-0}" -gt 30 ]
}
