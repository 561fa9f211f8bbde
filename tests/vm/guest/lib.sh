# shellcheck shell=bash
# Owns: the words a case is written in. Sourced by cases: . "$HF_REPO/tests/vm/guest/lib.sh"
# Results are lines 'ok NAME', 'not ok NAME - WHY', 'skip NAME - WHAT IS MISSING'.
# A case which used these ends with 'finish'.

hf_failures=0

ok()
{
	printf 'ok %s\n' "$1"
}

not_ok()
{
	hf_failures=$((hf_failures + 1))
	printf 'not ok %s - %s\n' "$1" "${2:-failed}"
}

skip()
{
	printf 'skip %s - %s\n' "$1" "$2"
}

finish()
{
	[ "$hf_failures" -eq 0 ]
	exit
}

# check NAME COMMAND...: the command must succeed.
check()
{
	local name=$1 output status

	shift
	output=$("$@" 2>&1)
	status=$?
	if [ $status -eq 0 ]; then
		ok "$name"
	else
		not_ok "$name" "status $status from '$*': $(tail -n 3 <<<"$output" | tr '\n' ' ')"
	fi
}

# refute NAME COMMAND...: the command must fail, but it must exist and must not crash.
refute()
{
	local name=$1 output status

	shift
	output=$("$@" 2>&1)
	status=$?
	if [ $status -eq 0 ]; then
		not_ok "$name" "'$*' succeeded: $(tail -n 3 <<<"$output" | tr '\n' ' ')"
	elif [ $status -ge 126 ]; then
		not_ok "$name" "status $status from '$*' is no refusal: $(tail -n 3 <<<"$output" | tr '\n' ' ')"
	else
		ok "$name"
	fi
}

# wait_for SECONDS COMMAND...: tries until the command succeeds; fails when time is up.
wait_for()
{
	local end=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# as_user alice|bob|NAME COMMAND...
as_user()
{
	local user=$1 home

	shift
	home=$(getent passwd "$user" | cut -d : -f 6)
	setpriv --reuid "$user" --regid "$user" --init-groups \
		env HOME="$home" USER="$user" LOGNAME="$user" "$@"
}

# disk_dev ext4|ext4b|f2fs|xfs|btrfs: prints the device of a disk of the harness.
disk_dev()
{
	local serial

	for serial in /sys/block/vd*/serial; do
		if [ "$(cat "$serial" 2>/dev/null)" = "hf-$1" ]; then
			echo "/dev/$(basename "$(dirname "$serial")")"
			return 0
		fi
	done
	echo "no disk '$1' in this run: add '# vm-needs: $1' to the case, or --disk $1" >&2
	return 1
}

# mount_disk ext4|ext4b|f2fs|xfs|btrfs DIRECTORY [OPTIONS]
mount_disk()
{
	local device

	device=$(disk_dev "$1") || return 1
	mkdir -p "$2"
	mount -t "${1%b}" -o "${3:-rw}" "$device" "$2"
}

hf_usb_now()
{
	local path

	for path in /sys/block/sd*; do
		[ -e "$path" ] || continue
		case $(readlink -f "$path") in
		*/usb[0-9]*/*)
			echo "/dev/$(basename "$path")"
			return 0
			;;
		esac
	done
	return 1
}

# usb_dev: prints the disk device of the USB stick, once udev has described it.
usb_dev()
{
	if ! wait_for 20 hf_usb_now; then
		echo "no USB stick in this run: add '# vm-needs: usb' to the case, or --usb" >&2
		return 1
	fi
	udevadm settle --timeout=20
	hf_usb_now
}

# usb_part: prints the device of the stick's only partition (vfat).
usb_part()
{
	local device

	device=$(usb_dev) || return 1
	wait_for 10 test -b "${device}1" || return 1
	udevadm settle --timeout=20
	echo "${device}1"
}

# usb_unplug, usb_plug: pull the stick and put it back, as a hand would.
usb_unplug()
{
	hf_ask usb-unplug
	wait_for 20 hf_usb_gone
}

usb_plug()
{
	hf_ask usb-plug
	usb_dev >/dev/null
}

hf_usb_gone()
{
	! hf_usb_now
}

# power_cut: the machine loses power now. The case counts as passed if it printed no
# 'not ok' before; the next boot with the same --keep-disks sees what was left.
power_cut()
{
	hf_ask power-cut
	sleep 60
	return 1
}

hf_ask()
{
	printf '%s\n' "$1" >/run/hf/ask
}

# netns_peer: two other "hosts" as network namespaces. Here is 10.77.0.1 / fd77::1 and
# 10.88.0.1 / fd88::1; peer1 is 10.77.0.2 / fd77::2, peer2 is 10.88.0.2 / fd88::2.
netns_peer()
{
	hf_one_peer peer1 77 && hf_one_peer peer2 88
}

hf_one_peer()
{
	local name=$1 net=$2

	ip netns add "$name" &&
		ip link add "hf$net" type veth peer name eth0 netns "$name" &&
		ip addr add "10.$net.0.1/24" dev "hf$net" &&
		ip addr add "fd$net::1/64" dev "hf$net" nodad &&
		ip link set "hf$net" up &&
		ip -n "$name" link set lo up &&
		ip -n "$name" addr add "10.$net.0.2/24" dev eth0 &&
		ip -n "$name" addr add "fd$net::2/64" dev eth0 nodad &&
		ip -n "$name" link set eth0 up
}

# in_peer peer1|peer2 COMMAND...
in_peer()
{
	ip netns exec "$@"
}
