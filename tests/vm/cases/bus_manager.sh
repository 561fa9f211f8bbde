#!/bin/bash
# Owns: that a service manager, a user's own and the system's, is no way out: a labelled reader can
# not have it start a program, or keep words, by its own socket or over the message bus, under its
# name or its connection's; it is no labelled reader by that, and serves everybody else as before.
# vm-needs: ext4 systemd
# vm-timeout: 600
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

readers=/opt/readers
run=/run/user/2001
object=/org/freedesktop/systemd1
interface=org.freedesktop.systemd1.Manager
alice=(setpriv --reuid alice --regid alice --init-groups env HOME=/home/alice "XDG_RUNTIME_DIR=$run"
	"DBUS_SESSION_BUS_ADDRESS=unix:path=$run/bus" LC_ALL=C.UTF-8)

# say BEFORE COMMAND...: a labelled reader's text as the last argument of the command.
say()
{
	"${as[@]}" $readers/busybox sh -c \
		'IFS= read -r text <"$1"; text=$2$text; shift 2; exec "$@" "$text"' \
		sh $secret/doc.txt "$@" >/dev/null 2>&1 </dev/null
}

manager_start()
{
	mkdir -p $run
	chown alice:alice $run
	chmod 700 $run
	systemd-run --quiet --unit=desk --uid=alice -p Delegate=yes -p Type=notify \
		--setenv=XDG_RUNTIME_DIR=$run --setenv=HOME=/home/alice \
		/lib/systemd/systemd --user || return 1
	wait_for 120 test -S $run/systemd/private -a -S $run/bus &&
		wait_for 60 "${alice[@]}" busctl --user --no-pager status org.freedesktop.systemd1
}

serves()
{
	rm -f $work/served
	check "$1: a program is started" "${as[@]}" systemd-run $user --quiet sh -c "echo served >$work/served"
	check "$1: it runs" wait_for 60 grep -q served $work/served
}

# refused NAME BEFORE COMMAND...: and nothing comes of it.
refused()
{
	local name=$1

	shift
	window_open
	say "$@"
	check "$name: it fails" [ $? -ne 0 ]
	window_close "$name"
	sleep 1
	check "$name: and nothing is there" test ! -e $work/leak
	rm -f $work/leak
}

# asked: in both ways, and with words to keep.
asked()
{
	local manager

	serves "$1"
	refused "$1, its own socket" '' systemd-run $user sh -c 'echo "$0" >'$work/leak
	refused "$1, the bus" HF= busctl $user call org.freedesktop.systemd1 $object $interface \
		SetEnvironment as 1
	manager=$("${as[@]}" busctl $user call org.freedesktop.DBus / org.freedesktop.DBus \
		GetNameOwner s org.freedesktop.systemd1 | sed 's/.*"\(.*\)"/\1/')
	refused "$1, its connection" HF= busctl $user call "$manager" $object $interface \
		SetEnvironment as 1
	check "$1: it keeps nothing of that" \
		sh -c '! "$@" | grep -q HF-SECRET' sh "${as[@]}" systemctl $user show-environment
	serves "$1, afterwards"
	check "$1: it keeps what others say" "${as[@]}" busctl $user call "$manager" $object $interface \
		SetEnvironment as 1 HF=control
	check "$1: that is there" \
		sh -c '"$@" | grep -q HF=control' sh "${as[@]}" systemctl $user show-environment
}

places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p $readers
install -m 755 -o root -g root /usr/bin/busybox $readers/busybox
manager_start || { echo 'no manager'; journalctl --no-pager -n 30; exit 1; }
policy_of_cases >/run/hf/policy.ini
agent_start /run/hf/policy.ini || { echo 'the agent does not start'; exit 1; }
as=("${alice[@]}") user=--user
asked "a user's manager"
systemctl start dbus.socket dbus.service
as=() user=
asked "the system's"
check 'no manager is a labelled reader' \
	sh -c '! holdfast taint | grep -qw systemd'
expect_each_recorded
agent_stop
finish
