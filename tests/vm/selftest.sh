#!/bin/bash
# Owns: the proof, from inside the guest, that the harness gives cases what it promises.
# vm-needs: ext4 ext4b f2fs xfs btrfs usb dbus tpm

# shellcheck disable=SC2317 # functions are called by check

# shellcheck source=guest/lib.sh
. "$HF_REPO/tests/vm/guest/lib.sh"

write_and_read()
{
	echo hello >"$1/file" && sync "$1/file" && [ "$(cat "$1/file")" = hello ]
}

release_matches()
{
	case $(uname -r) in
	"$HF_KERNEL".*) ;;
	*) return 1 ;;
	esac
}

bus_answers()
{
	dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId
}

firmware_measured()
{
	grep -q '[1-9A-F]' /sys/class/tpm/tpm0/pcr-sha256/0 &&
		head -c 32 /sys/kernel/security/tpm0/binary_bios_measurements | grep -q .
}

check 'kernel release' release_matches
check 'bpf is an active LSM' grep -qw bpf /sys/kernel/security/lsm
check 'BTF is there' test -s /sys/kernel/btf/vmlinux
check 'a BPF program loads' bpftool -j prog
check 'cgroup2' test -w /sys/fs/cgroup/cgroup.procs
check 'bpffs' mkdir /sys/fs/bpf/selftest
check 'tracefs' test -e /sys/kernel/tracing/events
check 'modprobe' modprobe dummy
check 'a TPM answers' test -c /dev/tpmrm0
check 'the firmware measured into it' firmware_measured
check 'repository is writable here' touch "$HF_REPO/selftest-was-here"

for kind in ext4 ext4b f2fs xfs btrfs; do
	check "mount $kind" mount_disk $kind /mnt/$kind
	check "write $kind" write_and_read /mnt/$kind
done

stick=$(usb_dev)
check 'USB stick found' test -b "$stick"
check 'ID_BUS is usb' grep -qx 'ID_BUS=usb' <(udevadm info --query=property "$stick")
check 'ID_SERIAL_SHORT' grep -qx 'ID_SERIAL_SHORT=HF0001' <(udevadm info --query=property "$stick")
part=$(usb_part)
mkdir -p /mnt/usb
check 'mount the stick' mount -t vfat "$part" /mnt/usb
check 'write the stick' write_and_read /mnt/usb
umount /mnt/usb
check 'pull the stick' usb_unplug
check 'put the stick back' usb_plug
check 'mount it again' mount -t vfat "$(usb_part)" /mnt/usb
check 'its file is still there' grep -q hello /mnt/usb/file

check 'alice' test "$(as_user alice id -u)" = 2001
check 'bob writes at home' as_user bob sh -c 'touch ~/x'
refute 'bob is kept out of /root' as_user bob touch /root/x
check 'two peers' netns_peer
check 'ping over IPv4' in_peer peer1 ping -c 1 -W 5 10.77.0.1
check 'ping over IPv6' in_peer peer2 ping -6 -c 1 -W 5 fd88::1
check 'D-Bus answers' bus_answers
finish
