#!/bin/sh
# Owns: what the console is compared with, unpacked from Debian's packages into $1 and not installed:
# rsyslog and syslog-ng exclude each other, and either would take over this machine's log.
# Their libraries are installed by tools/deps.sh bench.
#
# usage: peers.sh DIRECTORY
set -eu

directory=$1
[ -e "$directory/done" ] && exit 0
rm -rf "$directory"
mkdir -p "$directory/packages"
cd "$directory/packages"
# As root apt would give the download to its own user, who may not write here.
apt-get -q -o APT::Sandbox::User=root download rsyslog rsyslog-openssl rsyslog-relp syslog-ng-core
for package in *.deb; do
	dpkg-deb -x "$package" ../root
done
touch ../done
