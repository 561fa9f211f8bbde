#!/bin/bash
# Owns: the service under the real service manager: what is installed, users and directories, start
# and readiness, reload, crash and watchdog, stop. Enforcement has no gap in any of it.
# vm-needs: ext4 systemd
# vm-timeout: 900
# shellcheck disable=SC2317 # functions are run by check and wait_for
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh

policy=/etc/holdfast/policy.ini
reader=/opt/readers/cat

policy_write()
{
	cat >$policy <<-INI
	[policy]
	name = Under systemd
	version = $1
	[tenant acme]
	title = Acme
	[label confidential]
	tenant = acme
	path = $secret
	open-with = reader
	[app reader]
	path = $reader
	INI
}

property()
{
	systemctl show --property "$1" --value holdfast.service
}

is_ready()
{
	[ "$(property ActiveState)/$(property SubState)" = active/running ] &&
		holdfast status | grep -q 'enforcing, in the kernel'
}

is_restarted()
{
	[ "$(property MainPID)" != "$1" ] && is_ready
}

# It must hold at every moment, whoever lives or dies.
enforced()
{
	refute "$1: another program is refused" cat $secret/doc.txt
	check "$1: the reader reads" read_by_reader
}

# What it prints is labelled, and is not for us to read.
read_by_reader()
{
	$reader "$secret/doc.txt" >/dev/null 2>&1
}

directory_is()
{
	[ "$(stat -c '%a %U' "$1")" = "$2 $3" ]
}

version_is()
{
	holdfast status | grep -q "version $1 "
}

installed()
{
	check 'make install' make -s install
	check 'systemd-sysusers' systemd-sysusers
	check 'systemd-tmpfiles' systemd-tmpfiles --create holdfast.conf
	check 'user holdfast' getent passwd holdfast
	check 'user holdfast-sensor' getent passwd holdfast-sensor
	check 'they can not log in' [ "$(getent passwd holdfast holdfast-sensor | grep -c nologin)" = 2 ]
	check 'state of the engine alone' directory_is /var/lib/holdfast 700 holdfast
	check 'the log' directory_is /var/log/holdfast 750 holdfast
	check 'the run-time directory' directory_is /run/holdfast 755 holdfast
	check 'the unit says nothing odd' quiet systemd-analyze verify --man=no holdfast.service
	check 'systemctl enable' systemctl enable holdfast.service
	check 'no cycle in the boot with it' quiet systemd-analyze verify --man=no sysinit.target
}

# quiet COMMAND...: succeeds, and says nothing of us.
quiet()
{
	local said

	said=$("$@" 2>&1) || { echo "$said"; return 1; }
	! grep -iE 'holdfast|cycle' <<<"$said"
}

started()
{
	check 'control: nothing is refused before' cat $secret/doc.txt
	check 'systemctl start returns when it is ready' systemctl start holdfast.service
	check 'and then it enforces' is_ready
	enforced 'started'
	check 'it is one service' [ "$(property Type)/$(property NRestarts)" = notify/0 ]
	check 'its processes are in its group' [ "$(wc -l </sys/fs/cgroup/system.slice/holdfast.service/cgroup.procs)" = 3 ]
}

reloaded()
{
	policy_write 2
	check 'systemctl reload' systemctl reload holdfast.service
	check 'the new policy is in force' wait_for 60 version_is 2
	enforced 'reloaded'
}

crashed()
{
	local before

	before=$(property MainPID)
	kill -9 "$before"
	enforced 'main process killed'
	check 'systemd starts it again' wait_for 240 is_restarted "$before"
	enforced 'started again'
}

# Not alive and not dead: only the watchdog notices.
hung()
{
	local before

	mkdir -p /run/systemd/system/holdfast.service.d
	printf '[Service]\nWatchdogSec=20s\n' >/run/systemd/system/holdfast.service.d/hurry.conf
	systemctl daemon-reload
	systemctl restart holdfast.service
	check 'restarted with a short watchdog' wait_for 240 is_ready
	before=$(property MainPID)
	kill -STOP "$before"
	enforced 'main process hangs'
	check 'the watchdog ends it, systemd starts it again' wait_for 300 is_restarted "$before"
	enforced 'after the watchdog'
}

stopped()
{
	check 'systemctl stop' systemctl stop holdfast.service
	check 'it is inactive, and not failed' [ "$(property ActiveState)/$(property Result)" = inactive/success ]
	enforced 'stopped'
	check 'only --release ends it' holdfastd --release
	# The kernel lets go of programs when it has time.
	check 'then it is over' wait_for 30 cat $secret/doc.txt
}

[ "$(cat /proc/1/comm)" = systemd ] || { not_ok 'process 1 is systemd' "$(cat /proc/1/comm)"; finish; }
ok 'process 1 is systemd'
places_make || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/cat $reader
installed
policy_write 1
started
reloaded
crashed
hung
stopped
journalctl --no-pager -q -u holdfast.service -n 40
finish
