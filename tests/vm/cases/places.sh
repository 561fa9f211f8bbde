# shellcheck shell=bash
# Owns: where things are in the enforcement cases: the disks, the documents, the two programs.
# Sourced after guest/lib.sh. What it sets is for the cases:
# shellcheck disable=SC2034

data=/mnt/data             # ext4; a local disk
secret=$data/secret        # the labelled directory
open=$data/open            # beside it, not labelled
work=$data/work            # what local writing goes to
view=$data/view            # labelled too, where policy_with_viewed is in force
usb=/mnt/usb               # vfat on the stick
secret_text='HF-SECRET-quarterly-figures-not-for-everybody'
open_text='HF-CONTROL-the-canteen-has-soup-on-thursdays'
allowed=/usr/local/bin/hf-road-allowed
plain=/usr/local/bin/hf-road-plain

# Everything that must be there before the agent starts.
places_make()
{
	mount_disk ext4 $data || return 1
	mkdir -p $secret $open $work $usb
	chmod 777 $secret $open $work
	echo "$secret_text" >$secret/doc.txt
	echo "$open_text" >$open/doc.txt
	chmod 666 $secret/doc.txt $open/doc.txt
	install -m 755 -o root -g root build/tests/hf-road $allowed
	install -m 755 -o root -g root build/tests/hf-road $plain
	if [[ ,$HF_NEEDS, = *,usb,* ]]; then
		usb_mount || return 1
	fi
}

usb_mount()
{
	stick=$(usb_part) || return 1
	# The kernel writes core dumps to files of mode 0600 only.
	mount -t vfat -o fmask=0077,dmask=0000 "$stick" $usb
}

# Empties the caches, so that labels must be found again.
forget()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
}
