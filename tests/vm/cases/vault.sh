#!/bin/bash
# Owns: encrypted folders: they move in with the agent in force, are readable for the allowed application alone and
# while the key is there, and for nobody, by no descriptor, when it is gone. The keys come from a keyring of tests;
# all else, the kernel's encryption too, is real.
# vm-needs: ext4 f2fs btrfs xfs
# vm-timeout: 2400
# The places have no blanks in their names.
# shellcheck disable=SC2086,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

readers=/opt/readers
direct='books drawings' # their file system encrypts them
images='paper ledger'
books=$data/books
declare -A folders=([books]=$books [drawings]=/mnt/f2fs/drawings [paper]=/mnt/btrfs/paper [ledger]=/mnt/xfs/ledger)
policy=/run/hf/vault.ini
said=/run/hf/said
text='HF-VAULT-minutes-of-the-board'

make_folders()
{
	local kind folder i

	modprobe loop
	for kind in f2fs btrfs xfs; do
		mount_disk $kind /mnt/$kind || return 1
	done
	for folder in "${folders[@]}"; do
		mkdir -p $folder/2026/deep || return 1
		for ((i = 0; i < 20; i++)); do
			echo "$text $i" >$folder/2026/page$i
		done
		echo "$text" >$folder/doc.txt
		ln $folder/doc.txt $folder/2026/deep/same
		ln -s ../doc.txt $folder/2026/link
		mkfifo $folder/pipe
		touch -d 2001-02-03 $folder/2026/page7
		chown -R alice: $folder
		listing $folder >/run/hf/${folder##*/}.before
		(cd $folder && find . -type f -exec sha256sum {} +) >/run/hf/${folder##*/}.sums
	done
	sync
}

make_policy()
{
	local name

	policy_of_cases
	for name in $direct $images; do
		printf '\n[vault %s]\npath = %s\nlabel = confidential\n' $name ${folders[$name]}
		[[ " $images " != *" $name "* ]] || echo 'size = 200M'
	done
}

keyring_start()
{
	rm -f /run/hf/keyring.log # its 'ready' is waited for
	$HF_REPO/build/tests/hf-vault-keyring /run/holdfast "$(id -u holdfast-keyring)" >/run/hf/keyring.log 2>&1 &
	keyring_pid=$!
	wait_for 10 grep -q ready /run/hf/keyring.log
}

# As holdfastd starts it where there is a console.
watch_start()
{
	mkfifo /run/hf/watch
	(
		exec 3<>/run/hf/watch
		exec $agent_libexec/holdfast-vault watch
	) 2>/run/hf/watch.log &
	watch_pid=$!
}

# By programs that read no content, so that nobody becomes a labelled reader by them.
listing()
{
	(cd "$1" && find . -mindepth 1 \( -type f -printf '%P %y %m %u %T@ %s %n\n' \) -o -printf '%P %y %m %u %l\n' | sort)
}

# Whether all that was in the folder is in it, by an application that may; it says so by its status alone.
is_all_there()
{
	(cd "$2" && as_user alice $readers/busybox sha256sum -c -s /run/hf/"$1".sums >/dev/null 2>&1)
}

is_state()
{
	holdfast vault status "$1" | grep -q "^$1  $2  "
}

# says TEXT COMMAND...: it must fail, and say that.
says()
{
	local want=$1

	shift
	! "$@" >/dev/null 2>$said && grep -q "$want" $said
}

# has_no_key FILE: to an application that may open it. It is asked for its labels first, so that what it
# printed would have them: it says so by its status.
has_no_key()
{
	$readers/python3 -c 'import errno, sys
try:
	open(sys.argv[1]).close()
except OSError as error:
	sys.exit(0 if error.errno == errno.ENOKEY else 2)
sys.exit(1)' "$1" >/dev/null 2>&1
}

move_in()
{
	local name=$1 folder=$2 way=$3

	holdfast vault add --dry-run $name >$said 2>&1
	check "$name: a dry run says what there is" grep -q '^24 files and 2 directories' $said
	check "$name: and by which way" grep -q "$way" $said
	check "$name: and makes nothing" test ! -e ${folder%/*}/.holdfast-vault-$name
	check "$name: moves in" holdfast vault add $name
	listing $folder >/run/hf/$name.after
	check "$name: is as it was" diff /run/hf/$name.before /run/hf/$name.after
	check "$name: with what was in it" is_all_there $name $folder
	refute "$name: nothing is left beside it" test -e ${folder%/*}/.holdfast-vault-$name
	check "$name: is unlocked" is_state $name unlocked
	holdfast vault verify $name >$said 2>&1
	check "$name: verified" \
		grep -q "^vault $name is encrypted, and nothing plain is left beside it" $said
	check "$name: the raw device is closed to it as to all" grep -q 'cannot be read here (Operation not permitted)' $said
}

# Whatever the key says, the label decides.
label_decides()
{
	local name=$1 folder=$2

	forget
	expect_allowed "$name: the allowed application reads" as_user alice $readers/cat $folder/doc.txt
	expect_refused "$name: another program does not" cat $folder/doc.txt
	expect_refused "$name: nor below" cat $folder/2026/page3
	expect_refused "$name: nor by a link" cat $folder/2026/link
	as_user alice $readers/busybox sh -c "echo more >$folder/new.txt"
	expect_refused "$name: what is made there is labelled" cat $folder/new.txt
}

# unlocked_again NAME FOLDER
unlocked_again()
{
	check "$1: unlocks" holdfast vault unlock $1
	expect_allowed "$1: and is read again" as_user alice $readers/cat $2/doc.txt
	expect_refused "$1: by the allowed alone" cat $2/doc.txt
}

locked_direct()
{
	local name=$1 folder=$2

	check "$name: locks" holdfast vault lock $name
	check "$name: is locked" is_state $name locked
	refute "$name: names are gone" test -e $folder/doc.txt
	check "$name: as many are there" test "$(find $folder -mindepth 1 | wc -l)" = 27
	check "$name: none of them tells" test -z "$(find $folder -mindepth 1 | grep -E 'page|doc|deep')"
	check "$name: a file cannot be opened, by whoever" has_no_key "$(find $folder -maxdepth 1 -type f | head -n 1)"
	check "$name: nothing can be made in it" says 'Required key not available' touch $folder/new
	holdfast vault verify $name >$said 2>&1
	check "$name: verified while it is locked" grep -q "^vault $name is encrypted" $said
	unlocked_again $name $folder
}

locked_image()
{
	local name=$1 folder=$2

	check "$name: locks" holdfast vault lock $name
	check "$name: is locked" is_state $name locked
	check "$name: nothing is shown" test -z "$(ls -A $folder)"
	check "$name: not to root by its mount either" \
		has_no_key "$(find /run/holdfast-vault/$name/vault -type f | head -n 1)"
	unlocked_again $name $folder
}

# hold_field N: of what the kernel says of the program that holds the document.
hold_field()
{
	cut -d ' ' -f "$1" /proc/$hold_pid/stat
}

hold_is()
{
	test "$(hold_field "$1")" = "$2"
}

# A descriptor that was open before, of an application that may.
open_descriptor()
{
	local name=$1 folder=$2

	setpriv --reuid alice --regid alice --init-groups $readers/python3 tests/vm/cases/vault_hold.py $folder/doc.txt &
	hold_pid=$!
	check "$name: a program has a document open" wait_for 60 hold_is 19 1
	kill -USR1 $hold_pid
	check "$name: and reads it" wait_for 20 hold_is 19 2
	holdfast vault lock $name >$said 2>&1
	check "$name: locking names who holds it" grep -Eq 'held by python3 \(process [0-9]+\): .*doc.txt' $said
	check "$name: it is held" is_state $name held
	window_open
	kill -USR1 $hold_pid
	check "$name: the open descriptor gives nothing" wait_for 20 hold_is 3 T
	window_close "$name: the open descriptor gives nothing"
	check "$name: why says so" says_why 'key is not here any more'
	refute "$name: a second program cannot begin" as_user alice $readers/cat $folder/doc.txt
	kill -KILL $hold_pid
	wait $hold_pid 2>/dev/null
	check "$name: let go of, it is locked by itself" wait_for 30 is_state $name locked
	check "$name: unlocks again" holdfast vault unlock $name
}

says_why()
{
	holdfast why last >$said 2>&1
	grep -q "$1" $said
}

# all_are STATE WHEN
all_are()
{
	local name

	for name in $direct $images; do
		check "$2: $name is $1" wait_for 20 is_state $name $1
	done
}

# The keys go with the lease, with nobody's help.
keys_go()
{
	local name

	kill -USR1 $keyring_pid
	all_are locked 'keys go'
	refute 'keys go: nothing is read' as_user alice $readers/cat $books/doc.txt
	check 'keys go: unlocking says why not' says "no key of label 'confidential' now" holdfast vault unlock books
	kill -USR2 $keyring_pid
	all_are unlocked 'keys come'
	for name in $direct $images; do
		expect_allowed "keys come: $name is read" as_user alice $readers/cat ${folders[$name]}/doc.txt
	done
	# A keyring that is killed cannot take its keys back: whoever comes next has none.
	kill -9 $keyring_pid
	wait $keyring_pid 2>/dev/null
	keyring_start
	kill -USR1 $keyring_pid
	all_are locked 'keyring was killed'
	kill -USR2 $keyring_pid
	all_are unlocked 'keyring is back'
}

refusals()
{
	check 'no such vault' says 'has no \[vault nothing\]' holdfast vault add nothing
	check 'a vault twice' says 'is a vault already' holdfast vault add books
	check 'not by a user' says 'only root may do this' as_user alice $HF_REPO/build/holdfast vault lock books
	check 'a user may look' as_user alice $HF_REPO/build/holdfast vault status
}

events_are_there()
{
	sleep 1
	holdfast events --json >/run/hf/all.json
	check 'locking is an event' grep -q '"vault-locked"' /run/hf/all.json
	check 'unlocking is an event' grep -q '"vault-unlocked"' /run/hf/all.json
	check 'who held it is an event' grep -q 'holds .*doc.txt' /run/hf/all.json
}

places_make || { echo 'the places could not be made'; exit 1; }
make_folders || { echo 'the folders could not be made'; exit 1; }
mkdir -p $readers
for program in cat python3 busybox; do
	install -m 755 -o root -g root "$(readlink -f "$(command -v $program)")" $readers/$program
done
make_policy >$policy
agent_install
agent_start $policy || { echo 'the agent does not start'; exit 1; }
keyring_start || { echo 'the keyring of tests does not start'; exit 1; }
expect_refused 'before: a program that is not allowed' cat $books/doc.txt
expect_allowed 'before: the allowed application' as_user alice $readers/cat $books/doc.txt
holdfast doctor >$said 2>&1
refute 'the helper is verified' grep -q holdfast-vault $said
for name in $direct; do
	move_in $name ${folders[$name]} 'its file system encrypts it'
	label_decides $name ${folders[$name]}
	locked_direct $name ${folders[$name]}
done
for name in $images; do
	move_in $name ${folders[$name]} 'an image beside it'
	label_decides $name ${folders[$name]}
	locked_image $name ${folders[$name]}
done
watch_start
for name in $direct $images; do
	open_descriptor $name ${folders[$name]}
done
keys_go
refusals
events_are_there
expect_each_recorded
[ $hf_failures -eq 0 ] || tail -n 20 /run/hf/watch.log /run/hf/keyring.log $agent_log $said
kill $watch_pid $keyring_pid
agent_stop
finish
