#!/bin/bash
# Owns: state gates in the kernel, without agent: what is shut by the lease, by the network, by a user
# who has not verified. The kernel itself looks at the clock. Unlabelled files open all the while.
# vm-timeout: 600
# shellcheck disable=SC2317,SC2119
. tests/vm/guest/lib.sh

label=0x1
other=0x2
readers=/opt/readers # two programs: what it has read stays with a program, not with a file

coproc KERNEL { build/tests/kernelctl 2>&1; }

# say WORDS: one command; its answer is in $answer.
say()
{
	printf '%s\n' "$*" >&"${KERNEL[1]}"
	IFS= read -r -u "${KERNEL[0]}" answer
	case $answer in
	*error*) echo "kernelctl $*: $answer" >&2; return 1 ;;
	*ok) return 0 ;;
	*) return 1 ;;
	esac
}

# reads FILE [USER]: the allowed program reads it.
reads()
{
	as_user "${2:-alice}" "$readers/cat" "$1" >/dev/null
}

# shut NAME REASON FILE: refused, and the record says why.
shut()
{
	refute "$1" reads "$3"
	printf 'records\n' >&"${KERNEL[1]}"
	reasons=
	while IFS= read -r -u "${KERNEL[0]}" answer; do
		case $answer in
		record*verdict=3*) reasons="$reasons ${answer#*reason=}" ;;
		*ok | *error*) break ;;
		esac
	done
	check "$1: for that reason" grep -q " $2 labels" <<<"$reasons"
}

open_all()
{
	say state 0 0 0 0
	check 'the labelled file opens again' reads /srv/one
}

IFS= read -r -u "${KERNEL[0]}" answer
while [[ $answer == missing* ]]; do IFS= read -r -u "${KERNEL[0]}" answer; done
[[ $answer == ok* ]] || { echo "the kernel part is not in: $answer"; exit 1; }
mkdir -p $readers /srv
install -m 755 /usr/bin/cat $readers/cat
echo labelled >/srv/one
echo other >/srv/two
echo plain >/srv/plain
say mark /srv/one $label
say mark /srv/two $other
say app $readers/cat 1
say open 1 $((label | other))
say channel 0 $((label | other)) 0 0 0
say publish 1
check 'control: an allowed program reads' reads /srv/one
check 'control: for another user as well' reads /srv/one bob
refute 'control: another one does not' as_user alice cat /srv/one

say gates $label 0
shut 'shut altogether' 1 /srv/one
check 'another label is open' reads /srv/two
check 'an unlabelled file is open' reads /srv/plain
say gates 0 0
open_all

say state $label 0 0 0
shut 'without a lease' 10 /srv/one
check 'a label that needs none is open' reads /srv/two
say state $label 3600 0 0
check 'with a lease it opens' reads /srv/one
say state $label 2 0 0
exec {held}< <(as_user alice $readers/cat /srv/one)
sleep 3
shut 'a lease that ends by itself' 10 /srv/one
exec {held}<&-
date -s '1 hour ago' >/dev/null
shut 'the clock set back opens nothing' 10 /srv/one
date -s '1 hour' >/dev/null
open_all

say state 0 0 0 $label
shut 'in another network' 12 /srv/one

open_all

alice=$(id -u alice)
say state 0 0 $label 0
shut 'a user who has not verified' 11 /srv/one
say verified "$alice" $label 3600
check 'one who has opens it' reads /srv/one
refute 'another user does not' reads /srv/one bob
say verified "$alice" $other 3600
shut 'verified for another label' 11 /srv/one
say verified "$alice" $label 1
sleep 2
shut 'verified, and over' 11 /srv/one
say verified "$alice" 0 0
open_all

# A descriptor that is open: what is known of the machine ends its reading, a locked screen does not.
cat >/tmp/held.pl <<-'END'
	open F, "<", $ARGV[0] or exit 20;
	sysread F, $line, 1 or exit 21;
	$| = 1;
	print "open\n";
	while (<STDIN>) { print defined(sysread F, $line, 1) ? "read\n" : "refused\n" }
END
install -m 755 /usr/bin/perl $readers/perl
say app $readers/perl 1
coproc HELD { as_user alice $readers/perl /tmp/held.pl /srv/one; }
IFS= read -r -u "${HELD[0]}" opened
check 'a program holds the file open' [ "$opened" = open ]
held_reads()
{
	echo >&"${HELD[1]}"
	IFS= read -r -u "${HELD[0]}" opened
	[ "$opened" = "$1" ]
}
say state 0 0 $label 0
check 'not verified any more: it reads on' held_reads read
say state $label 0 0 0
check 'not trusted any more: it does not' held_reads refused
say state 0 0 0 $label
check 'in another network: nor there' held_reads refused
say state 0 0 0 0
check 'and goes on after that' held_reads read

say gates 0 $label
say state $label 0 0 0
check 'a label that is rehearsed opens, recorded' reads /srv/one
say state 0 0 0 0
say gates 0 0
finish
