#!/bin/bash
# Owns: what root can steal of a label's key with the tools of a Debian system, while the agent enforces and after: the
# machine's side of tests/vm/thefts, which has the console, knows the keys and reads disks and memory from outside. By
# hf.guard the agent guards itself, or only records what is done to it, as it does without a maintenance key.
# vm-needs: ext4 ext4b xfs
# vm-timeout: 3000
# The places have no blanks in their names; functions are called by check.
# shellcheck disable=SC2086,SC2317,SC2119
agent_patience=900
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/outside.sh
. tests/vm/cases/console_parts.sh

readers=/opt/readers
books=$data/books
policy=/etc/holdfast/policy.ini # beside the maintenance key
admin=/root/admin
thief="/usr/bin/python3 tests/vm/cases/thefts.py"
inside=HF-THEFT-inside-the-vault
beside=HF-THEFT-beside-the-vault

# The kernel counts from now on what could be pushed out to swap.
memory_is_counted()
{
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	case_group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
	test -e $case_group/memory.reclaim
}

# generation_is N: of the label's key that is here.
generation_is()
{
	holdfast status --json | grep -q "\"keys\":{.*\"generation\":$1,"
}

memory_is_locked()
{
	test "$(key_memory)" = locked
}

keyring_pid()
{
	pgrep -x -n holdfast-keyrin # what of the name has room
}

is_locked()
{
	holdfast vault status books | grep -q '^books  locked '
}

reads()
{
	as_user alice $readers/busybox cat $1 >/dev/null
}

# steal WORD...: what the thief finds counts here.
steal()
{
	# It prints results of its own.
	$thief "$HF_RUN/needles" "$@" || hf_failures=$((hf_failures + 1))
}

vault_is_made()
{
	holdfast vault add books && as_user alice $readers/busybox sh -c "echo $inside >$books/doc.txt" && reads $books/doc.txt
}

# Keys go and come, files are read and refused, and all of it is recorded and delivered.
load()
{
	for _ in 1 2 3; do
		holdfast vault lock books
		holdfast vault unlock books || return 1
		reads $books/doc.txt || return 1
		as_user alice cat $books/doc.txt $secret/doc.txt 2>/dev/null && return 1
	done
	return 0
}

# vm_swap PID: in kB.
vm_swap()
{
	awk '/^VmSwap:/ { print $2 }' /proc/$1/status
}

canary_is_swapped()
{
	test "$(vm_swap $holder)" -gt 1024
}

swap_out()
{
	mkswap "$(disk_dev ext4b)" && swapon "$(disk_dev ext4b)" || return 1
	echo 200 >/proc/sys/vm/swappiness
	echo 1G >$case_group/memory.reclaim # as much as there is
	canary_is_swapped || stress-ng --quiet --vm 1 --vm-bytes 80% --timeout 30
	canary_is_swapped
}

# memory_dump: the hypervisor's, with the machine stopped meanwhile.
memory_dump()
{
	sync
	hf_ask memory-dump
	sleep 5
}

suspended()
{
	outside_word >/dev/null # the host suspends it
	check 'suspended: the key goes' wait_for 120 no_key_is_here
	check 'suspended: the vault is locked' wait_for 60 is_locked
	refute 'suspended: and is not read' reads $books/doc.txt
	memory_dump
	outside_word >/dev/null # a next key is made, the first one destroyed, the device approved
	check 'approved again: the next key is here' wait_for 180 generation_is 2
	refute 'the vault of the key that was destroyed stays shut' holdfast vault unlock books
}

# left_core PID: whether its end leaves a core where cores are left.
left_core()
{
	kill -SEGV $1
	wait_for 20 test -s $cores/core.$1
}

crashes()
{
	local pid

	cores=/run/hf/cores
	mkdir -p $cores
	chmod 777 $cores
	echo "$cores/core.%p" >/proc/sys/kernel/core_pattern
	pid=$(keyring_pid)
	prlimit --pid $pid --core=unlimited:unlimited
	refute 'crash: keyring leaves no core, with any limit' left_core $pid
	prlimit --core=unlimited:unlimited sleep 600 &
	wait_for 20 grep -qx sleep /proc/$!/comm
	check 'crash: control: another process does' left_core $!
	check 'crash: keyring is back' wait_for 120 keyring_pid
	check 'crash: and with it the key' wait_for 120 key_is_here
}

guarded()
{
	mkdir -p $admin
	holdfast maintenance keygen --key $admin/key --public /etc/holdfast/maintenance.pub >/dev/null
	chmod 644 /etc/holdfast/maintenance.pub
	agent_reload
	check 'guard: it guards itself' wait_for 60 sh -c "holdfast doctor | grep -A1 'Self-protection' | grep -q block"
	steal guarded
	holdfast maintenance sign --key $admin/key --actions remove,stop >$admin/token
	check 'guard: a token opens the door' holdfast maintenance begin --token $admin/token
	agent_leave
	check 'guard: and then it can be ended' wait_for 30 cat $secret/doc.txt
}

# The image of a machine that is set up to hibernate: what auto does then is said by name, as the
# machine is set up only now.
hibernates()
{
	local device

	if [ "$place" != locked ]; then
		echo 'key-memory = locked' >>/etc/holdfast/console.ini
		kill -9 "$(keyring_pid)"
	fi
	check 'hibernation: keys lie in locked memory' wait_for 180 memory_is_locked
	check 'hibernation: the key is here' wait_for 180 key_is_here
	device=$(disk_dev xfs)
	mkswap $device >/dev/null && swapon -p 10 $device
	cat /sys/class/block/${device#/dev/}/dev >/sys/power/resume
	echo shutdown >/sys/power/disk
	echo 0 >/sys/power/image_size
	echo 0 >/proc/sys/kernel/soft_watchdog # an emulated processor takes its time over an image
	sync
	hf_ask machine-ends
	echo disk >/sys/power/state
	not_ok 'hibernation: the machine hibernates' "$(dmesg | tail -n 3 | tr '\n' ' ')"
}

memory_is_counted || { echo 'what goes to swap could not be counted'; exit 1; }
places_make || { echo 'the places could not be made'; exit 1; }
agent_on_disk $data/host || { echo "the agent's directories could not be put on the disk"; exit 1; }
outside_join || { echo 'there is no way to the console'; exit 1; }
mkdir -p $books $readers
chown alice $books
install -m 755 -o root -g root /usr/bin/busybox $readers
echo $beside >$open/plain.txt
outside_policy $readers/busybox $books >$policy
agent_install
install -m 755 -o root -g root build/holdfastd build/holdfast /usr/sbin
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin # what was installed, which it guards
agent_start $policy || { echo 'the agent does not start'; exit 1; }
check 'the device enrols' outside_enrol file
check 'it is trusted' wait_for 120 trust trusted
check 'the key of the label is here' wait_for 120 key_is_here
place=$(key_memory)
echo "# keys lie in memory: $place"
check 'a vault is made with it' vault_is_made
refute 'which nobody else reads' as_user alice cat $books/doc.txt
check 'under load' load
$thief "$HF_RUN/needles" hold $open/canary &
holder=$!
wait_for 300 test -s $open/canary.held
if [ "$(outside_is guard)" = yes ]; then
	guarded
	finish
fi
steal recorded "$place" $holder
check 'swap: what can be pushed out is' swap_out
check 'swap: of keyring nothing' test "$(vm_swap "$(keyring_pid)")" -eq 0
[ "$place" != memfd_secret ] || refute 'hibernation: not while keys are in secret memory' sh -c 'echo disk >/sys/power/state'
memory_dump
steal debugged "$place" $holder
suspended
crashes
[ $hf_failures -eq 0 ] || tail -n 20 $agent_log
hibernates
finish
