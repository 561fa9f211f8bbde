#!/bin/bash
# Owns: the service under the real service manager: what is installed, users and directories, start
# and readiness, reload, crash and watchdog, stop; and all of it again with an agent that guards
# itself, beside what a root shell still can't do. Enforcement has no gap in any of it.
# vm-needs: ext4 systemd
# vm-timeout: 900
# shellcheck disable=SC2317 # functions are run by check and wait_for
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/service.sh

policy=/etc/holdfast/policy.ini
group=/sys/fs/cgroup/system.slice/holdfast.service

policy_write()
{
	policy_of_reader 'Under systemd' "$1" $reader >$policy
}

is_ready()
{
	[ "$(property ActiveState)/$(property SubState)" = active/running ] && enforcing
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

guards_itself()
{
	holdfast doctor | grep -A1 'Self-protection' | grep -q block
}

# told_of_manager WORDS: an event says that process 1 did so.
told_of_manager()
{
	holdfast events --json | grep 'process 1)' | grep -q "$1"
}

# In each of its lives.
guarded()
{
	local main

	main=$(property MainPID)
	enforced "$1"
	expect_refused "$1: SIGKILL to the supervisor" /bin/kill -KILL "$main"
	expect_refused "$1: SIGSTOP to the sensor" /bin/kill -STOP "$(pgrep -x -n holdfast-sensor)"
	expect_refused "$1: its control group" bash -c "echo 0 >$group/cgroup.procs"
	expect_refused "$1: its executable" rm -f /usr/libexec/holdfast/holdfast-sensor
}

# What only process 1 and its children may: those who look like one.
impostors()
{
	local said=/run/hf/orphan

	rm -f $said
	bash -c "( (sleep 2; (exec 2>$said; echo 0 >$group/cgroup.procs); ps -o ppid= \$BASHPID >>$said) & )"
	check 'an orphan, whose parent is process 1, tried' wait_for 20 grep -qx ' *1' $said
	check 'and was refused' grep -q 'not permitted' $said
	printf '[Service]\nType=oneshot\nStandardError=file:%s\nExecStart=sh -c "echo 0 >%s"\n' \
		$said.service $group/cgroup.procs >/run/systemd/system/impostor.service
	systemctl daemon-reload
	refute 'a service of ours, a child of process 1' systemctl start impostor.service
	check 'was refused too' grep -qi 'not permitted' $said.service
	expect_refused 'what is traced: process 1' tests/vm/cases/guard.py attach 1
	expect_refused 'memory of process 1' tests/vm/cases/guard.py mem 1
	check 'control: process 1 is looked at' cat /proc/1/environ /proc/1/maps
	refute 'systemctl freeze' systemctl freeze holdfast.service
	check 'and it is not frozen' grep -qx 0 $group/cgroup.freeze
	refute 'systemctl mask' systemctl mask --runtime holdfast.service
	refute 'systemctl kill with a signal that only stops' \
		systemctl kill --kill-who=main --signal=STOP holdfast.service
	systemctl set-property holdfast.service MemoryMax=10M TasksMax=1
	refute 'systemctl set-property takes no memory away' grep -qx 10485760 $group/memory.max
	refute 'nor processes' grep -qx 1 $group/pids.max
	check 'nor leaves a file' bash -c '! ls -d /etc/systemd/system.control/holdfast*'
}

under_guard()
{
	local before

	key_make
	token_make hang remove,stop
	token_make release remove,stop
	gaps_begin
	check 'reload takes the maintenance key' systemctl reload holdfast.service
	check 'from then on it guards itself' wait_for 60 guards_itself
	guarded 'guarding'
	impostors
	policy_write 3
	check 'guarding: systemctl reload' systemctl reload holdfast.service
	check 'guarding: the new policy is in force' wait_for 60 version_is 3
	check 'guarding: systemctl daemon-reload' systemctl daemon-reload
	before=$(property MainPID)
	check 'guarding: systemctl restart' systemctl restart holdfast.service
	check 'guarding: and it is another process' is_restarted "$before"
	guarded 'restarted'
	check 'told: process 1 ended it' wait_for 10 told_of_manager 'send signal 15'
	before=$(property MainPID)
	systemctl kill --kill-who=all --signal=KILL holdfast.service
	check 'killed by way of process 1: it comes back' wait_for 240 is_restarted "$before"
	guarded 'after it was killed'
	check 'told: process 1 killed it' wait_for 10 told_of_manager 'send signal 9'
	check 'a token opens the door' holdfast maintenance begin --token $admin/hang
	before=$(property MainPID)
	check 'it is made to hang' /bin/kill -STOP "$before"
	check 'the door is shut' holdfast maintenance end
	check 'the watchdog ends it behind the shut door, it comes back' wait_for 300 is_restarted "$before"
	guarded 'after the watchdog'
	check 'guarding: systemctl stop' systemctl stop holdfast.service
	check 'guarding: it is inactive' [ "$(property ActiveState)/$(property Result)" = inactive/success ]
	enforced 'guarding, stopped'
	expect_refused 'stopped: enforcement is not ended' holdfastd --release
	expect_refused 'stopped: pins are not removed' rm -rf /sys/fs/bpf/holdfast
	expect_refused 'stopped: its files are not changed' rm -f /var/lib/holdfast/index.db
	check 'guarding: systemctl start' systemctl start holdfast.service
	check 'and it enforces' wait_for 60 is_ready
	guarded 'started after a stop'
	gaps_end
	refute 'no event was lost on the way' grep -q '"lost": *[1-9]' <(holdfast status --json)
	check 'a token for removal opens the door' holdfast maintenance begin --token $admin/release
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

service_places || exit 1
installed
policy_write 1
started
reloaded
crashed
hung
under_guard
stopped
journalctl --no-pager -q -u holdfast.service -n 40
finish
