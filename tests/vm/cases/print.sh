#!/bin/bash
# Owns: printing, with a real CUPS and its own programs: a labelled document does not reach the paper
# by the print service, a printer's port or a printer's device, unless the policy says so; then it
# does, the record tells of the job, and the print service is no labelled reader of it.
# vm-needs: ext4 usb
# vm-timeout: 600
# The places have no blanks in their names; functions are called by wait_for and check.
# shellcheck disable=SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

readers=/opt/readers
policy=/run/hf/policy.ini
cups=/run/hf/cups
paper=/run/hf/paper
far_paper=/run/hf/far-paper
printer=10.77.0.2 far=10.88.0.2
version=1

# make_policy PRINT-ACTION: default = no rule names the channel.
make_policy()
{
	version=$((version + 1))
	policy_of_cases | sed -e "s/^version = .*/version = $version/" \
		-e 's/^open-with = road, readers/&, printing/' \
		-e 's/^except-network = partner/&, printers/' >$policy
	cat >>$policy <<-END

		[app printing]
		path = $readers/lp
		  $readers/lpr

		[network printers]
		address = $far
		port = 631, 9100
	END
	[ "$1" = default ] || cat >>$policy <<-END

		[rule print]
		label = confidential
		channel = print
		action = $1
	END
	[ "$1" != block ] || echo 'except-network = printers' >>$policy
}

use_policy()
{
	make_policy "$1"
	holdfast policy reload >/dev/null
	check "the policy that says $1 is in force" wait_for 60 in_force
}

in_force()
{
	holdfast policy show | grep -q "version $version$"
}

# What comes out of the printers lies on their paper. The far one is handed labelled documents itself,
# by programs of this same kernel: it is a labelled reader, and its paper is not for us to read.
start_printers()
{
	netns_peer
	in_peer peer1 socat -u TCP6-LISTEN:9100,fork,reuseaddr OPEN:$paper,creat,append &
	in_peer peer2 socat -u TCP6-LISTEN:9100,fork,reuseaddr OPEN:$far_paper,creat,append &
	wait_for 20 in_peer peer1 sh -c "ss -ltn | grep -q :9100"
	wait_for 20 in_peer peer2 sh -c "ss -ltn | grep -q :9100"
}

start_cups()
{
	mkdir -p $cups/etc $cups/spool $cups/cache $cups/log /run/cups
	cat >$cups/etc/cupsd.conf <<-END
		LogLevel warn
		Listen /run/cups/cups.sock
		Listen localhost:631
		WebInterface No
		Browsing Off
		<Location />
		Order allow,deny
		Allow all
		</Location>
	END
	cat >$cups/etc/cups-files.conf <<-END
		ServerRoot $cups/etc
		RequestRoot $cups/spool
		CacheDir $cups/cache
		StateDir /run/cups
		TempDir $cups/spool
		AccessLog $cups/log/access
		ErrorLog $cups/log/error
		PageLog $cups/log/page
	END
	/usr/sbin/cupsd -f -c $cups/etc/cupsd.conf -s $cups/etc/cups-files.conf &
	wait_for 60 sh -c 'lpstat -r | grep -q "is running"' # its status is 0 either way
	lpadmin -p paper -E -v socket://$printer:9100 -m raw
}

# not_taken NAME COMMAND...: lp does not say why it could not send, and what a labelled reader like dd
# says is not read here; there is an event of each.
not_taken()
{
	local name=$1 status

	shift
	window_open
	"$@" >/dev/null 2>&1 </dev/null
	status=$?
	window_close "$name"
	if [ $status -ge 1 ] && [ $status -lt 124 ]; then
		ok "$name"
	else
		windows_forget "$name"
		not_ok "$name" "'$*' ended with $status"
	fi
}

# printed TEXT: it is on the paper.
printed()
{
	grep -aqF "$1" $paper
}

new_paper()
{
	: >$paper
}

# it_prints WHEN: for unlabelled documents and programs, nothing is different.
it_prints()
{
	new_paper
	expect_allowed "$1: lp takes an unlabelled document" $readers/lp -d paper -o raw $open/doc.txt
	check "$1: it is printed" wait_for 60 printed "$open_text"
}

# A job that was taken would be on the paper by then: jobs are printed in their order.
nothing_secret_is_printed()
{
	it_prints "$1"
	refute "$1: the secret is not" printed "$secret_text"
}

# The service and its backends have no labels, so who talks to it gets none.
the_service_is_unlabelled()
{
	rm -f $usb/note
	expect_allowed "$1: who asks the print service goes on as before" \
		sh -c "lpstat -o >/dev/null && echo note >$usb/note"
}

# event_of CHANNEL VERDICT TEXT...: an event of this kind says all of it.
event_of()
{
	local line text

	line=$(holdfast events --json --channel $1 --verdict $2 | tail -n 40)
	shift 2
	for text in "$@"; do
		line=$(grep -F "$text" <<<"$line") || return 1
	done
}

places_make || { echo "the places could not be made"; exit 1; }
mkdir -p $readers
for program in lp lpr dd; do
	install -m 755 -o root -g root "$(readlink -f "$(command -v $program)")" $readers/$program
done
start_printers
start_cups
make_policy default
agent_start $policy || { echo "the agent does not start"; exit 1; }

it_prints 'no rule'
not_taken 'no rule: lp' $readers/lp -d paper -o raw $secret/doc.txt
not_taken 'no rule: lpr' $readers/lpr -P paper -o raw $secret/doc.txt
expect_allowed 'control: lpr prints the unlabelled' $readers/lpr -P paper -o raw $open/doc.txt
check 'the record tells the printer' wait_for 20 event_of print block '"printer":"paper"' '"name":"lp"'
check 'why tells it as well' sh -c "holdfast why | grep -q 'print on paper'"
nothing_secret_is_printed 'no rule'
the_service_is_unlabelled 'no rule'

not_taken 'over the port of the print service' \
	env CUPS_SERVER=localhost:631 $readers/lp -d paper -o raw $secret/doc.txt
expect_allowed 'control: the port prints the unlabelled' \
	env CUPS_SERVER=localhost:631 $readers/lp -d paper -o raw $open/doc.txt
expect_refused 'straight to a printer' $allowed tcp $secret/doc.txt $printer 9100
expect_allowed 'control: straight to a printer, unlabelled' \
	$allowed tcp $open/doc.txt $printer 9100
check 'that is printing too' wait_for 20 event_of print block "print at $printer port 9100"
for numbers in '6 0' '180 0'; do
	mknod "/dev/printer-${numbers// /-}" c $numbers
	not_taken "on the printer's device $numbers" \
		$readers/dd if=$secret/doc.txt of=/dev/printer-${numbers// /-}
done
check 'its device as well' wait_for 20 event_of print block '/dev/printer-180-0'
nothing_secret_is_printed 'other ways'
# Before the policy lets any through: jobs that are done are kept for a while.
refute 'the print service has nothing of it' grep -aqrF "$secret_text" $cups/spool

use_policy audit
new_paper
expect_allowed 'audit: lp takes the labelled document' \
	$readers/lp -d paper -o raw -t 'the figures' $secret/doc.txt
check 'audit: it is printed' wait_for 60 printed "$secret_text"
check 'audit: the record tells the job' wait_for 20 event_of print audit \
	'"operation":"Send-Document"' '"printer":"paper"' '"document":"doc.txt"' '"user":"root"'
it_prints audit
the_service_is_unlabelled audit
expect_refused 'audit: straight to a printer is the network as well' \
	$allowed tcp $secret/doc.txt $printer 9100

use_policy warn
new_paper
not_taken 'warn: lp' $readers/lp -d paper -o raw $secret/doc.txt
windows_forget 'warn: lp' # which are for block
check 'warn: it is recorded' wait_for 20 event_of print warn '"printer":"paper"'
nothing_secret_is_printed warn

use_policy block
new_paper
not_taken 'block: lp' $readers/lp -d paper -o raw $secret/doc.txt
nothing_secret_is_printed block
new_paper
expect_allowed 'block: the excepted printer' \
	$allowed tcp $secret/doc.txt $far 9100
check 'block: that one prints it' wait_for 60 test -s $far_paper
expect_refused 'block: another one' $allowed tcp $secret/doc.txt $printer 9100

use_policy allow
new_paper
expect_allowed 'allow: lp takes the labelled document' $readers/lp -d paper -o raw $secret/doc.txt
check 'allow: it is printed' wait_for 60 printed "$secret_text"
the_service_is_unlabelled allow
expect_each_recorded
agent_stop
finish
