# shellcheck shell=bash
# Owns: what both halves of the reboot test agree on. The agent's state is on the disk that stays.
# shellcheck disable=SC2034,SC2154,SC2086 # names without blanks, of the case and places.sh

reboot_policy=/mnt/data/policy.ini
reboot_names="$secret/doc.txt $open/by-hand.txt $open/derived.txt $open/moved.txt"

reboot_places()
{
	mount_disk ext4 $data || return 1
	mkdir -p /opt/readers /var/lib/holdfast /var/lib/holdfast-sensor /mnt/data/state /mnt/data/key
	mount --bind /mnt/data/state /var/lib/holdfast
	mount --bind /mnt/data/key /var/lib/holdfast-sensor
	install -m 755 -o root -g root /usr/bin/dd /opt/readers/dd
	[ ! -e $reboot_policy ] || return 0
	mkdir -p $secret $open
	echo "$secret_text" | tee $secret/doc.txt >$secret/moved.txt
	echo "$open_text" | tee $open/doc.txt >$open/by-hand.txt
	policy_of_reader Reboot 1 /opt/readers/dd >$reboot_policy
}
