#!/bin/bash
# Owns: policies that come and go: thirty kinds of bad ones, each refused with file and line while
# the last good one stays in force; and two good ones swapped under load without one wrong answer.
# vm-needs: ext4
# vm-timeout: 900
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

burst=build/tests/burst
live=/run/hf/live.ini
swaps=60

good_policy()
{
	policy_of_reader 'Reload cases' "$1" /opt/readers/cat
	printf '[app other]\npath = %s\n' "$2"
}

# bad NAME LINE PATTERN: standard input is put behind the good policy; the error names that file,
# the line counted from there (0: any), and says something like PATTERN.
bad()
{
	local name=$1 line=$2 pattern=$3 said file=/run/hf/bad.ini lines

	good_policy 9 /usr/bin/dd >$file
	lines=$(wc -l <$file)
	cat >>$file
	if said=$(build/holdfast policy check $file 2>&1); then
		not_ok "bad policy: $name" 'check found nothing wrong'
	elif [ "$line" -gt 0 ] && ! grep -q "bad.ini:$((lines + line)):" <<<"$said"; then
		not_ok "bad policy: $name" "line $((lines + line)) is not named: $said"
	elif ! grep -qiE "$pattern" <<<"$said"; then
		not_ok "bad policy: $name" "no '$pattern' in: $said"
	else
		ok "bad policy: $name"
	fi
	cp $file $live
	if build/holdfast policy reload >/dev/null 2>&1; then
		not_ok "reload of a bad policy: $name" 'it was taken'
	elif cat $secret/doc.txt >/dev/null 2>&1; then
		not_ok "reload of a bad policy: $name" 'the last good policy is gone: cat reads'
	elif ! /opt/readers/cat $secret/doc.txt >/dev/null 2>&1; then
		not_ok "reload of a bad policy: $name" 'the last good policy is gone: the reader is refused'
	else
		ok "reload of a bad policy: $name"
	fi
}

thirty_bad_ones()
{
	bad 'unknown section' 1 'section' <<<'[labels x]'
	bad 'unknown key' 2 'key' <<<$'[label hr]\npaht = /srv/hr'
	bad 'the nearest word is named' 2 'path' <<<$'[label hr]\npaht = /srv/hr'
	bad 'key outside its section' 2 'key' <<<$'[network n]\nopen-with = reader'
	bad 'no value' 2 'value|empty' <<<$'[network n]\naddress ='
	bad 'relative path' 3 'absolute' <<<$'[label hr]\ntenant = acme\npath = srv/hr'
	bad 'dots in a path' 3 '\.\.' <<<$'[label hr]\ntenant = acme\npath = /srv/../etc'
	bad 'unknown tenant' 2 'tenant' <<<$'[label hr]\ntenant = acm\npath = /srv/hr'
	bad 'unknown application' 4 'app' <<<$'[label hr]\ntenant = acme\npath = /srv/hr\nopen-with = raeder'
	bad 'unknown label' 2 'label' <<<$'[rule r]\nlabel = confidentail\nchannel = network\naction = block'
	bad 'unknown channel' 3 'channel' <<<$'[rule r]\nlabel = confidential\nchannel = nework\naction = block'
	bad 'unknown action' 4 'action' <<<$'[rule r]\nlabel = confidential\nchannel = network\naction = blok'
	bad 'rule without label' 1 'label' <<<$'[rule r]\nchannel = network\naction = block'
	bad 'rule without channel' 1 'channel' <<<$'[rule r]\nlabel = confidential\naction = block'
	bad 'rule without action' 1 'action' <<<$'[rule r]\nlabel = confidential\nchannel = network'
	bad 'two actions for one channel' 0 'confidential' <<<$'[rule a]\nlabel = confidential\nchannel = network\naction = block\n[rule b]\nlabel = confidential\nchannel = network\naction = audit'
	bad 'network exception on another channel' 5 'network' <<<$'[rule r]\nlabel = confidential\nchannel = removable\naction = block\nexcept-network = n\n[network n]\naddress = 10.0.0.0/8'
	bad 'follow on another channel' 4 'follow' <<<$'[rule r]\nlabel = confidential\nchannel = network\naction = follow'
	bad 'address with host bits' 2 '10\.0\.0\.0' <<<$'[network n]\naddress = 10.0.0.1/8'
	bad 'no address' 2 'address' <<<$'[network n]\naddress = ten'
	bad 'prefix too long' 2 '32|prefix' <<<$'[network n]\naddress = 10.0.0.0/33'
	bad 'ports the wrong way round' 3 'port' <<<$'[network n]\naddress = 10.0.0.0/8\nport = 90-80'
	bad 'port out of range' 3 'port' <<<$'[network n]\naddress = 10.0.0.0/8\nport = 70000'
	bad 'network never used' 1 'used' <<<$'[network n]\naddress = 10.0.0.0/8'
	bad 'device never used' 1 'used' <<<$'[device d]\nvendor = 0951\nproduct = 1666'
	bad 'device id not hexadecimal' 2 'hexa' <<<$'[device d]\nvendor = kingston\nproduct = 1666'
	bad 'section twice' 1 'reader' <<<$'[app reader]\npath = /usr/bin/tac'
	bad 'key twice' 4 'title' <<<$'[app b]\npath = /usr/bin/tac\ntitle = B\ntitle = C'
	bad 'bad name' 1 'name' <<<$'[label Über]\ntenant = acme\npath = /srv/x'
	bad 'bad link' 4 'https' <<<$'[label hr]\ntenant = acme\npath = /srv/hr\nlink = ftp://x'
	bad 'policy twice' 1 'second' <<<$'[policy]\nname = Another'
	bad 'no section' 0 '' <<<$'action'
	bad 'a line too long' 1 'at most' <<<"; $(head -c 4000 /dev/zero | tr '\0' x)"
}

# The refused stay refused and the allowed stay allowed, whichever of the two policies is in force.
swap_under_load()
{
	local i stop=/run/hf/stop refused allowed status

	rm -f $stop
	$burst refused $secret/doc.txt until $stop 2 >/run/hf/refused.out &
	refused=$!
	/opt/readers/cat /dev/null
	/opt/readers/burst allowed $secret/doc.txt until $stop 1 >/run/hf/allowed.out &
	allowed=$!
	for ((i = 0; i < swaps; i++)); do
		good_policy $((100 + i)) "/usr/bin/$([ $((i % 2)) = 0 ] && echo dd || echo od)" |
			sed 's|/opt/readers/cat$|/opt/readers/cat\n  /opt/readers/burst|' >$live
		build/holdfast policy reload >/dev/null || not_ok "swap $i" 'reload failed'
	done
	touch $stop
	wait $refused
	status=$?
	check "$swaps swaps: not one refused open got through ($(cat /run/hf/refused.out))" [ $status -eq 0 ]
	wait $allowed
	status=$?
	check "$swaps swaps: not one allowed open was refused ($(cat /run/hf/allowed.out))" [ $status -eq 0 ]
}

# A policy in force that labels nothing must not be called enforcing.
nothing_labelled()
{
	ln -s $secret /srv/leads-there
	good_policy 900 /usr/bin/dd | sed 's|'$secret'|/srv/leads-there|' >$live
	check 'a policy whose only path is a link is taken' holdfast policy reload
	check 'it is said that nothing is enforced' \
		wait_for 20 eval "holdfast status | grep -q 'NOTHING IS ENFORCED'"
	check 'and why' eval "holdfast doctor | grep -q 'no path of the policy could be labelled'"
	check 'the path is named' eval "holdfast doctor | grep -q '/srv/leads-there: leads over a symbolic link'"
	good_policy 901 /usr/bin/dd >$live
	check 'the good policy is taken again' holdfast policy reload
	check 'and enforces' wait_for 20 agent_is_enforcing
	refute 'cat is refused again' cat $secret/doc.txt
}

places_make || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/cat /opt/readers/cat
install -m 755 -o root -g root $burst /opt/readers/burst
good_policy 1 /usr/bin/dd | sed 's|/opt/readers/cat$|/opt/readers/cat\n  /opt/readers/burst|' >$live
agent_start $live || exit 1
refute 'cat is refused' cat $secret/doc.txt
expect_allowed 'the reader reads' /opt/readers/cat $secret/doc.txt
swap_under_load
thirty_bad_ones
nothing_labelled
agent_stop
finish
