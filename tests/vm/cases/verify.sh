#!/bin/bash
# Owns: second verification with the real systemd-logind and PAM: what a label shuts until its user has
# verified, by which means it opens, and everything that shuts it again; also when the agent is dead.
# vm-needs: ext4 systemd
# vm-timeout: 1800
# Functions are called by check.
# shellcheck disable=SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/verify_parts.sh

policy=/run/hf/verify.ini
key=/run/hf/alice/totp
grace=25 # seconds, of the label that asks for codes
right='correct horse battery'

policy_make()
{
	cat >$policy <<-INI
	[policy]
	name = Verification
	version = $1
	[tenant acme]
	title = Acme
	[label confidential]
	tenant = acme
	title = Confidential
	path = $secret
	open-with = reader
	verify = password
	verify-grace = 10m
	[label codes]
	tenant = acme
	title = Codes
	path = $view
	open-with = reader
	verify = totp
	verify-grace = ${grace}s
	[verify]
	except-user = bob
	$2
	[app reader]
	path = $reader
	INI
}

# The labelled places are on the disk, as everybody may go there.
prepare()
{
	places_make || return 1
	mkdir -p $view /run/hf/alice
	chmod 755 /run/hf $view
	chown alice /run/hf/alice
	echo "$secret_text" >$view/doc.txt
	chmod 666 $view/doc.txt
	verify_prepare "$right" || return 1
	systemctl start dbus.service systemd-logind.service || return 1
	session_begin
}

session_begin()
{
	su -l alice -c 'exec sleep 100000' >/dev/null 2>&1 </dev/null &
	session_pid=$!
	wait_for 180 session_find
}

session_find()
{
	session=$(loginctl list-sessions --no-legend | awk '$3 == "alice" { print $1; exit }')
	[ -n "$session" ]
}

session_end()
{
	loginctl terminate-session "$session"
	wait "$session_pid" 2>/dev/null
}

by_password()
{
	echo "$1" | as_user alice holdfast verify --method password
}

by_this_code()
{
	echo "$1" | as_user alice holdfast verify --method totp
}

by_code()
{
	as_user alice tests/vm/cases/verify_totp.py code "$key" >/run/hf/code &&
		by_this_code "$(cat /run/hf/code)"
}

# recorded CODE STATUS: an event of that code with that word.
recorded()
{
	holdfast events --json | grep "\"event_code\":\"$1\"" | grep -q "\"status_code\":\"$2\""
}

locked_hint()
{
	busctl call org.freedesktop.login1 "$(session_path)" org.freedesktop.login1.Session SetLockedHint b "$1"
}

session_path()
{
	busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager \
		GetSession s "$session" | sed 's/^o "\(.*\)"$/\1/'
}

before_and_after()
{
	refute 'before: alice is refused, in the right program' reads $secret
	check 'she is told what to do' bash -c \
		". tests/vm/guest/lib.sh; as_user alice $PWD/build/holdfast why | grep -q 'holdfast verify'"
	refute 'root is refused as well' $reader $secret/doc.txt
	check 'control: an unlabelled file' reads $open
	check 'control: bob is never asked' reads $secret bob
	check 'a wrong password is refused' said by_password wrong -- 'password is wrong'
	check 'and is an event' wait_for 10 recorded verify-refused password
	refute 'and opens nothing' reads $secret
	check 'the right one is taken' by_password "$right"
	check 'and opens the label' wait_for 5 reads $secret
	refute 'and not the one that asks for a code' reads $view
	refute 'and not to root' $reader $secret/doc.txt
	refute 'and not to another program' as_user alice cat $secret/doc.txt
	check 'it is an event' recorded verified password
}

by_totp()
{
	check 'no code without an authenticator' said by_this_code 123456 -- 'enrolled none'
	check 'enrolling wants the password' said as_user alice \
		tests/vm/cases/verify_totp.py enrol wrong /run/hf/alice/none -- 'password is wrong'
	check 'enrolled' as_user alice tests/vm/cases/verify_totp.py enrol "$right" "$key"
	check 'a code is taken' by_code
	check 'and opens the label' wait_for 5 reads $view
	check 'the code is not taken twice' said by_this_code "$(cat /run/hf/code)" -- 'used before'
	check 'after the grace time it is shut' wait_for $((grace + 5)) shut $view
	check 'and the other one is not' reads $secret
	check 'what is kept is not to be read' bash -c \
		"[ \"\$(stat -c '%a %U' /var/lib/holdfast-verify)\" = '700 holdfast-verify' ]"
}

locks()
{
	check 'loginctl lock-session' loginctl lock-session "$session"
	check 'locked: shut' wait_for 10 shut $secret
	check 'locked: an event' recorded verify-ended lock
	check 'verified again' by_password "$right"
	check 'verified again: open' wait_for 5 reads $secret
	check 'the desktop says that it is locked' locked_hint true
	check 'it says so: shut' wait_for 10 shut $secret
	check 'nobody verifies while locked' said by_password "$right" -- 'unlock it first'
	check 'it is unlocked' locked_hint false
	refute 'unlocked is not verified' reads $secret
	check 'unlocked, verified' wait_for 5 by_password "$right"
	check 'unlocked, verified: open' wait_for 5 reads $secret
	check 'the person ends it' as_user alice holdfast verify end
	check 'ended: shut' wait_for 5 shut $secret
}

ends()
{
	check 'verified before the session ends' by_password "$right"
	check 'open before the session ends' wait_for 5 reads $secret
	session_end
	check 'the last session ended: shut' wait_for 10 shut $secret
	check 'the last session ended: an event' recorded verify-ended logout
	session_begin
	check 'another session' session_find
}

processes()
{
	check 'verified before holdfast-verify dies' by_password "$right"
	check 'open before holdfast-verify dies' wait_for 5 reads $secret
	kill -9 "$(pgrep -x holdfast-verify)"
	check 'holdfast-verify dead: shut' wait_for 10 shut $secret
	check 'it comes back' wait_for 60 is_ready
	check 'doctor counts it' bash -c "holdfast doctor | grep -q 'verifier-ended  *fail closed  *1'"
	check 'and takes the password' by_password "$right"
	check 'and opens' wait_for 5 reads $secret
	# Masked before it is stopped: whoever asks for it starts it.
	systemctl mask --runtime systemd-logind.service dbus-org.freedesktop.login1.service >/dev/null 2>&1
	systemctl stop systemd-logind.service
	check 'no systemd-logind: shut' wait_for 20 shut $secret
	check 'no systemd-logind: nobody verifies' said by_password "$right" -- 'does not answer'
	systemctl unmask --runtime systemd-logind.service dbus-org.freedesktop.login1.service >/dev/null 2>&1
	systemctl start systemd-logind.service
	check 'systemd-logind is back' wait_for 60 is_ready
}

agent_dead()
{
	local pids

	check 'a code before the agent dies' by_code
	check 'open before the agent dies' wait_for 5 reads $view
	pids=$(pgrep -x 'holdfastd|holdfast-engine|holdfast-sensor|holdfast-verify')
	# shellcheck disable=SC2086 # several
	kill -9 $pids
	check 'agent dead: still open' reads $view
	check 'agent dead: the kernel ends it' wait_for $((grace + 5)) shut $view
	check 'agent dead: control' reads $open
	agent_start_again
	check 'the agent is back' wait_for 240 agent_is_enforcing
	refute 'nobody is verified since it started' reads $secret
	check 'the agent is back: ready' wait_for 60 is_ready
	check 'the agent is back: verified' by_password "$right"
	check 'the agent is back: open' wait_for 5 reads $secret
	policy_make 3 'ends = none'
	check 'another policy' agent_reload
	check 'another policy: still verified' wait_for 10 reads $secret
}

many_tries()
{
	local i

	for i in 1 2 3 4 5; do
		by_password "wrong $i" >/dev/null 2>&1
	done
	check 'after five wrong ones the right one waits' said by_password "$right" -- 'too many wrong tries'
	check 'root takes the authenticator away' holdfast verify forget totp --user alice
	check 'which ends it' wait_for 5 shut $secret
	check 'and is an event' recorded verify-enrolled totp
}

prepare || { echo "verify: no user, bus, logind or session"; loginctl; exit 1; }
policy_make 1 ''
agent_start $policy || exit 1
check 'ready' wait_for 60 is_ready
before_and_after
by_totp
locks
ends
processes
agent_dead
many_tries
holdfast status | sed -n '/Verification/,/Since/p'
tail -n 30 $agent_log
agent_stop
finish
