#!/bin/bash
# Owns: what a machine is, as the agent finds it out of a real kernel, and what a policy makes of that: what
# does not meet it is shut until it does. The machine is an emulated one with a TPM and UEFI
# firmware, and says so.
# vm-needs: ext4 tpm
# vm-timeout: 2400
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
agent_patience=600
. tests/vm/cases/agent.sh
. tests/vm/cases/console_parts.sh

policy=/run/hf/posture.ini
facts=/run/holdfast/uplink/posture.json
version=0

# policy_write [REQUIREMENT]
policy_write()
{
	version=$((version + 1))
	policy_of_reader Posture $version $allowed >$policy
	printf '[trust]\nlease = 1h\n%s\n' "${1:+require = $1}" >>$policy
}

# requires [REQUIREMENT]: from now on.
requires()
{
	policy_write "$@"
	agent_reload
}

opens()
{
	as_user alice $allowed open $secret/doc.txt -
}

is_shut()
{
	! opens
}

# is FACT VALUE
is()
{
	grep -q "\"$1\":\"$2\"" $facts
}

says()
{
	holdfast status | grep -qF "$1"
}

places_make || { echo 'the places could not be made'; exit 1; }
check 'a console is made and served' console_make
mkdir -p /etc/holdfast
rm -f /etc/holdfast/console.ini
policy_write
agent_start $policy || { echo 'the agent does not start'; exit 1; }
console_token /run/hf/token
check 'the device enrols' holdfast enrol --console $url --ca $work_dir/state/devices.pem --token-file /run/hf/token
check 'it waits for approval' wait_for 120 standing pending
check 'it is approved' console device approve "$(device)"
check 'it is trusted, and opens' wait_for 120 opens
refute 'control: another program may not' as_user alice $plain open $secret/doc.txt -

check 'the machine is looked at' wait_for 120 test -s $facts
cat $facts
check 'a hypervisor says that it is there' is virtual certain
check 'and that it emulates the processor' is emulated certain
check 'which it names itself' is virtual_by 'cpuid:TCGTCGTCGTCG[^"]*'
check 'what else points to it is told' sh -c "grep -q '\"virtual_by\":\"[^\"]*\\(acpi:BOCHS\\|dmi:QEMU\\|pci:0x1\\)' $facts"
check 'secure boot is not on' sh -c "grep -qE '\"secure_boot\":\"(off|none)\"' $facts"
check 'the kernel is not locked down' is lockdown none
check 'there is a TPM' is tpm yes
check 'its registers are what the firmware says that it measured' is measured yes
check 'there is no swap' is swap none
check 'who decides beside us is counted' sh -c "grep -q '\"lsm_programs\":\"[1-9]' $facts"
case $(cat /proc/sys/kernel/yama/ptrace_scope) in
0) check 'anybody may trace: said' is debug_closed no ;;
*) refute 'not anybody may trace: said' is debug_closed no ;;
esac

check 'a policy that the machine meets' requires 'enforcing, swap-encryption none, measured-boot'
check 'opens' wait_for 30 opens
check 'a policy that it does not' requires 'enforcing, lockdown'
check 'shuts' wait_for 30 is_shut
check 'what is not labelled opens' as_user alice $plain open $open/doc.txt -
check 'status says what it is' wait_for 10 says "lockdown: lockdown is 'none'"
check 'and what to do' says 'Start the kernel with lockdown=integrity'
check 'doctor, too' sh -c 'holdfast doctor | grep -q "lockdown is .none."'
check 'and what the machine is' sh -c 'holdfast doctor | grep -q "virtual  *certain"'
check 'it is an event' wait_for 10 grep -q '"status_code":"unfit"' /var/log/holdfast/events.jsonl
echo integrity >/sys/kernel/security/lockdown
check 'the kernel is locked down: opens again' wait_for 150 opens
check 'and it is said' is lockdown integrity
check 'more of it is wanted' requires 'lockdown confidentiality'
check 'shut' wait_for 30 is_shut
check 'a virtual machine is not wanted' requires 'not-virtual'
check 'shut, too' wait_for 30 is_shut
check 'which is said' wait_for 10 says "not-virtual: virtual is 'certain'"
check 'and one that does not say so' requires
check 'opens in this one' wait_for 30 opens
check 'an encrypted disk is wanted, and it has none that is known' requires 'disk-encryption'
check 'not known is not met' wait_for 30 is_shut
check 'none of it is wanted any more' requires
check 'it opens' wait_for 30 opens

console_stop
rm -f /etc/holdfast/console.ini
agent_stop
finish
