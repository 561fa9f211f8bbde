#!/bin/bash
# Owns: the Debian packages under the real service manager: installed, upgraded with a maintenance
# token and not without, never to an older version, removed likewise, purged. Protected files are shut
# at every moment between.
# vm-needs: ext4 systemd
# vm-timeout: 1200
# shellcheck disable=SC2317 # functions are run by check and wait_for
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/service.sh

token=/etc/holdfast/maintenance.token
first=(build/tests/packages/{holdfast-agent,libpam-holdfast}_0.1.0_*.deb)
next=(build/tests/packages/{holdfast-agent,libpam-holdfast}_0.1.1_*.deb)

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
	dpkg-query --admindir=/run/hf/dpkg -W -f '${Version} ${db:Status-Status}' holdfast-agent
}

version_is()
{
	[ "$(version)" = "$1" ]
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
	check 'the package is installed' dpkg_own -i "${first[@]}"
	check 'and what it starts runs' enforcing
	check 'it is enabled' systemctl is-enabled --quiet holdfast.service
	check 'its users are there' getent passwd holdfast holdfast-sensor
	check 'manual page' test -s /usr/share/man/man8/holdfast.8.gz
	check 'completion' test -s /usr/share/bash-completion/completions/holdfast
	check 'its policy protects nothing yet' cat $secret/doc.txt
	policy_of_reader Packaged 1 $reader >/etc/holdfast/policy.ini
	check 'a policy is given' holdfast policy reload
	check 'and is in force' wait_for 30 is_shut
}

# mdm_leaves MODE TEXT: as device management does it, whole or not at all.
mdm_leaves()
{
	printf '%b' "$2" >/etc/holdfast/enroll.ini.new
	chmod "$1" /etc/holdfast/enroll.ini.new
	mv /etc/holdfast/enroll.ini.new /etc/holdfast/enroll.ini
}

enrol_says()
{
	journalctl -q --no-pager -u holdfast-enrol.service | grep -q "$1"
}

doctor_says()
{
	holdfast doctor | grep -A 3 enrol-file | grep -q "$1"
}

# What no console is needed for; enrolling by a file that does is console.sh's.
silently()
{
	refute 'without a file nothing tries to enrol' enrol_says 'holdfast: '
	mdm_leaves 644 '[enrol]\nconsole = https://127.0.0.1:1\nca-file = /nothing\ntoken = t-secret\n'
	check 'a file that others may read is told of' wait_for 90 enrol_says 'chmod 600'
	mdm_leaves 600 '[enrol]\nconsol = https://127.0.0.1:1\ntoken = t-secret\n'
	check 'its change is noticed, the line is told' wait_for 90 enrol_says 'enroll.ini:2: no such key'
	check 'doctor says so' wait_for 60 doctor_says 'enroll.ini:2'
	check 'an event does' grep -q enrol-file <(holdfast events --json)
	refute 'none of them says the token' grep -q t-secret <(journalctl -q --no-pager; holdfast events --json)
	check 'the file is not lost' test -s /etc/holdfast/enroll.ini
	rm /etc/holdfast/enroll.ini
}

is_shut()
{
	! cat "$secret/doc.txt"
}

guarding()
{
	key_make
	token_make stop stop
	token_make upgrade upgrade,stop
	token_make remove remove,stop
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
	local name=$1 words=$2 main inode before

	shift 2
	before=$(version)
	main=$(property MainPID) inode=$(inode_of)
	refute "$name: dpkg fails" dpkg_own "$@"
	check "$name: and says why" grep -q "$words" /run/hf/dpkg.log
	check "$name: the package is as it was" [ "$(version)" = "$before" ]
	check "$name: the agent goes on" [ "$(property MainPID)" = "$main" ]
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

	main=$(property MainPID)
	before=$(attempts) since=$(now_ms)
	cp $admin/upgrade $token
	check 'with a token it is upgraded' dpkg_own -i "${next[@]}"
	check 'to the next version' version_is '0.1.1 installed'
	check 'another agent runs' [ "$(property MainPID)" != "$main" ]
	check 'and enforces' enforcing
	check 'it took the pins over' grep -q 'kernel part adopted' <(journalctl -q -u holdfast.service)
	check 'the policy of the administrator is kept' grep -q Packaged /etc/holdfast/policy.ini
	check 'the door is shut' door_is_shut
	check "it was not taken for an attack: $(attempts_told "$since")" [ "$(attempts)" = "$before" ]
	expect_refused 'guarded again: SIGKILL' /bin/kill -KILL "$(property MainPID)"
	expect_refused 'guarded again: the new executable' rm -f /usr/libexec/holdfast/holdfast-sensor
}

removed()
{
	cp $admin/remove $token
	check 'with a token it is removed' dpkg_own -r libpam-holdfast holdfast-agent
	check 'nothing is refused any more' wait_for 30 cat $secret/doc.txt
	check 'no process is left' bash -c '! pgrep -x holdfastd'
	check 'no executable is left' test ! -e /usr/sbin/holdfastd -a ! -e /usr/libexec/holdfast
	check 'the labels are kept' test -s /var/lib/holdfast/index.db
	check 'the policy is kept' test -s /etc/holdfast/policy.ini
	check 'it is purged' dpkg_own -P libpam-holdfast holdfast-agent
	check 'and says what stays' grep -q 'setfattr --remove' /run/hf/dpkg.log
	check 'no state is left' bash -c '! ls -d /var/lib/holdfast* /var/log/holdfast /etc/holdfast'
}

service_places || exit 1
dpkg_prepare
installed
silently
guarding
gaps_begin
refused 'upgrade without a token' 'there is no token' -i "${next[@]}"
cp $admin/stop $token
refused 'upgrade with one for something else' 'was for something else' -i "${next[@]}"
rm $token
refused 'removal without a token' 'there is no token' -r libpam-holdfast holdfast-agent
upgraded
# With the token, by which upgrading has just worked.
refused 'downgrade' 'is older than' -i "${first[@]}"
rm $token
gaps_end
removed
tail -n 20 /run/hf/dpkg.log
journalctl --no-pager -q -u holdfast.service -n 30
finish
