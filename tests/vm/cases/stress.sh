#!/bin/bash
# Owns: the agent under load: stress-ng's file, pipe, socket, memory and process families, unlabelled
# and over labelled files at the same time. Nothing in the kernel log, nothing left behind in the
# kernel part's maps and storage, the agent no larger, and it decides as before.
# vm-needs: ext4 usb
# vm-timeout: 1500
# HF_STRESS_SECONDS: how long each of the four families runs (12); for a case that sources this one.
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

seconds=${HF_STRESS_SECONDS:-12}
reader=/opt/readers/stress-ng
policy=/run/hf/policy.ini
group=/sys/fs/cgroup/hf-agent
kernel_growth_kib=2048 # kernel memory of the agent's: see expect_flat
size_growth_kib=6144

families=(
	'--hdd 1 --hdd-bytes 4m --dir 1 --dir-dirs 256 --rename 1 --link 1 --symlink 1 --fstat 1
		--seek 1 --seek-size 2m --flock 1 --iomix 1 --iomix-bytes 2m --xattr 1 --filename 1'
	'--pipe 1 --fifo 1 --splice 1 --tee 1 --vm-splice 1 --sendfile 1 --mq 1 --msg 1 --sigq 1'
	'--sockpair 1 --sockfd 1'
	'--fork 1 --vfork 1 --clone 1 --exec 1 --spawn 1 --daemon 1 --mmap 1 --mmap-bytes 8m
		--shm 1 --shm-bytes 1m --shm-sysv 1 --shm-sysv-bytes 1m --memfd 1 --memfd-bytes 8m
		--msync 1 --msync-bytes 2m --mremap 1 --mremap-bytes 4m --vm 1 --vm-bytes 16m'
)
unlabelled_only=('' '' '--udp 1 --sock 1' '--vm-rw 1 --vm-rw-bytes 1m')

make_policy()
{
	policy_of_cases | sed 's/^open-with = road, readers/&, stress/' >$policy
	printf '\n[app stress]\npath = %s\n' $reader >>$policy
}

# In a group of its own, so that the kernel counts what is allocated for its maps.
agent_start_grouped()
{
	local mine r

	mine=/sys/fs/cgroup$(cut -d : -f 3 </proc/self/cgroup)
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p $group
	echo $$ >$group/cgroup.procs
	agent_start $policy
	r=$?
	echo $$ >$mine/cgroup.procs
	return $r
}

# Kernel memory charged to the agent: maps, and the storage of inodes, tasks and sockets.
kernel_kib()
{
	awk '$1 == "slab" || $1 == "percpu" || $1 == "vmalloc" { sum += $2 }
		$1 == "kernel" { whole = $2 } END { print int((whole ? whole : sum) / 1024) }' \
		$group/memory.stat
}

# Resident, of all its processes.
size_kib()
{
	local pid sum=0 size

	while read -r pid; do
		size=$(awk '$1 == "VmRSS:" { print $2 }' /proc/$pid/status)
		sum=$((sum + ${size:-0}))
	done <$group/cgroup.procs
	echo $sum
}

# One line of numbers once all has settled.
settle()
{
	sleep 5 # marks of deleted files are on their way to the database
	forget
	sleep 5
	forget
	kernel_now=$(kernel_kib) size_now=$(size_kib)
	echo "$1: kernel memory $kernel_now KiB, resident $size_now KiB, $(holdfast status |
		grep -iE 'lost|refused' | tr -s ' \n' ' ')"
}

# stress NAME PROGRAM DIRECTORY OPTIONS: what it prints is not read, as it may be labelled.
stress()
{
	mkdir -p $3
	"$2" --quiet --temp-path $3 --timeout $seconds $4 >/dev/null 2>&1 </dev/null
	echo $? >/run/hf/stress-$1
}

stress_all()
{
	local index one

	for index in "${!families[@]}"; do
		stress plain /usr/bin/stress-ng $work/stress \
			"${families[index]} ${unlabelled_only[index]}" &
		one=$!
		stress labelled $reader $secret/stress "${families[index]}" &
		wait $one $!
		check "family $index: nothing failed" grep -qx 0 /run/hf/stress-plain
		check "family $index, over labelled files: nothing failed" \
			grep -qx 0 /run/hf/stress-labelled
	done
}

# Marks and storage come and go with files and processes; what stays for good is the page of a slab
# here and there, hence a margin. Resident: the database's cache and the events kept for `why` are
# bounded, but may not have been full before.
expect_flat()
{
	local kernel=$((kernel_now - kernel_before)) size=$((size_now - size_before))

	if [ $kernel -le $kernel_growth_kib ]; then
		ok 'nothing of it stays in the kernel'
	else
		not_ok 'nothing of it stays in the kernel' "$kernel KiB more than before"
	fi
	if [ $size -le $size_growth_kib ]; then
		ok 'the agent is no larger than before'
	else
		not_ok 'the agent is no larger than before' "$size KiB more"
	fi
}

expect_quiet_kernel()
{
	local said

	said=$(dmesg | grep -E 'WARNING:|BUG:|INFO: (task|rcu)|Oops|lockup|deadlock|circular|detected stall' |
		head -n 3 | tr '\n' ';')
	if [ -z "$said" ]; then
		ok 'the kernel has nothing to say'
	else
		not_ok 'the kernel has nothing to say' "$said"
	fi
}

decides_right()
{
	expect_allowed "$1: an allowed program reads" $allowed open $secret/doc.txt -
	expect_refused "$1: another one does not" $plain open $secret/doc.txt -
	expect_refused "$1: a labelled reader does not write to the stick" \
		$allowed write $secret/doc.txt $usb/out
	expect_allowed "$1: who is not writes to it" $plain write $open/doc.txt $usb/out
	rm -f $usb/out
}

ip link set lo up
places_make || { echo "the places could not be made"; exit 1; }
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/stress-ng $reader
make_policy
sysctl -qw kernel.panic_on_oops=1 kernel.panic_on_warn=1 kernel.hung_task_timeout_secs=60
agent_start_grouped || { echo "the agent does not start"; exit 1; }
decides_right before
all=$seconds seconds=4
stress_all
seconds=$all
settle before
kernel_before=$kernel_now size_before=$size_now
stress_all
settle after
expect_flat
expect_quiet_kernel
check 'the agent is the same as before' kill -0 $agent_pid
decides_right after
agent_stop
finish
