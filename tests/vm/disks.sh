# shellcheck shell=bash
# Owns: the guest's disks: formatted once in the cache, then copied for each
# run, or to a directory which keeps them over reboots. Sourced by run.

# shellcheck disable=SC2034 # used by run too, to plug the stick again
usb_stick=usb-storage,id=stick,bus=xhci.0,drive=disk-usb,serial=HF0001,removable=on

# Formats a template; no loop mount, so no privilege is needed.
format_disk()
{
	local kind=$1 file=$2

	case $kind in
	ext4 | ext4b)
		truncate -s 1G "$file"
		mkfs.ext4 -q -F -b 4096 -O verity,encrypt -L "hf-$kind" "$file"
		;;
	xfs)
		truncate -s 1G "$file"
		mkfs.xfs -q -L hf-xfs "$file"
		;;
	btrfs)
		truncate -s 1G "$file"
		mkfs.btrfs -q -L hf-btrfs "$file" >/dev/null
		;;
	f2fs)
		truncate -s 512M "$file"
		mkfs.f2fs -q -f -O encrypt -l hf-f2fs "$file" >/dev/null
		;;
	usb)
		truncate -s 256M "$file"
		echo 'start=2048, type=c' | sfdisk -q "$file" >/dev/null
		mkfs.vfat -n HFSTICK --offset 2048 "$file" >/dev/null
		;;
	esac
}

# Prints the template of a kind, made on first use.
disk_template()
{
	local kind=$1 file

	file=$cache_dir/disks/$kind-$(sha256sum "$vm_dir/disks.sh" | cut -c 1-8).img
	if [ ! -e "$file" ]; then
		mkdir -p "$cache_dir/disks"
		format_disk "$kind" "$file.new" >&2 || return 1
		mv "$file.new" "$file"
	fi
	echo "$file"
}

# add_disk KIND DIRECTORY: appends one disk to the array qemu_args. Its image lives in the
# directory; one which is there already is used as it was left.
add_disk()
{
	local kind=$1 file=$2/$1.img template options

	template=$(disk_template "$kind") || die "cannot format the disk '$kind'"
	[ -e "$file" ] || cp --sparse=always "$template" "$file"
	options=driver=raw,node-name=disk-$kind,discard=unmap,cache.no-flush=on
	options+=,file.driver=file,file.discard=unmap,file.filename=${file//,/,,}
	qemu_args+=(-blockdev "$options")
	if [ "$kind" = usb ]; then
		qemu_args+=(-device qemu-xhci,id=xhci -device "$usb_stick")
	else
		qemu_args+=(-device "virtio-blk-pci,drive=disk-$kind,serial=hf-$kind")
	fi
}
