#!/bin/bash
# Owns: captures by devices: the text of a virtual console, a framebuffer, what a graphics card puts out. Refused
# once a labelled reader wrote to a console (block), or labelled what is read (follow), or only recorded (audit);
# allowed before.
# vm-needs: ext4 display
# vm-timeout: 900
# The places have no blanks in their names.
# shellcheck disable=SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/screen_parts.sh

reader=/opt/readers/busybox

# read_device NAME: leaves it in $work.
read_device()
{
	rm -f $work/$1
	case $1 in
	getfb*) /usr/bin/python3 tests/vm/cases/drm_picture.py /dev/dri/card0 $1 $work/$1 ;;
	*) dd if=/dev/$1 of=$work/$1 bs=4096 count=2 ;;
	esac
}

# A console takes the display over when something is written there.
display_is_on()
{
	echo hello >/dev/tty1 && read_device getfb
}

places_make || exit 1
modprobe bochs
check 'a graphics card puts a console out' wait_for 120 display_is_on
devices=''
for device in vcs1 vcsa1 vcsu1 fb0 getfb getfb2; do
	if read_device $device 2>/run/hf/said; then
		devices="$devices $device"
	else
		skip "$device" "$(tail -n 1 /run/hf/said)"
	fi
done

mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/busybox $reader
screen_policy 1 block $reader 'record = all'
agent_start $policy || exit 1

# allowed NAME; refused NAME
allowed()
{
	local device

	for device in $devices; do
		expect_allowed "$1: $device is read" read_device $device
	done
}

refused()
{
	local device

	for device in $devices; do
		expect_refused "$1: $device" read_device $device
	done
}

allowed 'nothing was shown'
check 'that is recorded all the same: consoles' recorded '"method":"console-vcs"'
check 'framebuffers' recorded '"method":"framebuffer"'
check 'cards' recorded '"method":"drm"'
check 'who reads elsewhere shows nothing' $reader sh -c "cat $secret/doc.txt >/dev/null"
allowed 'nothing was shown yet'
check 'a labelled reader shows something' $reader sh -c "cat $secret/doc.txt >/dev/tty1"
refused 'shown on a console'
expect_allowed 'a console is written to' sh -c 'echo hello >/dev/tty1'
expect_allowed 'other devices are read' dd if=/dev/zero of=/dev/null count=1

screen_policy 2 follow $reader
check 'follow is in force' agent_reload
for device in $devices; do
	read_device $device 2>/dev/null
	expect_refused "follow: what was read of $device is labelled" cat $work/$device
done

screen_policy 3 audit $reader
check 'audit is in force' agent_reload
allowed 'audit'
check 'what was read is not labelled' dd if=$work/${devices##* } of=/dev/null

screen_policy 4 audit $reader 'when = always'
check 'always is in force' agent_reload
refused 'always'
expect_each_recorded
agent_stop
finish
