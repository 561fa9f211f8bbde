#!/bin/bash
# Owns: a device that is ordered to destroy what it has, with a real agent, console and kernel: labelled files go
# wherever they were moved, a vault is forgotten, what is not labelled stays byte for byte, killed in the middle it goes
# on, and the console has the device's receipt.
# vm-needs: ext4
# vm-timeout: 1200
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/console_parts.sh

policy=/run/hf/wipe.ini
books=$data/books
kept=$data/kept
files=120

make_policy()
{
	policy_of_reader Wipe 1 $allowed
	cat <<-INI
	[label notes]
	tenant = acme
	path = $kept
	[trust]
	lease = 1h
	[vault books]
	path = $books
	label = confidential
	INI
}

make_files()
{
	local i

	mkdir -p $books $kept $secret/deep
	for ((i = 0; i < files; i++)); do
		echo "$secret_text $i" >$secret/deep/page$i
		echo "$open_text $i" >$open/page$i
	done
	echo "$secret_text of the books" >$books/page
	echo 'HF-NOTES-that-are-kept' >$kept/note
	ln -s $open/doc.txt $secret/link
	(cd $data && sha256sum open/* kept/*) >/run/hf/neighbours
	sync
}

neighbours_are_there()
{
	(cd $data && as_user root $allowed open kept/note - >/dev/null; sha256sum -c --quiet /run/hf/neighbours)
}

left()
{
	find $secret $work -type f | wc -l
}

journal()
{
	grep -q "^phase $1" /var/lib/holdfast-wipe/journal
}

wipe_is()
{
	console device show "$(device)" --json | tr -d ' ' | grep -q "\"state\":\"$1\",\"who\""
}

is_going()
{
	[ "$(left)" -lt $((files - 20)) ]
}

kill_wiper()
{
	pkill -9 -x holdfast-wipe
}

places_make || { echo 'the places could not be made'; exit 1; }
make_files
make_policy >$policy
sed -i "s|^path = $secret$|&\nwipe = remove|" $policy
check 'a console is made and served' console_make
mkdir -p /etc/holdfast
rm -f /etc/holdfast/console.ini
agent_install
agent_start $policy || { echo 'the agent does not start'; exit 1; }
console_token /run/hf/token
check 'the device enrols' holdfast enrol --console $url --ca $work_dir/state/devices.pem --token-file /run/hf/token
check 'it waits for approval' wait_for 60 trust pending
check 'it is approved' console device approve "$(device)"
check 'and trusted' wait_for 60 trust trusted
check 'control: the allowed application reads' as_user alice $allowed open $secret/doc.txt -
mv $secret/deep/page7 $work/moved
refute 'a labelled file was moved away: another program may not read it' as_user alice $plain open $work/moved -
refute "nor write alone, root's neither" sh -c ": >>$work/moved"
check 'its label has a key' console key rotate acme/confidential
check 'a vault is made' wait_for 120 holdfast vault add books
check 'and unlocked' sh -c 'holdfast vault status books | grep -q "^books  unlocked"'

check 'it is ordered to be wiped' console device wipe "$(device)" --yes --reason 'a case'
check 'it begins' wait_for 60 is_going
kill_wiper
check 'killed in the middle: files are left' test "$(left)" -gt 0
refute 'and they are shut meanwhile' as_user alice $allowed open $secret/doc.txt -
check 'it comes to its end' wait_for 180 journal 'done'
check 'no labelled file is there any more' test "$(left)" = 0
refute 'nor the one that was moved away' test -e $work/moved
check 'a link is, and what it leads to' test -L $secret/link -a -s $open/doc.txt
refute 'no grave is left' test -e $data/.holdfast-wipe
check 'files without a label, and of one whose files are kept, are byte for byte the same' \
	sh -c "cd $data && grep ' open/' /run/hf/neighbours | sha256sum -c --quiet && test -s kept/note"
refute 'nothing is known of the vault' test -e /var/lib/holdfast-vault/books.vault
check 'which is locked' sh -c "! ls $books | grep -q page"
check 'the console has the receipt' wait_for 60 wipe_is 'done'
console device receipt "$(device)" >/run/hf/receipt
check 'which is genuine' console device receipt --verify /run/hf/receipt
check 'that each was overwritten, shut as it was' grep -q "^overwritten $((files + 1))$" /run/hf/receipt
check 'and says how many files, and the vault' sh -c \
	"grep -q '^removed $((files + 1))$' /run/hf/receipt && grep -q '^vault 1 .* books$' /run/hf/receipt"
head -30 /run/hf/receipt
check 'it is suspended now' wait_for 30 trust suspended
for event in ordered begun ended; do
	check "event: $event" grep -q "\"wipe-$event\"" /var/log/holdfast/events.jsonl
done
check 'status says so' sh -c 'holdfast status | grep -q "was wiped"'
agent_stop
console_stop
rm -rf /var/lib/holdfast-wipe /var/lib/holdfast-vault
finish
