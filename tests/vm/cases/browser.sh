#!/bin/bash
# Owns: the files that bind browsers to the organisation's domains, under a real agent: written, guarded
# against root, put right where root may, put back when the policy says nothing of them any more.
# vm-needs: ext4
# vm-timeout: 900
# Functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119,SC2016
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

policy=/run/hf/browser.ini
chromium=/etc/chromium/policies/managed
firefox=/etc/firefox/policies/policies.json

# policy_write VERSION SELF [LINE...]
policy_write()
{
	policy_of_reader Browser "$1" "$allowed" | sed 's/^title = Acme$/&\naccount = alice/' >$policy
	printf '[login]\ndevice-of = acme\n[protection]\nself = %s\n' "$2" >>$policy
	shift 2
	printf '%s\n' "$@" >>$policy
}

binds()
{
	grep -q 'AllowedDomainsForApps": *"acme.example"' "$1"
}

is_everywhere()
{
	binds "$chromium/holdfast.json" && binds /etc/opt/chrome/policies/managed/holdfast.json && binds "$firefox"
}

# counted NAME: how often the engine told of that trouble.
counted()
{
	holdfast doctor --json | sed -n 's/.*"kind":"failure","name":"'"$1"'","count":\([0-9]*\).*/\1/p'
}

has_counted()
{
	[ "$(counted "$1")" -ge "$2" ]
}

# refused NAME ACT CONTROL: shell words; the act is refused, the control works.
refused()
{
	expect_refused "refused: $1" bash -c "$2"
	expect_allowed "control: $1" bash -c "$3"
}

places_make
# On one file system: the numbers of overlayfs are not of one file alone.
for place in chromium opt firefox; do
	mkdir -p $data/etc/$place /etc/$place
	mount --bind $data/etc/$place /etc/$place
done
mkdir -p "$(dirname $firefox)"
echo '{"policies": {"DisableTelemetry": true}}' >$firefox
cp $firefox /run/hf/before.json

policy_write 1 audit '[browser]' 'sign-in-domain = acme.example'
agent_start $policy || exit 1
check 'the files of all three are there' wait_for 60 is_everywhere
check 'what an administrator had said is left' grep -q DisableTelemetry $firefox
check 'status says so' wait_for 20 sh -c 'holdfast status | grep -q "firefox.*signs in to acme.example"'
check 'everybody can read them' as_user alice cat $chromium/holdfast.json $firefox

# Guarded as the rest of the agent is: audit lets it happen, and records it.
check 'root changes one, as self = audit lets it' sh -c "echo '{}' >$chromium/holdfast.json"
check 'it is put right' wait_for 20 binds $chromium/holdfast.json
check 'and told' wait_for 20 has_counted browser-drift 1
check 'doctor says what to do' sh -c 'holdfast doctor | grep -q "browser-drift .* 1"'
check 'it is an event' wait_for 20 sh -c 'holdfast events --json | grep -q "\"status_code\":\"browser-drift\""'
check 'the guard recorded who did it' sh -c 'holdfast events --json | grep -q "chromium/policies/managed/holdfast.json"'
check 'root removes one' rm $firefox
check 'it is put right as well' wait_for 20 binds $firefox
check 'with what its administrator had said' grep -q DisableTelemetry $firefox
check 'control: another file is nobody'\''s business' sh -c "echo '{\"HomepageLocation\": \"x\"}' >$chromium/other.json"
check 'one that comes later and says something else' \
	sh -c "echo '{\"AllowedDomainsForApps\": \"evil.example\"}' >$chromium/zz.json"
check 'is told' wait_for 20 has_counted browser-overridden 1
check 'and doctor does not say that it is well' sh -c '! holdfast doctor >/dev/null; holdfast doctor | grep -q "chromium.*IS NOT BOUND"'
rm $chromium/zz.json
check 'without it all is well again' wait_for 20 sh -c 'holdfast status | grep -q "chromium.*signs in"'
kill -KILL "$(pgrep -x -n holdfast-browse)"
rm $chromium/holdfast.json
check 'killed, it is back, and so is the file' wait_for 40 binds $chromium/holdfast.json

policy_write 2 block '[browser]' 'sign-in-domain = acme.example'
agent_reload
sleep 2
mkdir -p $data/etc/control
refused 'changing Chromium'\''s file' "echo '{}' >$chromium/holdfast.json" "echo '{}' >$chromium/other.json"
refused 'removing it' "rm -f $chromium/holdfast.json" "rm $chromium/other.json"
refused 'another one of such a name' "touch $chromium/holdfast2.json" "touch $chromium/other.json"
refused 'a file in place of it' "mv $chromium/other.json $chromium/holdfast.json" \
	"mv $chromium/other.json $chromium/third.json"
refused 'changing Firefox'\''s file' "echo '{}' >$firefox" "echo '{}' >$firefox.else"
refused 'removing Firefox'\''s file' "rm -f $firefox" "rm $firefox.else"
refused 'its directory moved away' "mv $(dirname $firefox) /etc/firefox/else" "mv $data/etc/control $data/etc/controlled"
refused 'a mount over the directory' "mount -t tmpfs none $chromium" "mount -t tmpfs none $data/etc/controlled"
refused 'what is kept of them' 'rm -f /var/lib/holdfast-browser/firefox.before' "touch $data/etc/x && rm $data/etc/x"
check 'they still say what they said' is_everywhere
expect_each_recorded

policy_write 3 block
agent_reload
check 'no such section any more: Chromium'\''s is gone' wait_for 60 sh -c "! test -e $chromium/holdfast.json"
check 'Firefox'\''s is as it was before, byte by byte' wait_for 60 cmp $firefox /run/hf/before.json
check 'and its administrator'\''s again' wait_for 20 sh -c "echo '{}' >$firefox"
finish
