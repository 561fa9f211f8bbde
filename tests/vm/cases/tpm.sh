#!/bin/bash
# Owns: one life of a machine whose device key is in its TPM; tests/vm/tpm says which, by hf.tpm: the
# first, one again after a power cut, one in which the disk is in another machine, one without any
# TPM, and one back in the first machine. Console and agent lie on the disk.
# vm-needs: ext4
# vm-timeout: 1500
# Functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119
work_dir=/mnt/data/console
agent_patience=900
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/console_parts.sh

life=$(sed -n 's/.*hf\.tpm=\([a-z]*\).*/\1/p' /proc/cmdline)
key=/var/lib/holdfast-keyring/device.key
kept=$data/kept # what a life leaves to the next

key_trouble()
{
	holdfast status --json | grep -q "\"key_trouble\":\"[^\"]*$1"
}

# heard: what the console has of the device; it changes with each answer.
heard()
{
	console device show "$(cat $kept/device)" --json | tr -d ' ' | grep -o '"\(last_seen\|ack\)":[^,]*' | tr '\n' ' '
}

disk_is_found()
{
	console device show "$(cat $kept/device)" --json | grep -q disk-in-other-machine
}

is_same_device()
{
	[ "$(device)" = "$(cat $kept/device)" ] && cmp $key $kept/key
}

leak_is_refused()
{
	refute "$life: a leak is refused" as_user alice cat $secret/doc.txt
	expect_allowed "$life: the allowed program reads" as_user alice $allowed open $secret/doc.txt -
}

first_life()
{
	check 'a console is made and served' console_make
	rm -f /etc/holdfast/console.ini
	agent_start || return
	console_token $kept/token
	check 'there is a TPM, and the firmware measured into it' grep -q '[1-9A-F]' /sys/class/tpm/tpm0/pcr-sha256/0
	check 'the device enrols, its key in the TPM' holdfast enrol --console $url --ca $work_dir/state/devices.pem \
		--token-file $kept/token --key tpm
	check 'it is approved' console device approve "$(device)"
	check 'it is trusted' wait_for 60 standing trusted
	check 'status says where the key is' sh -c "holdfast status | grep -q 'device key *in the TPM'"
	check 'on the disk lies what the TPM sealed' grep -qa '^HFTPM1' $key
	check 'its record has a TPM' wait_for 60 recorded tpm yes
	check 'and the key in it' recorded key tpm
	leak_is_refused
	check 'all events are acknowledged' wait_for 60 acknowledged
	check 'none is missing' accounted
	device >$kept/device
	cp $key $kept/key
	sync
	[ $hf_failures -ne 0 ] || power_cut
}

# same_machine [KIND]: that may have been found before.
same_machine()
{
	check "$life: it is trusted" wait_for 120 standing trusted
	check "$life: it is the same device, with the same key" is_same_device
	refute "$life: there is no trouble with its key" key_trouble '[^"]'
	leak_is_refused
	check "$life: all events are acknowledged" wait_for 120 acknowledged
	check "$life: none is missing" accounted "$@"
	check "$life: the console knows one device" test "$(console device list --json | grep -c '"uid"')" -eq 1
}

# use_less WORDS: the key can't be used here, which is said, and nothing else changes.
use_less()
{
	local before

	before=$(heard)
	check "$life: that the key is of no use is said" wait_for 120 key_trouble "$1"
	check "$life: it is an event" wait_for 60 grep -q '"device-key"' /var/log/holdfast/events.jsonl
	check "$life: and a line of doctor" sh -c 'holdfast doctor | grep -q "device key"'
	leak_is_refused
	check "$life: the console is told where the disk is" wait_for 60 disk_is_found
	check "$life: and hears nothing of the device ($before)" test "$(heard)" = "$before"
	check "$life: the key that is there is not overwritten" cmp $key $kept/key
}

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p $kept
console_users
agent_on_disk $data/host || { echo "the agent's directories could not be put on the disk"; exit 1; }
if [ "$life" = first ]; then
	first_life
	finish
fi
check "$life: the console is back" console_serve
agent_start || { echo 'the agent does not start'; exit 1; }
case $life in
again) same_machine ;;
back) same_machine disk-in-other-machine ;;
stolen) use_less 'another TPM' ;;
none) use_less 'none now' ;;
*) not_ok "life '$life' is known" ;;
esac
agent_leave
console_stop
sync
finish
