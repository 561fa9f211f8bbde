#!/bin/bash
# Owns: the table of holdfast-trust(7): each state is made, and in each every column is tried, with a real console,
# login, sshd, keyring and encrypted folder. What is to be expected is read from the page.
# vm-needs: ext4
# vm-timeout: 3000
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2154,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/console_parts.sh
. tests/vm/cases/login_parts.sh

page=man/holdfast-trust.7
policy=/run/hf/table.ini
books=$data/books
audience=https://mail.acme.example
columns='login ssh ticket open vault key'
short=20                  # seconds of the lease that is let run out
day=86400
jump=/run/hf/jump         # seconds by which the console's clock is not the machine's: tests/e2e/jump.c
released=/run/hf/released # milliseconds of the slowest release of a key; check is a shell of its own
seen=()                   # states that were tried

[ -e "$HF_REPO/build/tests/e2e/jump.so" ] || { echo 'build/tests/e2e/jump.so is missing: make vm-programs'; exit 1; }
# The console is another machine's: its clock does not move with the device's.
words=(env LD_PRELOAD="$HF_REPO/build/tests/e2e/jump.so" HOLDFAST_TEST_JUMP="$jump" "${words[@]}")

# jump_set SECONDS: in place, as it is mapped.
jump_set()
{
	/usr/bin/python3 -c 'import struct, sys
with open(sys.argv[1], "r+b") as file: file.write(struct.pack("<q", int(sys.argv[2])))' $jump "$1"
}

# device_clock SECONDS: so far from what it is in truth, which the console keeps.
device_clock()
{
	local by=$(($1 + $(clock_off)))

	date -s "@$(($(date +%s) + by))" >/dev/null
	jump_set $((-$1))
}

clock_off()
{
	/usr/bin/python3 -c 'import struct
print(struct.unpack("<q", open("'$jump'", "rb").read())[0])'
}

# policy_write VERSION LEASE
policy_write()
{
	policy_of_reader Table "$1" $allowed | sed 's/^title = Acme$/title = Acme\naccount = alice/' >$policy
	cat >>$policy <<-INI
	[trust]
	lease = $2
	[audience mail]
	uri = $audience
	tenant = acme
	[vault books]
	path = $books
	label = confidential
	INI
}

# Cut off, and not slowed down: connections that there are end too.
cut_off()
{
	nft add table inet hf
	nft add chain inet hf out '{ type filter hook output priority 0; }'
	nft add rule inet hf out meta skuid holdfast-uplink tcp dport 8443 reject with tcp reset
}

put_through()
{
	nft delete table inet hf
}

# keyring_says PYTHON: of one who asks keyring as the engine does.
keyring_says()
{
	/usr/bin/python3 -c "import sys
sys.path.insert(0, 'tests/e2e')
from keyring_peer import Keyring
keyring = Keyring('/run/holdfast')
$1"
}

key_is_here()
{
	keyring_says "sys.exit(not any(one['generation'] for one in keyring.state()['labels'].values()))"
}

# --- the columns ---

try_login()
{
	by_login alice
}

try_ssh()
{
	by_ssh alice && said '^alice$'
}

try_ticket()
{
	ticket_by holdfast ticket --audience mail && ticket_is good
}

try_open()
{
	as_user alice $allowed open $secret/doc.txt -
}

try_vault()
{
	as_user alice $allowed open $books/doc.txt -
}

# What is here is given up, and asked for anew. To be refused it has three times what it took before.
try_key()
{
	local begun wait=120

	[ ! -s $released ] || wait=$((5 + 3 * $(cat $released) / 1000))
	keyring_says "sys.exit(keyring.drop('person') != b'')" || return 126 # no refusal
	begun=$(now_ms)
	wait_for $wait key_is_here || return 1
	begun=$(($(now_ms) - begun))
	[ -s $released ] && [ $begun -le "$(cat $released)" ] || echo $begun >$released
}

# --- the table ---

# rows: of the page: STATE|login|ssh|..., its head first.
rows()
{
	sed -n '/^\.Bl -column "clock/,/^\.El/s/^\.It //p' $page | sed 's/Sy //g; s/ Ta /|/g'
}

# row STATE: makes each of its cells happen, as the page says.
row()
{
	local state=$1 column index=0 cells

	IFS='|' read -r -a cells <<<"$(rows | grep "^$state|")"
	seen+=("$state")
	for column in $columns; do
		index=$((index + 1))
		case ${cells[index]-} in
		yes) check "$state: $column: yes" "try_$column" ;;
		no) refute "$state: $column: no" "try_$column" ;;
		*) not_ok "$state: $column" "the page says '${cells[index]-}'" ;;
		esac
	done
}

# trusted_again NAME: what lies between two rows, so that none refuses for what the one before it did.
trusted_again()
{
	check "$1: control: trusted" wait_for 120 trust trusted
	check "$1: control: its key is here" wait_for 120 key_is_here
	check "$1: control: its vault is open" wait_for 60 try_vault
	check "$1: control: labelled files open" try_open
}

# stays_shut STATE: whatever the clock says.
stays_shut()
{
	local by

	for by in $((-day)) $day; do
		device_clock $by
		refute "$1, clock off by $by s: open" try_open
		refute "$1, clock off by $by s: login" pamtester hf-test alice acct_mgmt
	done
	device_clock 0
}

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p $books
echo "$secret_text" >$books/doc.txt
chmod 777 $books
chmod 666 $books/doc.txt
login_prepare
account_make alice
head -c 8 /dev/zero >$jump
chmod 644 $jump
stacks_write
check 'sshd starts' sshd_start
check 'the page has the columns that are tried' test "$(rows | head -n 1)" = "state|${columns// /|}"

# Its certificates are a week old, as they would be: else a clock that is set back would find them unborn.
jump_set $((-7 * day))
check 'a console is made' console_make
console_stop
jump_set 0
check 'and served' console_serve
mkdir -p /etc/holdfast
rm -f /etc/holdfast/console.ini
agent_install
policy_write 1 1h
agent_start $policy || { echo 'the agent does not start'; cat $agent_log; exit 1; }
check 'control: without a console it asks nobody: open' try_open
check 'control: and login' try_login
check_token $audience
console_token /run/hf/token
check 'the device enrols' holdfast enrol --console $url --ca $work_dir/state/devices.pem --token-file /run/hf/token
check 'it waits to be approved' wait_for 60 trust pending
check 'a label has a key' console key rotate acme/confidential
check 'it is approved' console device approve "$(device)"
check 'and trusted' wait_for 60 trust trusted
check 'the key is released' wait_for 120 key_is_here
check 'a folder moves in' holdfast vault add books

row trusted
trusted_again trusted

cut_off
row offline
put_through
trusted_again online

device_clock $day
row 'clock set ahead'
check 'clock set ahead: the service says why' ticket_is early
device_clock 0
trusted_again 'the clock is right'

device_clock $((-day))
row 'clock set back'
check 'clock set back: the service says why' ticket_is expired
device_clock 0
trusted_again 'the clock is right again'

check 'it is suspended' console device suspend "$(device)" --why test
check 'and knows it' wait_for 30 trust suspended
row suspended
stays_shut suspended
check 'it is approved again' console device approve "$(device)"
trusted_again 'approved again'

policy_write 2 ${short}s
check 'a policy with a short lease' agent_reload
trusted_again 'by a short lease'
cut_off
sleep $((short + 1))
check 'the lease is over' wait_for 10 trust expired
row expired
stays_shut expired
put_through
trusted_again 'heard from the console'
policy_write 3 1h
check 'a policy with a long lease' agent_reload
trusted_again 'by a long lease'

check 'it is revoked' console device revoke "$(device)" --why test
check 'and knows it' wait_for 30 trust revoked
row revoked
stays_shut revoked

# As another device, which waits to be approved; its vault is there, and closed.
console_token /run/hf/token
check 'it enrols anew' holdfast enrol --console $url --ca $work_dir/state/devices.pem --token-file /run/hf/token
check 'it waits again' wait_for 60 trust pending
row pending
stays_shut pending
check 'the other device is approved' console device approve "$(device)"
trusted_again 'the other device'
row trusted

check 'each row of the page was tried, and no other' test \
	"$(printf '%s\n' "${seen[@]}" | sort -u)" = "$(rows | tail -n +2 | cut -d '|' -f 1 | sort)"
echo "# a key was released within $(cat $released) ms"
[ $hf_failures -eq 0 ] || { tail -n 40 $agent_log; tail -n 20 $work_dir/log; }
kill "$(cat /run/hf/sshd.pid)"
console_stop
agent_stop
finish
