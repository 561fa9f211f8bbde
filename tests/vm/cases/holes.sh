#!/bin/bash
# Owns: labels that must not be lost: the five holes of the obvious design (cold hard link, moved-out
# directory, disconnected dentry, nested mount, overlay copy-up), and eviction, snapshots, depth and
# name spaces. Each with the same act on unlabelled files, which must work.
# vm-needs: ext4 ext4b xfs btrfs usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

reader=/opt/readers/cat

# What was there before the agent, so that no hook has seen it come.
make_cold()
{
	local place

	mkdir -p /opt/readers
	install -m 755 -o root -g root /usr/bin/cat $reader
	for place in $data /mnt/xfs /mnt/btrfs; do
		mkdir -p $place/secret $place/open $place/work
		echo "$secret_text" >$place/secret/linked.txt
		ln $place/secret/linked.txt $place/work/cold-link
		echo "$open_text" >$place/open/linked.txt
		ln $place/open/linked.txt $place/work/open-link
		make_tree $place/secret "$secret_text"
		make_tree $place/open "$open_text"
	done
	btrfs -q subvolume create /mnt/btrfs/secret/volume >/dev/null
	btrfs -q subvolume create /mnt/btrfs/volume >/dev/null
	make_tree /mnt/btrfs/secret/volume "$secret_text"
	make_tree /mnt/btrfs/volume "$open_text"
}

make_tree()
{
	local deep=$1/deep i

	for ((i = 0; i < 64; i++)); do
		deep=$deep/d
	done
	mkdir -p "$1/moved/sub" "$deep"
	echo "$2" >"$1/doc.txt"
	echo "$2" >"$1/moved/one.txt"
	echo "$2" >"$1/moved/sub/two.txt"
	echo "$2" >"$deep/bottom.txt"
}

# both NAME SECRET OPEN: cat is refused the one and reads the other.
both()
{
	expect_refused "$1" cat "$2"
	expect_allowed "$1: the unlabelled twin" cat "$3"
}

hard_links()
{
	local place=$1

	forget
	both "a hard link outside, opened cold ($place)" $place/work/cold-link $place/work/open-link
	forget
	expect_allowed "an allowed program by that link ($place)" $reader $place/work/cold-link
	ln $place/secret/doc.txt $place/work/new-link
	ln $place/open/doc.txt $place/work/new-open-link
	forget
	both "a hard link made now ($place)" $place/work/new-link $place/work/new-open-link
	rm $place/secret/linked.txt
	forget
	both "the link outlives the name inside ($place)" $place/work/cold-link $place/work/open-link
	ln $place/work/cold-link $place/secret/again.txt
}

moves()
{
	local place=$1

	forget
	cat $place/secret/moved/one.txt >/dev/null 2>&1
	mv $place/secret/moved $place/work/moved
	mv $place/open/moved $place/work/open-moved
	both "a moved-out directory, cached ($place)" \
		$place/work/moved/one.txt $place/work/open-moved/one.txt
	both "a moved-out directory, not cached ($place)" \
		$place/work/moved/sub/two.txt $place/work/open-moved/sub/two.txt
	forget
	both "a moved-out directory, after eviction ($place)" \
		$place/work/moved/sub/two.txt $place/work/open-moved/sub/two.txt
	mv $place/work/moved/sub/two.txt $place/work/two.txt
	mv $place/work/open-moved/sub/two.txt $place/work/open-two.txt
	forget
	both "a file moved out of that ($place)" $place/work/two.txt $place/work/open-two.txt
	echo "$secret_text" >$place/secret/exchanged.txt
	echo "$open_text" >$place/work/exchanged.txt
	/usr/bin/python3 tests/vm/cases/exchange.py $place/secret/exchanged.txt $place/work/exchanged.txt
	forget
	expect_refused "exchanged: what was inside ($place)" cat $place/work/exchanged.txt
	expect_refused "exchanged: what is inside now ($place)" cat $place/secret/exchanged.txt
	echo "$open_text" >$place/work/in.txt
	expect_allowed "before it is moved in ($place)" cat $place/work/in.txt
	mv $place/work/in.txt $place/secret/in.txt
	expect_refused "a file moved in ($place)" cat $place/secret/in.txt
}

deep_and_evicted()
{
	local place=$1 deep i

	deep=deep
	for ((i = 0; i < 64; i++)); do
		deep=$deep/d
	done
	forget
	both "64 directories down ($place)" $place/secret/$deep/bottom.txt $place/open/$deep/bottom.txt
	for ((i = 0; i < 3; i++)); do
		forget
		expect_refused "evicted, time $i ($place)" cat $place/secret/doc.txt
	done
	expect_allowed "evicted: the unlabelled twin ($place)" cat $place/open/doc.txt
}

# A handle whose inode was evicted has no path: it is refused where labels are.
handles()
{
	expect_refused 'by handle' $plain handle $secret/doc.txt -
	expect_allowed 'by handle: the unlabelled twin' $plain handle $open/doc.txt -
	expect_refused 'by handle, evicted' $plain handle $secret/doc.txt - evicted
	expect_allowed 'by handle, evicted, on a disk without labels' \
		$plain handle /mnt/other/doc.txt - evicted
}

mounts()
{
	mkdir -p $secret/below $open/below $work/view
	expect_refused 'a mount below a labelled directory' mount -t tmpfs none $secret/below
	expect_allowed 'a mount below another' mount -t tmpfs none $open/below
	umount $open/below
	expect_refused 'a bind mount below a labelled directory' mount --bind $work $secret/below
	expect_refused 'a mount over the labelled directory' mount -t tmpfs none $secret
	mount --bind $secret $work/view
	both 'by a bind mount' $work/view/doc.txt $open/doc.txt
	umount $work/view
	mount --bind $secret/doc.txt $open/doc.txt.over 2>/dev/null || {
		touch $open/over
		mount --bind $secret/doc.txt $open/over
	}
	expect_refused 'by a bind mount of the file' cat $open/over
	umount $open/over
	mount -t ext4 "$(disk_dev ext4)" $work/view
	both 'by a second mount of the disk' $work/view/secret/doc.txt $work/view/open/doc.txt
	umount $work/view
}

name_spaces()
{
	mkdir -p $data/bin
	cp /bin/busybox $data/bin
	expect_refused 'chroot' chroot $data /bin/busybox cat /secret/doc.txt
	expect_allowed 'chroot: the unlabelled twin' chroot $data /bin/busybox cat /open/doc.txt
	expect_refused 'chroot into the labelled directory' \
		sh -c "cp /bin/busybox $data/secret/busybox; chroot $secret /busybox cat /doc.txt"
	expect_refused 'a mount name space' unshare -m cat $secret/doc.txt
	expect_allowed 'a mount name space: the unlabelled twin' unshare -m cat $open/doc.txt
	expect_refused 'user and mount name space' as_user alice unshare -Urm cat $secret/doc.txt
	expect_allowed 'user and mount name space: the unlabelled twin' \
		as_user alice unshare -Urm cat $open/doc.txt
	expect_refused 'user name space with a bind mount' as_user alice unshare -Urm \
		sh -c "mount --bind $secret /mnt && cat /mnt/doc.txt"
	expect_allowed 'the same with the unlabelled' as_user alice unshare -Urm \
		sh -c "mount --bind $open /mnt && cat /mnt/doc.txt"
	expect_refused 'a container of all kinds' unshare -mpuinf --mount-proc cat $secret/doc.txt
}

# The overlay's own inode has no label; the real one below has, and so must its copy.
overlay()
{
	local dir

	modprobe -q overlay
	for dir in secret open; do
		mkdir -p $work/$dir-{upper,work,merged}
		mount -t overlay -o "lowerdir=$data/$dir,upperdir=$work/$dir-upper,workdir=$work/$dir-work" \
			none $work/$dir-merged
	done
	forget
	both 'by an overlay, cold' $work/secret-merged/doc.txt $work/open-merged/doc.txt
	forget
	expect_refused 'copy-up by a program without rights' chmod 640 $work/secret-merged/doc.txt
	expect_allowed 'copy-up by an allowed one' $allowed open-append $work/secret-merged/doc.txt -
	expect_allowed 'copy-up of the unlabelled' $allowed open-append $work/open-merged/doc.txt -
	forget
	both 'by an overlay, after copy-up' $work/secret-merged/doc.txt $work/open-merged/doc.txt
	both 'the copy itself' $work/secret-upper/doc.txt $work/open-upper/doc.txt
	umount $work/secret-merged $work/open-merged
	forget
	both 'the copy, unmounted' $work/secret-upper/doc.txt $work/open-upper/doc.txt
	expect_refused 'an overlay in a user name space' as_user alice unshare -Urm sh -c \
		"mkdir -p /tmp/a/u /tmp/a/w /tmp/a/m; mount -t overlay -o lowerdir=$secret,upperdir=/tmp/a/u,workdir=/tmp/a/w none /tmp/a/m && cat /tmp/a/m/doc.txt"
}

# A snapshot's inodes are new ones, and their numbers repeat those of the original.
snapshots()
{
	both 'in a subvolume' /mnt/btrfs/secret/volume/doc.txt /mnt/btrfs/volume/doc.txt
	ln /mnt/btrfs/secret/volume/doc.txt /mnt/btrfs/secret/volume/doc-too.txt
	ln /mnt/btrfs/secret/volume/moved/one.txt /mnt/btrfs/secret/volume/one-too.txt
	forget
	# Numbers repeat across subvolumes and the key has no subvolume: refused more than need be.
	if cat /mnt/btrfs/volume/doc.txt /mnt/btrfs/volume/moved/one.txt >/dev/null 2>&1; then
		ok 'the same inode numbers in another subvolume'
	else
		skip 'the same inode numbers in another subvolume' 'the index knows no subvolumes: over-labelled'
	fi
	# Under its own name it is one of the disk tools, which may.
	install -m 755 /usr/bin/btrfs /usr/local/bin/any-program
	expect_refused 'a snapshot where there are labels' \
		/usr/local/bin/any-program subvolume snapshot /mnt/btrfs/secret/volume /mnt/btrfs/snapshot
	expect_allowed 'a new subvolume there' btrfs subvolume create /mnt/btrfs/fresh
	expect_refused 'cp --reflink' cp --reflink=always /mnt/btrfs/secret/doc.txt /mnt/btrfs/work/clone
	expect_allowed 'cp --reflink of the unlabelled' \
		cp --reflink=always /mnt/btrfs/open/doc.txt /mnt/btrfs/work/clone
}

# Whoever may write there but not read: the file gets in, and its writer's descriptor is no way back.
new_inside()
{
	expect_allowed 'a program without rights puts a new file inside' cp $open/doc.txt $secret/dropped.txt
	forget
	expect_refused 'and cannot read it back' cat $secret/dropped.txt
	expect_allowed 'an allowed one can' $reader $secret/dropped.txt
}

places_make || { echo 'the places could not be made'; exit 1; }
mount_disk ext4b /mnt/other
mount_disk xfs /mnt/xfs
mount_disk btrfs /mnt/btrfs
cp $open/doc.txt /mnt/other
make_cold
agent_start || { echo 'the agent does not start'; exit 1; }
handles
for place in $data /mnt/xfs /mnt/btrfs; do
	hard_links $place
	deep_and_evicted $place
	moves $place
done
mounts
name_spaces
snapshots
new_inside
overlay
expect_each_recorded
agent_stop
finish
