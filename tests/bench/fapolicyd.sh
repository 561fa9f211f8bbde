#!/bin/bash
# Owns: instructions per operation under fapolicyd, permissive, with a trust file. Wants --icount.
# vm-needs: ext4
# vm-timeout: 300
. tests/vm/guest/lib.sh
. tests/bench/lib.sh

if ! command -v fapolicyd >/dev/null; then
	skip fapolicyd 'the package fapolicyd is not installed: tools/deps.sh bench'
	finish
fi
place_make || exit 1
# The trust data base holds the two programs and what they are; the whole of dpkg's would only
# make it start later.
for file in bench tiny; do
	path=$place/bin/$file
	echo "$path $(stat -c %s "$path") $(sha256sum <"$path" | cut -d ' ' -f 1)"
done >/etc/fapolicyd/fapolicyd.trust
sed -i 's/^trust *=.*/trust = file/; s/^permissive *=.*/permissive = 1/; s/^integrity *=.*/integrity = none/' \
	/etc/fapolicyd/fapolicyd.conf
cat >/etc/fapolicyd/compiled.rules <<'END'
allow perm=execute all : trust=1
deny_audit perm=execute all : all
allow perm=open all : all
END
mkdir -p /run/fapolicyd /var/lib/fapolicyd
if ! background 'Starting to listen' fapolicyd --permissive --debug; then
	cat /tmp/background
	finish
fi
measure fapolicyd
show fapolicyd
tail -n 20 /tmp/background
finish
