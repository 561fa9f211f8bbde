#!/bin/bash
# Owns: content handed on from program to program, six times by six ways, and what becomes of it at
# the end: the stick and the network refuse it, a local file inherits. holdfast lineage shows every
# hop, up and down, by names that are gone and over a restart; holdfast taint who has it now.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/roads.sh

peer=10.77.0.2 fifo=/run/hf/chain-fifo
hops=("pipe hop-pipe" "unix socket hop-socket" "message queue hop-queue" "terminal hop-terminal"
	"shared memory hop-memory" "pipe hop-fifo")
backwards=("write hop-fifo" "pipe hop-memory" "shared memory hop-terminal" "terminal hop-queue"
	"message queue hop-socket" "unix socket hop-pipe" "pipe to-local" "read $secret/doc.txt")

# shows FILE SECTION STEP...
shows()
{
	local file=$1

	shift
	holdfast lineage --json "$file" 2>&1 | /usr/bin/python3 tests/vm/cases/lineage.py "$@"
}

says()
{
	holdfast lineage "$1" | grep -qF "$2"
}

# The store is written between other work.
await()
{
	local name=$1

	shift
	wait_for 30 "$@"
	check "$name" "$@"
}

# chain_refused NAME TARGET [network]: the last of the chain says what became of it.
chain_refused()
{
	local name=$1 target=$2 road_target_is_no_file=${3:-}

	control "$name" $allowed chain "$target" $fifo ${3:-} || return
	walk "$name" $allowed chain $secret/doc.txt "$target" $fifo ${3:-}
	if [ "$road_status" -eq "$road_refused" ] && ! arrived "$secret_text" "$target"; then
		ok "$name: refused at the end"
	else
		not_ok "$name: refused at the end" "$(road_said)"
	fi
}

# What a reader does that stays: it reads, and a child has it from there.
stay()
{
	"$@" /opt/readers/perl -e 'open F, "<", $ARGV[0] or exit 1; <F>; fork; $0 = "stays"; sleep 600' \
		$secret/doc.txt >/dev/null 2>&1 </dev/null &
}

# The whole tree, for whoever looks at what failed.
draw_for_log()
{
	holdfast lineage $secret/doc.txt
	[ ! -e $work/derived ] || holdfast lineage $work/derived
}

taint_of()
{
	holdfast taint --json "$1" | grep -qF "$2"
}

lineage_of_everything()
{
	await 'the stick: all six hops, and the refusal' shows $secret/doc.txt to \
		'read to-stick' "${hops[@]}" "exit removable block $usb/road"
	await 'the network: all six hops, and the refusal' shows $secret/doc.txt to \
		'read to-network' "${hops[@]}" "exit network block $peer port 9000"
	await 'the local file: all six hops, and the file' shows $secret/doc.txt to \
		'read to-local' "${hops[@]}" "write $work/derived"
}

places_make || { echo "the places could not be made"; exit 1; }
mkdir -p /opt/readers
for program in perl cp; do
	install -m 755 -o root -g root /usr/bin/$program /opt/readers/
done
netns_peer
agent_start || { echo "the agent does not start"; exit 1; }

chain_refused to-stick $usb/road
chain_refused to-network $peer network
control to-local $allowed chain $work/derived $fifo
walk to-local $allowed chain $secret/doc.txt $work/derived $fifo
check 'to-local: works' [ "$road_status" -eq "$road_out" ]
walk shut $plain open $work/derived -
check 'to-local: and the file inherits' [ "$road_status" -eq "$road_refused" ]
lineage_of_everything
[ $hf_failures -eq 0 ] || draw_for_log
await 'upwards from the local file, all six hops' shows $work/derived from "${backwards[@]}"
check 'the event of the local file has its lineage' sh -c \
	'holdfast events --json | grep -F "\"path\":\"$1\"" | grep -q "\"hop\":\"pipe\""' - $work/derived
check 'in words' says $secret/doc.txt 'by message queue to hop-queue (process'
check 'in words: the refusal' says $secret/doc.txt "refused: network $peer port 9000"
refute 'of a control there is no lineage' holdfast lineage $open/doc.txt

# What becomes of the file afterwards: another name, a copy that is removed.
/opt/readers/cp $work/derived $work/copy >/dev/null 2>&1
await 'a copy of the copy' shows $secret/doc.txt to 'read to-local' "${hops[@]}" \
	"write $work/derived" 'read cp' "write $work/copy"
mv $work/derived $work/renamed
check 'renamed: by its new name' shows $work/renamed from "${backwards[@]}"
check 'renamed: by its old name' shows $work/derived from "${backwards[@]}"
rm $work/copy
check 'removed: by the name it had' shows $work/copy from 'write cp' "read $work/derived" "${backwards[@]}"
await 'removed: and says so' says $work/copy '(removed)'

# Who has it now.
stay env
reader=$!
stay as_user alice
wait_for 30 pgrep -u alice stays >/dev/null
child=$(pgrep -P $reader)
await 'taint: the reader and its file' taint_of $reader "$secret/doc.txt"
check 'taint: its child has it by fork' taint_of "$child" '"how":"fork"'
check 'taint: and from the same file' taint_of "$child" "$secret/doc.txt"
check 'taint: the list has both' sh -c "holdfast taint | grep -q '(process $reader,' &&
	holdfast taint | grep -q '(process $child,'"
refute 'taint: of a process that carries none' holdfast taint $$
check 'taint: and says so' sh -c "holdfast taint $$ 2>&1 | grep -q 'carries no label'"
refute 'taint: of one that is none' holdfast taint 4194303
check 'taint: a user sees own processes' sh -c "$(declare -f as_user); as_user alice holdfast taint --json | grep -q stays"
refute 'taint: and none of others' sh -c "$(declare -f as_user); as_user alice holdfast taint --json $reader | grep -q pid"
refute 'lineage is for root' as_user alice holdfast lineage $secret/doc.txt
kill $reader $child
pkill -u alice stays

# The same after a restart of agent and kernel part; then with a store that is damaged.
agent_leave
agent_start || { echo "the agent does not start again"; exit 1; }
lineage_of_everything
check 'upwards, too' shows $work/renamed from "${backwards[@]}"
agent_leave
dd if=/dev/urandom of=/var/lib/holdfast/lineage.db bs=4096 count=8 conv=notrunc 2>/dev/null
agent_start || { echo "the agent does not start with a damaged store"; exit 1; }
check 'damaged: it is told' sh -c 'holdfast doctor --json | grep "\"lineage\"" | grep -q "\"count\":[1-9]"'
check 'damaged: and put aside' test -s /var/lib/holdfast/lineage.db.bad
refute 'damaged: nothing is known' holdfast lineage $secret/doc.txt
chain_refused again $usb/road
await 'damaged: but what happens from now on' shows $secret/doc.txt to 'read again' "${hops[@]}" \
	"exit removable block $usb/road"
agent_stop
finish
