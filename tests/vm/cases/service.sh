# shellcheck shell=bash
# Owns: the installed service inside a case under the real service manager: its one reader, what it
# is asked, the administrator's maintenance key and tokens, and a watch for any moment at which the
# protected file stood open. Sourced after agent.sh.
# shellcheck disable=SC2034,SC2154 # of the case and places.sh

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin # what was installed
reader=/opt/readers/cat
admin=/root/admin # from the administrator's own machine
gaps=/run/hf/gaps

service_places()
{
	if [ "$(cat /proc/1/comm)" != systemd ]; then
		not_ok 'process 1 is systemd' "$(cat /proc/1/comm)"
		finish
	fi
	ok 'process 1 is systemd'
	places_make || return 1
	mkdir -p /opt/readers
	install -m 755 -o root -g root /usr/bin/cat $reader
}

property()
{
	systemctl show --property "$1" --value holdfast.service
}

enforcing()
{
	holdfast status | grep -q 'enforcing, in the kernel'
}

# The agent trusts it from its next reload on.
key_make()
{
	mkdir -p $admin
	holdfast maintenance keygen --key $admin/key --public $admin/maintenance.pub >/dev/null
	install -m 644 $admin/maintenance.pub /etc/holdfast/maintenance.pub
}

# token_make NAME ACTIONS: as $admin/NAME.
token_make()
{
	holdfast maintenance sign --key $admin/key --actions "$2" >"$admin/$1"
}

# Tries all the time, and remembers when it worked.
gaps_begin()
{
	(
		while [ ! -e $gaps.end ]; do
			cat "$secret/doc.txt" >/dev/null 2>&1 && echo "$EPOCHREALTIME" >>$gaps
			sleep 0.3
		done
	) &
	gaps_watcher=$!
}

gaps_end()
{
	touch $gaps.end
	wait $gaps_watcher
	check 'it was shut at every moment' test ! -e $gaps
}
