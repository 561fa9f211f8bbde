#!/bin/bash
# Owns: who logs in where, with real programs of Debian: login, sshd, su, sudo, pamtester; trusted and not,
# with the agent and without; and tickets for applications, to who may have them. A real console.
# vm-needs: ext4
# vm-timeout: 1500
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/console_parts.sh
. tests/vm/cases/login_parts.sh

policy=/run/hf/login.ini
asker=/usr/local/bin/hf-asker

# policy_write VERSION [MORE OF LOGIN]
policy_write()
{
	policy_of_reader Login "$1" $allowed |
		sed 's/^title = Acme$/title = Acme GmbH\naccount = alice, @staff-hf/' >$policy
	cat >>$policy <<-INI
	[tenant beta]
	title = Beta
	account = bob
	[trust]
	lease = 1h
	[login]
	break-glass = rescue
	except-service = hf-unlock
	contact = the helpdesk, telephone 4711
	${2-}
	[app asker]
	path = $asker
	[audience mail]
	uri = https://mail.acme.example
	tenant = acme
	[audience drive]
	uri = https://drive.acme.example
	tenant = acme
	app = asker
	lifetime = 1m
	INI
}

accounts_make()
{
	local user

	groupadd staff-hf
	for user in alice bob carol visitor rescue; do
		account_make $user
	done
	echo 'root:secret-of-root' | chpasswd
	usermod --append --groups staff-hf carol
}

by_su()
{
	timeout 60 su "$1" -c 'id -un' >/run/hf/said 2>&1
}

# sudo_of USER: as that user, to root, without a password.
sudo_of()
{
	timeout 60 setpriv --reuid "$1" --regid "$1" --init-groups sudo -n id -un >/run/hf/said 2>&1
}

by_pam()
{
	pamtester hf-test "$1" acct_mgmt open_session close_session >/run/hf/said 2>&1
}

# event CODE WORDS: the newest of them says that.
event()
{
	sleep 0.5
	grep "\"event_code\":\"$1\"" /var/log/holdfast/events.jsonl | tail -n 1 | grep -q "$2" || {
		grep "\"event_code\":\"$1\"" /var/log/holdfast/events.jsonl | tail -n 2
		return 1
	}
}

# refused_everywhere STATE WORDS
refused_everywhere()
{
	refute "$1: alice by login" by_login alice
	check "$1: she reads why, and whom to ask" said "$2.*Ask the helpdesk, telephone 4711"
	refute "$1: alice by ssh, with a key" by_ssh alice
	check "$1: and reads it there, too" said "$2"
	refute "$1: alice by su" by_su alice
	refute "$1: sudo of alice" sudo_of alice
	refute "$1: alice by pamtester" by_pam alice
	check "$1: it is an event" event login-refused '"status_code":"not-trusted"'
	refute "$1: carol, by her group" by_pam carol
	refute "$1: no ticket for alice" as_user alice holdfast ticket --audience mail
	always_let_in "$1"
	check "$1: a visitor, nobody's account, by su" by_su visitor
	check "$1: control: alice where it is no login" pamtester hf-unlock alice acct_mgmt
}

always_let_in()
{
	check "$1: root by login" by_login root
	check "$1: root by ssh" by_ssh root
	check "$1: the account for emergencies by login" by_login rescue
	check "$1: it is told that it is on record" said 'is on record'
}

let_in_everywhere()
{
	check "$1: alice by login" by_login alice
	check "$1: alice by ssh" by_ssh alice
	check "$1: it is she" said '^alice$'
	check "$1: her session is an event" event login '"name":"alice"'
	check "$1: and its end" event logoff '"name":"alice"'
	check "$1: alice by su" by_su alice
	check "$1: sudo of alice" sudo_of alice
	check "$1: it is root" said '^root$'
	check "$1: carol by her group" by_pam carol
	always_let_in "$1"
	check "$1: that is an event" event break-glass '"severity_id":4'
}

# verifies TICKET-FILE AUDIENCE ACCOUNT: by a stock library, the console's root and nothing else.
verifies()
{
	/usr/bin/python3 tests/e2e/ticket_verify.py $work_dir/state/devices.pem "$2" "$1" | tee /run/hf/said
	said "\"sub\": \"$3\""
}

# becomes AUDIENCE: whether a ticket came of it.
becomes()
{
	as_user alice build/tests/asker become "$1" $asker | grep -q .
}

tickets()
{
	check 'alice gets a ticket' ticket_by holdfast ticket --audience mail --nonce n-1
	check 'which a stranger verifies' verifies $ticket https://mail.acme.example alice
	check 'it says that the device is trusted' said '"trust": "trusted"'
	check 'and has the nonce' said '"nonce": "n-1"'
	check 'it is an event' event ticket mail.acme.example
	refute 'for another question the console does not take it' ticket_is good n-2
	check 'and says so' said '"verdict":"wrong-nonce"'
	check 'the console takes it' ticket_is good n-1
	check 'and knows whose it is' said '"account":"alice"'
	check 'once' ticket_is replayed n-1
	refute 'for another audience it is none' verifies $ticket https://drive.acme.example alice
	refute 'of a tenant whose account she is not: bob' as_user bob holdfast ticket --audience mail
	check 'that is an event' event ticket-refused other-tenant
	refute 'nobody'\''s account gets none' as_user visitor holdfast ticket --audience mail
	refute 'root gets none' holdfast ticket --audience mail
	refute 'there is no audience of that name' as_user alice holdfast ticket --audience elsewhere
	check 'an application that is named gets one' ticket_by $asker ask drive
	check 'which is good there' verifies $ticket https://drive.acme.example alice
	check 'and says by which application' said '"app": "asker"'
	refute 'the same program elsewhere is none' as_user alice build/tests/asker ask drive
	check 'that is an event, too' event ticket-refused other-app
	refute 'nor is the command for everybody' as_user alice holdfast ticket --audience drive
	refute 'who asks and becomes the application has none' becomes drive
	check 'control: to become it is no matter where none is asked for' becomes mail
}

places_make || { echo 'the places could not be made'; exit 1; }
login_prepare
install -m 755 build/tests/asker $asker
accounts_make
cp -r /etc/pam.d /run/hf/pam.d.before
echo 'alice ALL = NOPASSWD: ALL' >/etc/sudoers.d/hf
chmod 440 /etc/sudoers.d/hf
check 'control: before, alice logs in by login' by_login alice
check 'sshd starts' sshd_start
check 'control: before, by ssh' by_ssh alice
check 'control: before, sudo' sudo_of alice
stacks_write
check 'pam-check: root can log in' holdfast pam-check login
check 'the module without an agent that ever was' by_login alice

check 'a console is made and served' console_make
mkdir -p /etc/holdfast
rm -f /etc/holdfast/console.ini
policy_write 1
agent_start $policy || { echo 'the agent does not start'; cat $agent_log; exit 1; }
console_token /run/hf/token
check 'the device enrols' holdfast enrol --console $url --ca $work_dir/state/devices.pem --token-file /run/hf/token
check 'it waits to be approved' wait_for 60 trust pending
refused_everywhere pending 'waits to be approved'
check 'it is approved' console device approve "$(device)"
check 'and trusted' wait_for 60 trust trusted
check_token https://mail.acme.example
let_in_everywhere trusted
tickets

# A device of one tenant.
policy_write 2 'device-of = acme'
check 'a policy for a device of Acme' agent_reload
check 'of Acme: alice by ssh' by_ssh alice
refute 'of Acme: bob, of Beta, by ssh' by_ssh bob
check 'of Acme: he reads why' said 'bob is an account of Beta, but this device belongs to Acme GmbH'
refute 'of Acme: a visitor by login' by_login visitor
check 'of Acme: who reads why' said 'logs in accounts of Acme GmbH only'
check 'of Acme: accounts of the system' by_pam daemon
always_let_in 'of Acme'

# Without the agent: by what it said last.
agent_leave
check 'no agent: the list is there' grep -q '^account acme alice$' /var/lib/holdfast-login/accounts
refute 'no agent: alice by login' by_login alice
check 'no agent: she reads why' said 'agent does not answer'
refute 'no agent: alice by ssh' by_ssh alice
refute 'no agent: a visitor' by_pam visitor
always_let_in 'no agent'
check 'no agent: accounts of the system' by_pam daemon
agent_start_again
check 'the agent is back' wait_for 240 agent_is_enforcing
check 'and the device trusted' wait_for 120 trust trusted
check 'alice logs in again' by_login alice
policy_write 3
check 'a policy for a device of nobody' agent_reload

check 'it is suspended' console device suspend "$(device)" --why test
check 'and knows it' wait_for 30 trust suspended
refused_everywhere suspended 'is suspended'
check 'it is revoked' console device revoke "$(device)" --why test
check 'and knows that' wait_for 30 trust revoked
refused_everywhere revoked 'trust was revoked'

# What locks root out is not blessed.
sed "s,$HF_REPO/build/,/nowhere/," -i /etc/pam.d/common-account
refute 'a module that is missing: root is locked out' by_login root
refute 'and pam-check says so' holdfast pam-check login
cp /run/hf/pam.d.before/common-account /etc/pam.d/
check 'taken out again, root logs in' by_login root

kill "$(cat /run/hf/sshd.pid)"
console_stop
rm -f /etc/holdfast/console.ini
agent_stop
cp /run/hf/pam.d.before/* /etc/pam.d/
rm -f /etc/sudoers.d/hf /etc/pam.d/hf-test /etc/pam.d/hf-unlock
finish
