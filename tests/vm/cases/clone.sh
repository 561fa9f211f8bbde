#!/bin/bash
# Owns: a machine whose disk is copied while it runs, and the machines that the copies are in: the inside of
# tests/vm/clone, which has the console. By hf.clone it is the first one or a copy; by hf.key the device's key is in
# its TPM or in a file.
# vm-needs: ext4
# vm-timeout: 3600
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119
agent_patience=900
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/outside.sh
. tests/vm/cases/console_parts.sh

readers=/opt/readers
books=$data/books
policy=/run/hf/clone.ini
key=/var/lib/holdfast-keyring/device.key
kept=$data/kept

reads()
{
	as_user alice $readers/busybox cat $1 >/dev/null
}

opens_all()
{
	check "$1: the vault's document is read" wait_for 60 reads $books/doc.txt # it is unlocked now and then
	check "$1: the other one too" reads $secret/doc.txt
}

# By the very program that may where the device is trusted.
opens_nothing()
{
	refute "$1: no key of a label is here" key_is_here
	refute "$1: the vault's document is not read" reads $books/doc.txt
	refute "$1: nor the other one" reads $secret/doc.txt
	check "$1: control: what is not labelled is read" reads $open/doc.txt
}

first()
{
	check 'the device enrols' outside_enrol "$(outside_is key)"
	check 'it is trusted' wait_for 120 trust trusted
	check 'the key of the label is here' wait_for 120 key_is_here
	check 'a vault is made' holdfast vault add books
	as_user alice $readers/busybox sh -c "echo text >$books/doc.txt"
	opens_all 'before'
	cp $key $kept
	sync
	while word=$(outside_word); do
		case $word in
		copied) ;; # the host has the disk's image now
		trusted)
			check 'beside the copy: it is trusted' trust trusted
			opens_all 'beside the copy'
			;;
		suspended)
			check 'suspended: it knows' wait_for 120 trust suspended
			opens_nothing 'suspended'
			;;
		*) return ;;
		esac
	done
	not_ok 'the host says when it is over'
}

# The key can't be used here: this machine is nobody, which it says.
copy_without_key()
{
	check 'copy: the key is on its disk, as it was' cmp $key $kept/device.key
	check 'copy: that it is of no use is said' wait_for 180 sh -c \
		"holdfast status --json | grep -Eq '\"key_trouble\":\"[^\"]*(another TPM|none now)'"
	check 'copy: and is an event' wait_for 60 grep -q '"device-key"' /var/log/holdfast/events.jsonl
	refute 'copy: it does not become trusted' wait_for 30 trust trusted
	opens_nothing 'copy'
	outside_word >/dev/null
}

# A key in a file is copied with the disk: SECURITY.md.
copy_with_key()
{
	check 'copy: with a key in a file it is the device, until somebody acts' wait_for 180 trust trusted
	opens_all 'copy'
	outside_word >/dev/null # the console has found it, the device is suspended
	check 'copy: suspended, it is not trusted any more' wait_for 120 trust suspended
	check 'copy: its key goes' wait_for 60 no_key_is_here
	opens_nothing 'copy'
	outside_word >/dev/null
}

places_make || { echo 'the places could not be made'; exit 1; }
agent_on_disk $data/host || { echo "the agent's directories could not be put on the disk"; exit 1; }
outside_join || { echo 'there is no way to the console'; exit 1; }
mkdir -p $books $readers $kept
chown alice $books
install -m 755 -o root -g root /usr/bin/busybox $readers
outside_policy $readers/busybox $books >$policy
agent_install
agent_start $policy || { echo 'the agent does not start'; exit 1; }
case $(outside_is clone):$(outside_is key) in
first:*) first ;;
copy:tpm) copy_without_key ;;
*) copy_with_key ;;
esac
[ $hf_failures -eq 0 ] || tail -n 20 $agent_log
finish
