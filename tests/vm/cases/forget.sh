#!/bin/bash
# Owns: taint that ends. An application of which the policy says that it keeps nothing is no reader
# any more when it has closed what it opened; not before, and never with labels from elsewhere.
# vm-needs: ext4 usb
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

forgets=/opt/forgets/perl keeps=/opt/keeps/perl
policy=/run/hf/policy.ini mark=/run/hf/has-closed
read_it='open F, "<", $ARGV[0] or exit 21; $line = <F>;'
to_stick='open G, ">", $ARGV[1] or exit 10; print G "probe" or exit 10; close G or exit 10;'

make_policy()
{
	cat <<-END
		[policy]
		name = Taint that ends
		version = 1
		include = $HF_REPO/policy/apps/system-*.ini
		[tenant acme]
		[label confidential]
		tenant = acme
		path = $secret
		open-with = forgets, keeps
		[app forgets]
		path = $forgets
		forgets = yes
		[app keeps]
		path = $keeps
	END
}

# free PROGRAM SCRIPT [ARGUMENT...]: at its end the stick is open to it.
free()
{
	local program=$1 script=$2

	shift 2
	"$program" -e "$script $to_stick" $secret/doc.txt $usb/probe "$@" >/dev/null 2>&1 </dev/null
}

# held PROGRAM SCRIPT [ARGUMENT...]: it is not. Nothing else may have gone wrong.
held()
{
	free "$@"
	[ $? -eq 10 ]
}

reader_listed()
{
	holdfast taint --json $1 2>/dev/null | grep -q '"pid"'
}

ended()
{
	holdfast events --json | grep '"event_code":"reader-ended"' | grep -q '"name":"perl"'
}

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p /opt/forgets /opt/keeps
install -m 755 /usr/bin/perl $forgets
install -m 755 /usr/bin/perl $keeps
echo "$secret_text" >$secret/second.txt
make_policy >$policy
agent_start $policy || { echo 'the agent does not start'; exit 1; }

check 'control: who reads nothing' free $forgets ''
check 'control: open, it is a reader' held $forgets "$read_it"
check 'closed, it is none' free $forgets "$read_it close F;"
check 'another application stays one' held $keeps "$read_it close F;"
check 'opened again, it is a reader again' held $forgets "$read_it close F; $read_it"
check 'the second of two is open' held $forgets \
	"$read_it open S, '<', \$ARGV[2]; \$line = <S>; close F;" $secret/second.txt
check 'both are closed' free $forgets \
	"$read_it open S, '<', \$ARGV[2]; \$line = <S>; close S; close F;" $secret/second.txt
check 'a copy of the descriptor is open' held $forgets \
	"$read_it open D, '<&', \\*F; close F;"
check 'nine at a time are not counted' held $forgets \
	'for (1..9) { open $f[$_], "<", $ARGV[0] or exit 21; readline $f[$_] } close $f[$_] for 1..9;'
check 'twenty, one after the other, are' free $forgets \
	'for (1..20) { open F, "<", $ARGV[0] or exit 21; readline F; close F }'
check 'what it makes meanwhile inherits' held $forgets \
	"$read_it open O, '>', '$work/made'; print O 'x'; close O; close F; open O, '<', '$work/made'; readline O;"
check 'what its child read is none of its own' free $forgets \
	"if (!fork) { $read_it exit } wait;"
check 'a child of a reader stays one' held $forgets \
	"$read_it if (fork) { wait; exit \$? >> 8 } close F;"
check 'what came through a pipe stays' held $forgets \
	"pipe R, W; if (!fork) { close R; $read_it print W \$line; exit } close W; \$l = <R>; wait; $read_it close F;"
check 'over an exec it stays' held $forgets \
	"$read_it close F; $read_it exec '$forgets', '-e', '$to_stick', @ARGV;"
check 'with shared memory it stays' held $forgets \
	"$read_it shmwrite(shmget(0, 4096, 01600) // exit 30, 'x', 0, 1) or exit 30; close F;"
wait_for 20 ended
check 'the end of it is recorded' ended
$forgets -e "$read_it close F; open M, '>', \$ARGV[1]; sleep 30" $secret/doc.txt $mark >/dev/null 2>&1 </dev/null &
closed=$!
$forgets -e "$read_it sleep 30" $secret/doc.txt >/dev/null 2>&1 </dev/null &
open_one=$!
check 'holdfast taint: who has it open' wait_for 20 reader_listed $open_one
check 'one has closed it' wait_for 20 test -e $mark
refute 'holdfast taint: not who has closed it' reader_listed $closed
kill $closed $open_one
agent_stop
finish
