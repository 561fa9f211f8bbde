#!/bin/bash
# Owns: verification by a security key, from the hidraw device by libfido2 and holdfast verify to the
# kernel's gate. The key is a program behind /dev/uhid; no real one is at hand. No systemd-logind here:
# the policy says that nothing ends a verification.
# vm-needs: ext4
# vm-timeout: 1200
# Functions are called by check.
# shellcheck disable=SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/verify_parts.sh

policy=/run/hf/key.ini

policy_make()
{
	cat >$policy <<-INI
	[policy]
	name = Security keys
	version = 1
	[tenant acme]
	title = Acme
	[label confidential]
	tenant = acme
	title = Confidential
	path = $secret
	open-with = reader
	verify = security-key
	[verify]
	ends = none
	[app reader]
	path = $reader
	INI
}

# key_plug [COUNTER]: and alice, who sits at the machine, may use it.
key_plug()
{
	tests/vm/cases/security_key.py "$@" >/run/hf/key.log 2>&1 &
	key_pid=$!
	wait_for 30 test -e /dev/hidraw0 || return 1
	udevadm settle --timeout=20
	chmod 666 /dev/hidraw0
}

key_unplug()
{
	kill "$key_pid"
	wait "$key_pid" 2>/dev/null
	wait_for 20 test ! -e /dev/hidraw0
}

enrol()
{
	echo "$1" | as_user alice holdfast verify enrol security-key
}

if ! modprobe uhid || ! modprobe hid-generic; then
	skip 'verification by a security key' 'the kernel has no uhid'
	finish
fi
places_make || exit 1
verify_prepare right || exit 1
policy_make
agent_start $policy || exit 1
check 'ready without systemd-logind, as nothing ends it' wait_for 60 is_ready
refute 'before: refused' reads $secret
check 'no key is plugged in' said enrol right -- 'no security key is plugged in'
key_plug || { not_ok 'a key by /dev/uhid' "$(tail -n 3 /run/hf/key.log)"; finish; }
check 'none is enrolled' said as_user alice holdfast verify --method security-key -- 'enrolled none'
check 'enrolling wants the password' said enrol wrong -- 'password is wrong'
check 'enrolled' enrol right
refute 'enrolled is not verified' reads $secret
check 'verified by the key' as_user alice holdfast verify
check 'and it opens' wait_for 5 reads $secret
refute 'not to root' $reader $secret/doc.txt
check 'ended' as_user alice holdfast verify end
check 'ended: shut' wait_for 5 shut $secret
key_unplug
key_plug 100
check 'another key has no such credential' said as_user alice holdfast verify --method security-key -- 'security key'
refute 'and opens nothing' reads $secret
check 'the other key is enrolled beside it' enrol right
check 'and verifies' as_user alice holdfast verify --method security-key
check 'and opens' wait_for 5 reads $secret
tail -n 10 $agent_log
cat /run/hf/key.log
agent_stop
finish
