#!/bin/bash
# Owns: where labels end. An application's own settings (state) do not make it a reader again, and
# are closed to everybody else; what it writes where the policy declassifies is free, and recorded.
# Whatever others put there, or moves there, is labelled as anywhere. And files that all programs map
# for one another (cache) are no memory that makes one reader of them.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

writer=/opt/writer/perl other=/opt/other/perl mapper=/opt/mapper/python3
state=$data/home/alice/.config/writer
public=$data/public
policy=/run/hf/policy.ini

# make_policy [declassify]
make_policy()
{
	cat >$policy <<-END
		[policy]
		name = Where labels end
		version = $1
		include = $HF_REPO/policy/apps/system-*.ini
		[tenant acme]
		[label confidential]
		tenant = acme
		path = $secret
		open-with = writer, other, mapper
		[app writer]
		path = $writer
		state = $data/home/*/.config/writer
		documents = $data/home/*/.config/writer/backup
		[app other]
		path = $other
		[app mapper]
		path = $mapper
		[cache shaders]
		path = $data/home/*/.cache
	END
	[ -z "${2:-}" ] || cat >>$policy <<-END
		[declassify published]
		label = confidential
		app = writer
		path = $public
		text = Figures that were published.
	END
}

# put PROGRAM FROM TO: reads one and writes the other. 10: was refused to write, 21: to read.
put()
{
	"$1" -e 'open F, "<", $ARGV[0] or exit 21; $line = <F>; close F;
		open G, ">", $ARGV[1] or exit 10; print G "from $line" or exit 10; close G or exit 10' \
		"$2" "$3" >/dev/null 2>&1 </dev/null
}

# How programs save: beside it, and then over it.
put_by_rename()
{
	"$1" -e 'open F, "<", $ARGV[0] or exit 21; $line = <F>; close F;
		open G, ">", "$ARGV[1].new" or exit 10; print G "from $line" or exit 10;
		close G or exit 10; rename "$ARGV[1].new", $ARGV[1] or exit 10' \
		"$2" "$3" >/dev/null 2>&1 </dev/null
}

# Whether program reads the file without becoming a reader: only then the stick takes what it has.
stays_free()
{
	put "$1" "$2" $usb/probe
}

becomes_reader()
{
	put "$1" "$2" $usb/probe
	[ $? -eq 10 ]
}

closed_to()
{
	put "$1" "$2" /run/hf/nowhere
	[ $? -eq 21 ]
}

# Maps a file writably, reads others, and stays. mmap(2) as toolkits call it for their caches.
map_it='import mmap, sys, time
with open(sys.argv[1], "r+b") as index:
    view = mmap.mmap(index.fileno(), 4096)
for name in sys.argv[2:]:
    view[:9] = open(name, "rb").read(9)
time.sleep(60)'

reader_listed()
{
	holdfast taint --json $1 2>/dev/null | grep -q '"pid"'
}

# shares FILE: whether who maps it as well becomes a reader with who reads the secret.
shares()
{
	local bystander reader status

	truncate -s 4096 $1
	/usr/bin/python3 -c "$map_it" $1 </dev/null &
	bystander=$!
	sleep 2
	$mapper -c "$map_it" $1 $secret/doc.txt </dev/null &
	reader=$!
	wait_for 20 reader_listed $reader || return 2
	reader_listed $bystander
	status=$?
	kill $bystander $reader
	wait $bystander $reader
	return $status
}

does_not_share()
{
	shares $1
	[ $? -eq 1 ]
}

recorded()
{
	holdfast events --json | grep '"event_code":"declassified"' | grep -F "$1" |
		grep -q '"name":"published"'
}

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p /opt/writer /opt/other /opt/mapper $state/backup $public/sub $data/home/alice/.cache/mesa
install -m 755 /usr/bin/perl $writer
install -m 755 /usr/bin/perl $other
install -m 755 /usr/bin/python3 $mapper
make_policy 1 declassify
check 'the policy is good' holdfast policy check $policy
check 'explain says where it is declassified' sh -c "holdfast policy explain --as root --app writer \
	--open $secret/doc.txt --then local-file --policy $policy | grep -q 'below $public declassify published'"
check 'explain says where its settings are' sh -c "holdfast policy explain --as root --app writer \
	--open $secret/doc.txt --then local-file --policy $policy | grep -q 'reads its own settings'"
agent_start $policy || { echo 'the agent does not start'; exit 1; }

# Settings.
check 'control: nothing read, the stick is open' put $writer $open/doc.txt $usb/probe
check 'control: elsewhere what it writes is written' put $writer $secret/doc.txt $work/settings
check 'control: elsewhere its own file makes it a reader' becomes_reader $writer $work/settings
check 'its settings are written' put $writer $secret/doc.txt $state/settings
check 'its settings are read, and it is no reader' stays_free $writer $state/settings
check 'unknown programs may not read them' closed_to /usr/bin/perl $state/settings
check 'another application becomes a reader by them' becomes_reader $other $state/settings
check 'saved by rename' put_by_rename $writer $secret/doc.txt $state/saved
check 'saved by rename: still its settings' stays_free $writer $state/saved
forget
check 'found again when the caches are empty' stays_free $writer $state/settings

# What is no settings of its own.
check 'another application writes there' put $other $secret/doc.txt $state/of-others
check 'of others: makes it a reader' becomes_reader $writer $state/of-others
check 'a copy for bad days' put $writer $secret/doc.txt $state/backup/copy
check 'among its documents: makes it a reader' becomes_reader $writer $state/backup/copy
check 'another application writes into its settings' put $other $secret/doc.txt $state/saved
check 'written by others: makes it a reader' becomes_reader $writer $state/saved
cp $open/doc.txt $secret/moved.txt
mv $secret/moved.txt $state/moved
check 'a document moved there makes it a reader' becomes_reader $writer $state/moved
check 'more settings' put $writer $secret/doc.txt $state/more
mv $state/more $state/renamed
check 'renamed by others: makes it a reader' becomes_reader $writer $state/renamed
check 'settings that are linked elsewhere' put $writer $secret/doc.txt $state/linked
ln $state/linked $work/linked
check 'linked by others: makes it a reader' becomes_reader $writer $state/linked

# Of a user who comes later.
mkdir -p $data/home/bob/.config/writer
sleep 3
check 'a later user: settings are written' put $writer $secret/doc.txt $data/home/bob/.config/writer/a
check 'a later user: and it is no reader' stays_free $writer $data/home/bob/.config/writer/a

# Declassified.
check 'declassified: it is written' put $writer $secret/doc.txt $public/figures
check 'declassified: anybody reads it' grep -q "$secret_text" $public/figures
check 'declassified: in a directory below' put $writer $secret/doc.txt $public/sub/figures
check 'declassified: there, too' grep -q "$secret_text" $public/sub/figures
check 'another application writes there' put $other $secret/doc.txt $public/of-others
check 'of others: closed' closed_to /usr/bin/perl $public/of-others
check 'elsewhere: it is written' put $writer $secret/doc.txt $work/figures
check 'elsewhere: closed' closed_to /usr/bin/perl $work/figures
check 'what was labelled there stays labelled' put $writer $secret/doc.txt $public/of-others
check 'and closed' closed_to /usr/bin/perl $public/of-others
wait_for 20 recorded $public/figures
check 'it is recorded, by the name of what says so' recorded $public/figures
check 'and in the directory below' recorded $public/sub/figures
refute 'of others it is not' recorded $public/of-others
wait_for 20 sh -c "holdfast lineage $secret/doc.txt | grep -q $public/figures"
check 'lineage has it' sh -c "holdfast lineage $secret/doc.txt | grep -q $public/figures"

# Caches.
check 'control: programs that map a file are one reader' shares $work/index
check 'control: and it is labelled' closed_to /usr/bin/perl $work/index
check 'in a cache they are not' does_not_share $data/home/alice/.cache/mesa/index
check 'and the file stays free' stays_free /usr/bin/perl $data/home/alice/.cache/mesa/index
check 'what is written there by other means is labelled' \
	put $writer $secret/doc.txt $data/home/alice/.cache/copy
check 'and closed' closed_to /usr/bin/perl $data/home/alice/.cache/copy

# A policy without, then the agent anew.
make_policy 2
agent_reload
wait_for 20 sh -c 'holdfast status | grep -q "version 2"'
check 'policy without declassify: it is written' put $writer $secret/doc.txt $public/later
check 'policy without declassify: and closed' closed_to /usr/bin/perl $public/later
check 'what was declassified stays so' grep -q "$secret_text" $public/figures
sleep 8 # marks go into the database between other work
agent_leave
agent_start $policy || { echo 'the agent does not start again'; exit 1; }
check 'after a restart: settings are read, and it is no reader' stays_free $writer $state/settings
check 'after a restart: closed to others' closed_to /usr/bin/perl $state/settings
check 'after a restart: others make it a reader' becomes_reader $writer $state/of-others
agent_stop
finish
