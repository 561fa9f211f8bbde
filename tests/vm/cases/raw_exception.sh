#!/bin/bash
# Owns: exceptions for a device. What raw-disk excepts goes past the file system of that very stick
# and of no other device; what removable excepts is another matter. And the path of an event whose
# hook knows no mount is whole all the same.
# vm-needs: ext4 ext4b usb
# vm-timeout: 600
# shellcheck disable=SC2317 # functions are run by expect_* and check
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

live=/run/hf/live.ini
copy=/opt/readers/dd

# stick_policy VERSION SERIAL CHANNEL: the channel excepts the stick with that serial number.
stick_policy()
{
	cat <<-INI
	[policy]
	name = Exceptions for a device
	version = $1
	[tenant acme]
	title = Acme
	[label confidential]
	tenant = acme
	path = $secret
	open-with = copier
	[rule stick]
	label = confidential
	channel = $3
	action = block
	except-device = stick
	[app copier]
	path = $copy
	[device stick]
	vendor = 46f4
	product = 0001
	serial = $2
	INI
}

# Sector 10 lies before the first partition.
to_sector_ten()
{
	"$copy" if="$secret/doc.txt" of="$1" bs=512 seek=10 conv=notrunc,fsync
}

to_stick_file()
{
	"$copy" if="$secret/doc.txt" of="$usb/$1"
}

# refused NAME COMMAND...: what a labelled reader says is not read; that it was the agent, and not
# something else, is in the event.
refused()
{
	local name=$1

	shift
	window_open
	if "$@" >/dev/null 2>&1 </dev/null; then
		not_ok "$name" "'$*' worked"
	else
		ok "$name"
	fi
	window_close "$name"
}

sector_ten_is()
{
	dd if="$disk" bs=512 skip=10 count=1 iflag=direct 2>/dev/null | grep -q "$1"
}

policy_in_force()
{
	stick_policy "$@" >$live
	build/holdfast policy reload >/dev/null || not_ok "policy $1" 'reload failed'
	wait_for 20 in_force_since "$1" || not_ok "policy $1" 'is not in force'
}

in_force_since()
{
	holdfast status | grep -q "version $1"
}

events_have()
{
	holdfast events --json | grep '"channel":"removable"' | grep -q "\"path\":\"$1\""
}

places_make || exit 1
disk=$(usb_dev) || exit 1
other=$(disk_dev ext4b) || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/dd $copy
stick_policy 1 HF0001 raw-disk >$live
agent_start $live || exit 1

refute 'the sector holds something else' sector_ten_is HF-SECRET
expect_allowed 'raw, to the excepted stick' to_sector_ten "$disk"
check 'and it is there' sector_ten_is HF-SECRET
refused 'raw, to another disk' to_sector_ten "$other"
refused 'a file on the stick: another channel' to_stick_file new
check 'its event has the path from the root' wait_for 10 events_have $usb/new

policy_in_force 2 HF0002 raw-disk
refused 'raw, to a stick of another number' to_sector_ten "$disk"

policy_in_force 3 HF0001 removable
refused 'raw, where only removable excepts it' to_sector_ten "$disk"
expect_allowed 'a file on the stick, excepted' to_stick_file kept

policy_in_force 4 HF0001 raw-disk
expect_allowed 'raw, excepted again' to_sector_ten "$disk"
expect_each_recorded
agent_stop
finish
