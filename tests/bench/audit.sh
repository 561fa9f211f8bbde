#!/bin/bash
# Owns: instructions per operation while auditd watches the directory. Wants --icount and audit=1
# on the kernel command line: a process born while auditing is off is never audited.
# vm-needs: ext4
# vm-timeout: 300
. tests/vm/guest/lib.sh
. tests/bench/lib.sh

place_make || exit 1
audit_start || finish
measure auditd
show auditd
auditctl -s
check 'auditd has written' grep -q 'key="bench"' /var/log/audit/audit.log
finish
