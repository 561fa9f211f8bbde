#!/bin/bash
# Owns: the table of roads out of a labelled file that take a program of their own (tests/vm/roads):
# each refused and recorded, each with a positive control. Real programs are in ways_out_real.sh.
# vm-needs: ext4 ext4b xfs usb
# vm-timeout: 1200
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/roads.sh

peer4=10.77.0.2 peer6=fd77::2 port=9000
sink=/run/hf/sink

# Everything that crosses the wire to the other host, whatever the protocol.
start_listeners()
{
	netns_peer
	sysctl -q -w net.ipv4.tcp_fastopen=3 net.ipv4.ping_group_range='0 0'
	in_peer peer1 sysctl -q -w net.ipv4.tcp_fastopen=1027
	in_peer peer1 socat -u TCP6-LISTEN:$port,fork,reuseaddr OPEN:/dev/null &
	in_peer peer1 socat -u UDP6-RECV:$port OPEN:/dev/null &
	modprobe -q sctp
	in_peer peer1 socat -u SCTP4-LISTEN:$port,fork,reuseaddr OPEN:/dev/null &
	in_peer peer1 /usr/bin/python3 tests/vm/cases/sniff.py eth0 $sink &
	wait_for 20 test -e $sink
	wait_for 20 in_peer peer1 sh -c "ss -ltn | grep -q :$port"
}

# Bytes that leave by a file on the stick.
to_the_stick()
{
	local road

	for road in write write-before append-before pwrite writev pwritev2 sync-write sendfile \
		direct aio mmap-after mmap-before mprotect mmap-closed mmap-inherited \
		splice splice-two-pipes tee vmsplice sendfile-pipe \
		uring-write uring-write-async uring-sqpoll uring-writev uring-fixed uring-splice \
		mkdir create mknod rename-name \
		fork vfork daemon thread-reads thread-writes sibling-writes sibling-reads \
		exec-environment exec-thread spawn exec-descriptor scm-target; do
		out "$road" "$road" "$usb/road"
	done
	out read-written-file read-written-file $usb/road $work/copy
	rm -f $work/copy
	out late-label late-label $usb/road $work/late
	rm -f $work/late
	sysctl -q -w kernel.core_pattern=core kernel.core_uses_pid=0
	out core-dump core-dump $usb/core
}

to_the_network()
{
	local road road_target_is_no_file=yes

	for road in tcp tcp-send tcp-write tcp-sendfile tcp-splice tcp-sendmsg tcp-sendmmsg \
		tcp-zerocopy tcp-urgent tcp-fastopen tcp-fastopen-connect udp-sendto udp-connect \
		udp-send uring-connect uring-send uring-sendmsg uring-write-socket uring-send-zc; do
		out "$road" "$road" $peer4 $port
	done
	out tcp-sendmsg-named tcp-sendmsg-named $peer4 $port 10.88.0.2 9000
	out sctp-connectx sctp-connectx $peer4 $port 10.88.0.2 9000
	out tcp-v6 tcp $peer6 $port
	out tcp-send-v6 tcp-send $peer6 $port
	out udp-sendto-v6 udp-sendto $peer6 $port
	out udp-send-v6 udp-send $peer6 $port
	out tcp-accept tcp-accept 10.77.0.1 9001
	for road in raw-icmp raw-icmp-before raw-protocol icmp-datagram; do
		out "$road" "$road" $peer4
	done
	for road in packet packet-before packet-ring; do
		out "$road" "$road" $peer4 hf77
	done
	modprobe -q vsock_loopback
	modprobe -q tun
	out vsock vsock -
	out tun tun -
	sync
	check 'the listener hears the controls' grep -aqF "$open_text" $sink
	refute 'the listener has not heard the secret' grep -aqF "$secret_text" $sink
}

# A descriptor, or the memory, of who may read, in the hands of who may not.
to_another_program()
{
	local road road_target_is_no_file=yes

	for road in fd-inherited fd-reopen scm-rights pidfd-getfd ptrace vm-read memory \
		traced-then-read trace-me; do
		out "$road" "$road" -
	done
	road_target_is_no_file=''
	out fd-unread fd-unread $work/road
}

# Getting in without rights.
open_with()
{
	local road road_target_is_no_file=yes

	chmod 777 $secret/doc.txt $open/doc.txt
	for road in open open-write openat openat2 path-reopen handle mmap-read exec open-append \
		uring-openat uring-openat-direct; do
		shut "$road" "$road" -
	done
	# What cannot be told any more is refused where labels are: the control needs a disk without.
	open_source=/mnt/other/doc.txt shut handle-evicted handle - evicted
}

# Local files are allowed and inherit.
to_local_files()
{
	local road secret_source=$secret/doc.txt open_source=$open/doc.txt

	for road in write write-before append-before pwrite writev sendfile copy-file-range \
		direct aio mmap-after mmap-before mprotect mmap-closed splice tee vmsplice \
		uring-write uring-fixed uring-splice fork vfork thread-writes sibling-writes \
		exec-environment spawn pipe-waiting pipe-later link link-descriptor; do
		inherits "local-$road" "$road" "$work/road"
	done
	inherits local-tmpfile tmpfile $work/road $secret
	inherits local-core-dump core-dump $work/core
	secret_source=/mnt/xfs/secret/doc.txt open_source=/mnt/xfs/open/doc.txt
	inherits ficlone ficlone /mnt/xfs/work/road
	inherits ficlone-before ficlone-before /mnt/xfs/work/road
	expect_inherited
}

# A file system that some program serves: where it puts things, nobody knows.
to_a_user_file_system()
{
	local road

	if [ ! -x build/tests/hf-fuse ]; then
		skip 'a file system of a user' 'build/tests/hf-fuse is missing (libfuse3-dev)'
		return
	fi
	modprobe -q fuse
	mkdir -p /mnt/fuse
	build/tests/hf-fuse /mnt/fuse
	for road in write write-before splice mmap-after; do
		out "fuse-$road" "$road" /mnt/fuse/note
	done
	fusermount3 -u /mnt/fuse
}

# The kernel writes a dump to a helper's pipe by itself.
by_the_core_helper()
{
	sysctl -q -w kernel.core_pattern="|$plain @stdin-to $usb/core"
	out core-helper core-dump $usb/core
	# The kernel starts the helper: it bears its own name and not the road's.
	[ "${roads_refused[-1]}" != core-helper ] || roads_refused[-1]=${plain##*/}
	sysctl -q -w kernel.core_pattern=core
}

# Before the roads that are known to be open leave something there.
the_stick_is_clean()
{
	sync
	refute 'the secret is not on the stick' \
		sh -c "head -c 64M ${stick%1} | grep -aqF '$secret_text'"
}

between_processes()
{
	local road

	for road in "${roads_carried[@]}" "${roads_shared[@]}" "${roads_followed[@]}" attribute \
		bpf-mapped bpf-mapped-later; do
		out "$road" "$road" $usb/road $work/late
		rm -f $work/late
	done
	not_yet late-label-mapped late-label-mapped $usb/road $work/late
	rm -f $work/late
}

# Late, as these overwrite what is on the stick.
to_devices()
{
	local road_target_is_no_file=yes disk

	modprobe -q loop
	truncate -s 8M $usb/image
	out loop-attach loop-attach /dev/loop0 $usb/image
	out loop-attach-32 loop-attach-32 /dev/loop0 $usb/image
	losetup /dev/loop1 $usb/image
	out loop-write disk-write /dev/loop1
	out loop-write-before disk-write-before /dev/loop1
	losetup -d /dev/loop1
	umount $usb
	out disk-write disk-write "$stick"
	out disk-write-before disk-write-before "$stick"
	out disk-mmap disk-mmap "$stick"
	out disk-mmap-before disk-mmap-before "$stick"
	out scsi-write scsi-write "${stick%1}"
	# The control reads a disk that holds no label.
	umount /mnt/other
	disk=$(disk_dev ext4b)
	dd if=$open/doc.txt of="$disk" conv=notrunc,fsync status=none
	walk c-disk-read $plain disk-read - "$disk" "$open_text"
	check 'an unlabelled disk is read' [ "$road_status" -eq 0 ]
	walk disk-read $plain disk-read - "$(disk_dev ext4)" "$secret_text"
	expect_refusal disk-read -
}

places_make || { echo "the places could not be made"; exit 1; }
mount_disk xfs /mnt/xfs
mkdir -p /mnt/xfs/secret /mnt/xfs/open /mnt/xfs/work
cp $secret/doc.txt /mnt/xfs/secret
cp $open/doc.txt /mnt/xfs/open
mount_disk ext4b /mnt/other
cp $open/doc.txt /mnt/other
start_listeners
agent_start || { echo "the agent does not start"; exit 1; }

open_with
to_another_program
to_the_network
to_local_files
to_the_stick
to_a_user_file_system
by_the_core_helper
the_stick_is_clean
between_processes
to_devices
expect_recorded
agent_stop
finish
