#!/bin/bash
# Owns: the Debian package under the real service manager: installed, upgraded with a maintenance
# token and not without, removed likewise, purged. Protected files are shut at every moment between.
# vm-needs: ext4 systemd
# vm-timeout: 600
# shellcheck disable=SC2317 # functions are run by check and wait_for
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin # what was installed

reader=/opt/readers/cat
admin=/root/admin # from the administrator's own machine
key=/etc/holdfast/maintenance.pub
token=/etc/holdfast/maintenance.token
first=build/tests/holdfast-first.deb
next=build/tests/holdfast-next.deb
gaps=/run/hf/gaps

# A database of its own: reading the machine's takes minutes under emulation.
dpkg_own()
{
	DEBIAN_FRONTEND=noninteractive dpkg --admindir=/run/hf/dpkg --force-depends "$@" >/run/hf/dpkg.log 2>&1
}

dpkg_prepare()
{
	mkdir -p /run/hf/dpkg/{info,updates,triggers}
	touch /run/hf/dpkg/{status,available}
	rm -f /usr/sbin/policy-rc.d
}

version()
{
	dpkg-query --admindir=/run/hf/dpkg -W -f '${Version} ${db:Status-Status}' holdfast
}

version_is()
{
	[ "$(version)" = "$1" ]
}

enforcing()
{
	holdfast status | grep -q 'enforcing, in the kernel'
}

# Tries all the time, and remembers when it worked.
watch_begin()
{
	(
		while [ ! -e $gaps.end ]; do
			cat $secret/doc.txt >/dev/null 2>&1 && echo "$EPOCHREALTIME" >>$gaps
			sleep 0.2
		done
	) &
	watcher=$!
}

watch_end()
{
	touch $gaps.end
	wait $watcher
	check 'it was shut at every moment' test ! -e $gaps
}

main_pid()
{
	systemctl show --property MainPID --value holdfast.service
}

attempts()
{
	holdfast doctor --json | sed -n 's/.*"attempts": *\([0-9]*\).*/\1/p'
}

# attempts_told SINCE-MS: what the events say of others than the one that tries all the time.
attempts_told()
{
	holdfast events --json | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    if event["time"] >= int(sys.argv[1]) and "/secret/" not in event["message"]:
        print(event["message"], end="; ")' "$1"
}

inode_of()
{
	stat -c %i /usr/libexec/holdfast/holdfast-sensor
}

installed()
{
	check 'control: nothing is refused before' cat $secret/doc.txt
	check 'the package is installed' dpkg_own -i $first
	check 'and what it starts runs' enforcing
	check 'it is enabled' systemctl is-enabled --quiet holdfast.service
	check 'its users are there' getent passwd holdfast holdfast-sensor
	check 'manual page' test -s /usr/share/man/man8/holdfast.8.gz
	check 'completion' test -s /usr/share/bash-completion/completions/holdfast
	check 'its policy protects nothing yet' cat $secret/doc.txt
	cat >/etc/holdfast/policy.ini <<-INI
	[policy]
	name = Packaged
	version = 1
	[tenant acme]
	title = Acme
	[label confidential]
	tenant = acme
	path = $secret
	open-with = reader
	[app reader]
	path = $reader
	INI
	check 'a policy is given' holdfast policy reload
	check 'and is in force' wait_for 30 is_shut
}

is_shut()
{
	! cat "$secret/doc.txt"
}

guarding()
{
	mkdir -p $admin
	holdfast maintenance keygen --key $admin/key --public $admin/maintenance.pub >/dev/null
	holdfast maintenance sign --key $admin/key --actions stop >$admin/stop
	holdfast maintenance sign --key $admin/key --actions upgrade,stop >$admin/upgrade
	holdfast maintenance sign --key $admin/key --actions remove,stop >$admin/remove
	install -m 644 $admin/maintenance.pub $key
	check 'it takes the maintenance key' holdfast policy reload
	check 'and guards itself' wait_for 30 is_guarded
}

is_guarded()
{
	holdfast maintenance status | grep -q 'agent guards itself'
}

# refused NAME WORDS DPKG-ARGUMENTS...: it says why, and all is as it was.
refused()
{
	local name=$1 words=$2 main inode

	shift 2
	main=$(main_pid) inode=$(inode_of)
	refute "$name: dpkg fails" dpkg_own "$@"
	check "$name: and says why" grep -q "$words" /run/hf/dpkg.log
	check "$name: the package is as it was" version_is '0.1.0 installed'
	check "$name: the agent goes on" [ "$(main_pid)" = "$main" ]
	check "$name: with its files" [ "$(inode_of)" = "$inode" ]
	check "$name: the door is shut" door_is_shut
}

door_is_shut()
{
	holdfast maintenance status | grep -q 'door is shut'
}

upgraded()
{
	local before since main

	main=$(main_pid)
	before=$(attempts) since=$(now_ms)
	cp $admin/upgrade $token
	check 'with a token it is upgraded' dpkg_own -i $next
	check 'to the next version' version_is '0.1.1 installed'
	check 'another agent runs' [ "$(main_pid)" != "$main" ]
	check 'and enforces' enforcing
	check 'it took the pins over' grep -q 'kernel part adopted' <(journalctl -q -u holdfast.service)
	check 'the policy of the administrator is kept' grep -q Packaged /etc/holdfast/policy.ini
	check 'the door is shut' door_is_shut
	check "it was not taken for an attack: $(attempts_told "$since")" [ "$(attempts)" = "$before" ]
	expect_refused 'guarded again: SIGKILL' /bin/kill -KILL "$(main_pid)"
	expect_refused 'guarded again: the new executable' rm -f /usr/libexec/holdfast/holdfast-sensor
}

removed()
{
	cp $admin/remove $token
	check 'with a token it is removed' dpkg_own -r holdfast
	check 'nothing is refused any more' wait_for 30 cat $secret/doc.txt
	check 'no process is left' bash -c '! pgrep -x holdfastd'
	check 'no executable is left' test ! -e /usr/sbin/holdfastd -a ! -e /usr/libexec/holdfast
	check 'the labels are kept' test -s /var/lib/holdfast/index.db
	check 'the policy is kept' test -s /etc/holdfast/policy.ini
	check 'it is purged' dpkg_own -P holdfast
	check 'no state is left' bash -c '! ls -d /var/lib/holdfast* /var/log/holdfast /etc/holdfast'
}

[ "$(cat /proc/1/comm)" = systemd ] || { not_ok 'process 1 is systemd' "$(cat /proc/1/comm)"; finish; }
places_make || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/cat $reader
dpkg_prepare
installed
guarding
watch_begin
refused 'upgrade without a token' 'there is no token' -i $next
cp $admin/stop $token
refused 'upgrade with one for something else' 'was for something else' -i $next
rm $token
refused 'removal without a token' 'there is no token' -r holdfast
upgraded
rm $token
watch_end
removed
tail -n 20 /run/hf/dpkg.log
journalctl --no-pager -q -u holdfast.service -n 30
finish
