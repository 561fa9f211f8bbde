#!/bin/bash
# Owns: the agent guards itself against root: each attempt is refused, or where that can't be,
# recorded; beside each the same act on something else works. And the door for those who may.
# vm-needs: ext4 ext4b
# vm-timeout: 1500
# shellcheck disable=SC2317,SC2119,SC2016
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

home=$data/opt
conf=$data/etc # on ext4: the numbers of overlayfs are not of one file alone
policy=$conf/policy.ini
admin=/root/admin # what would be on the administrator's own machine
act=$HF_REPO/tests/vm/cases/guard.py
group=/sys/fs/cgroup/agent
units=/etc/systemd/system

agent_start_again()
{
	(
		echo "$BASHPID" >$group/cgroup.procs
		exec $home/sbin/holdfastd --policy "$policy" --libexec-dir $home/libexec
	) >>$agent_log 2>&1 &
	agent_pid=$!
}

# own_program NAME: the process of the agent that runs it.
own_program()
{
	pgrep -x -n "$1"
}

install_agent()
{
	mkdir -p $home/sbin $home/libexec $conf $admin $units /run/systemd/system $group
	install -m 755 build/holdfastd build/holdfast $home/sbin
	install -m 755 build/holdfast-sensor build/holdfast-engine $home/libexec
	install -m 644 packaging/systemd/holdfast.service $units/holdfast.service
	sed 's,\.\./\.\./\.\./policy,'"$HF_REPO"'/policy,' \
		tests/vm/cases/policy.ini >$policy
	cat >>$policy <<-'END'

		[protection]
		self = block
		modules = block
		kexec = block
		raw-disk = block
		clock = block
		tracing = block
		bpf = audit
	END
	# State on a disk, so that there is one to be written past.
	mkdir -p $data/state /var/lib/holdfast
	mount --bind $data/state /var/lib/holdfast
	PATH=$home/sbin:$PATH
}

# told WORDS SINCE-MS: an event since then says so.
told()
{
	holdfast events --json | /usr/bin/python3 -c '
import json, sys
words, since = sys.argv[1], int(sys.argv[2])
for line in sys.stdin:
    event = json.loads(line)
    if event["time"] >= since - 50 and words in event["message"]:
        sys.exit(0)
sys.exit(1)' "$1" "$2"
}

# refused NAME ACT CONTROL: shell words; the act is refused, the control works.
refused()
{
	expect_refused "refused: $1" bash -c "$2"
	expect_allowed "control: $1" bash -c "$3"
}

# recorded NAME ACT WORDS: can't be refused; within a second an event says so.
recorded()
{
	local since

	since=$(now_ms)
	bash -c "$2" >/dev/null 2>&1 </dev/null
	check "recorded: $1" wait_for 5 told "$3" "$since"
}

# The door is open.
stop_with_token()
{
	if ! /bin/kill -TERM "$agent_pid"; then
		not_ok 'the agent is stopped'
		return
	fi
	wait "$agent_pid"
	ok 'the agent is stopped'
}

other()
{
	sleep 1000 >/dev/null 2>&1 &
	disown
	echo $!
}

attempts_on_processes()
{
	local supervisor=$agent_pid sensor engine it

	sensor=$(own_program holdfast-sensor)
	engine=$(own_program holdfast-engine)
	refused 'SIGTERM to the supervisor' "/bin/kill -TERM $supervisor" "/bin/kill -TERM $(other)"
	refused 'SIGKILL to the sensor' "/bin/kill -KILL $sensor" "/bin/kill -KILL $(other)"
	refused 'SIGKILL to the engine' "/bin/kill -KILL $engine" "/bin/kill -KILL $(other)"
	refused 'SIGSTOP to the sensor' "/bin/kill -STOP $sensor" "/bin/kill -STOP $(other)"
	refused 'tgkill' "$act tgkill $sensor" "$act tgkill $(other)"
	refused 'a signal by pidfd' "$act pidfd $engine" "$act pidfd $(other)"
	refused 'a queued signal' "$act queue $engine" "$act queue $(other)"
	refused 'ptrace attach' "$act attach $sensor" "$act attach $(other)"
	refused 'ptrace seize' "$act seize $engine" "$act seize $(other)"
	refused 'process_vm_writev' "$act memory $sensor" "$act memory $(other)"
	refused '/proc/PID/mem' "$act mem $supervisor" "$act mem $(other)"
	refused 'a descriptor by pidfd_getfd' "$act getfd $sensor" "$act getfd $(other)"
	refused 'renice' "renice -n 19 -p $sensor" "renice -n 19 -p $(other)"
	refused 'processors' "taskset -p 1 $engine" "taskset -p 1 $(other)"
	refused 'scheduling class' "chrt -i -p 0 $sensor" "chrt -i -p 0 $(other)"
	refused 'limits' "$act limit $engine" "$act limit $(other)"
	it=$(other)
	refused 'oom_score_adj' "echo 1000 >/proc/$sensor/oom_score_adj" "echo 900 >/proc/$it/oom_score_adj"
	refused 'coredump_filter' "echo 0 >/proc/$engine/coredump_filter" "echo 0 >/proc/$it/coredump_filter"
	mkdir -p /sys/fs/cgroup/else
	echo "$it" >/sys/fs/cgroup/else/cgroup.procs
	refused 'cgroup.freeze' "echo 1 >$group/cgroup.freeze" 'echo 1 >/sys/fs/cgroup/else/cgroup.freeze'
	refused 'cgroup.kill' "echo 1 >$group/cgroup.kill" 'echo 1 >/sys/fs/cgroup/else/cgroup.kill'
	refused 'limits of its control group' "echo 0 >$group/cgroup.max.descendants" \
		'echo 0 >/sys/fs/cgroup/else/cgroup.max.descendants'
	echo 0 >/sys/fs/cgroup/else/cgroup.freeze
	refused 'a foreign process in its control group' "echo $(other) >$group/cgroup.procs" \
		"echo $(other) >/sys/fs/cgroup/else/cgroup.procs"
	refused 'I/O priority' "ionice -c 3 -p $sensor" "ionice -c 3 -p $(other)"
	refused 'ptrace attach to process 1, which may start and stop it' "$act attach 1" "$act attach $(other)"
	refused 'memory of process 1' "$act mem 1" "$act mem $(other)"
	refused 'a move to another control group' "echo $engine >/sys/fs/cgroup/else/cgroup.procs" \
		"echo $(other) >/sys/fs/cgroup/else/cgroup.procs"
	recorded 'a move by a road that is not read' "$act writev /sys/fs/cgroup/else/cgroup.procs $engine" \
		'to another control group'
	expect_refused 'refused: sysrq' bash -c 'echo h >/proc/sysrq-trigger'
	check 'SIGHUP still reloads' /bin/kill -HUP "$supervisor"
}

attempts_on_files()
{
	local key=/var/lib/holdfast-sensor/mark.key sensor=$home/libexec/holdfast-sensor copy=/mnt/copy

	cp $sensor $copy
	mkdir -p /mnt/empty /mnt/state
	echo x >/mnt/state/index.db
	refused 'unlinking an executable' "rm -f $sensor" "rm -f $copy"
	cp $sensor $copy
	refused 'renaming an executable' "mv $sensor $sensor.old" "mv $copy $copy.old"
	cp $sensor $copy
	refused 'another file renamed over an executable' "mv $copy $sensor" "mv $copy $copy.new"
	refused 'mode of an executable' "chmod 0 $sensor" "chmod 0 $copy.new"
	refused 'owner of an executable' "chown alice $sensor" "chown alice $copy.new"
	refused 'a hard link to an executable' "ln $sensor $home/other" "ln $copy.new $copy"
	refused 'a mount over an executable' "busybox mount -o bind /bin/true $sensor" "busybox mount -o bind /bin/true $copy"
	umount $copy
	refused 'a mount over its directory' "mount -t tmpfs none $home" 'mount -t tmpfs none /mnt/empty'
	umount /mnt/empty
	refused 'writing to the key' "echo x >>$key" 'echo x >>/mnt/state/index.db'
	refused 'cutting the key off' "truncate -s 0 $key" 'truncate -s 0 /mnt/state/index.db'
	refused 'removing the key' "rm -f $key" 'rm -f /mnt/state/index.db'
	refused 'writing to the database' 'echo x >>/var/lib/holdfast/index.db' 'echo x >/mnt/state/index.db'
	refused 'removing the database' 'rm -f /var/lib/holdfast/index.db' 'rm -f /mnt/state/index.db'
	refused 'a new file in the state directory' 'touch /var/lib/holdfast/new' 'touch /mnt/state/new'
	refused 'renaming the log directory' 'mv /var/log/holdfast /var/log/gone' 'mv /mnt/state /mnt/stats'
	refused 'renaming a directory above' 'mv /var/log /var/gone' 'mv /mnt/stats /mnt/state'
	refused 'a mount over the state directory' 'mount -t tmpfs none /var/lib/holdfast' \
		'mount -t tmpfs none /mnt/state'
	umount /mnt/state
	refused 'a mount over a directory above' 'mount -t tmpfs none /var/log' 'mount -t tmpfs none /mnt/state'
	umount /mnt/state
	refused 'the state disk unmounted lazily' 'busybox umount -l /var/lib/holdfast' 'mount -t tmpfs n /mnt/state; umount -l /mnt/state'
	refused 'removing the log' 'rm -f /var/log/holdfast/events.jsonl' 'rm -f /mnt/state/new'
	refused 'cutting the log off' ': >/var/log/holdfast/events.jsonl' ': >/mnt/state/log'
	refused 'mode of a log that nobody has open' 'chmod 0 /var/log/holdfast/events.jsonl.old' \
		'chmod 0 /mnt/state/log'
	refused 'cutting it off' 'truncate -s 0 /var/log/holdfast/events.jsonl.old' \
		'truncate -s 0 /mnt/state/log'
	refused 'a hard link to it' 'ln /var/log/holdfast/events.jsonl.old /var/log/else' \
		'ln /mnt/state/log /mnt/state/else'
	refused 'making the log immutable' "chattr +i /var/lib/holdfast" "chattr +i $data/open && chattr -i $data/open"
	refused 'a mark set by hand' "$act setxattr $open/doc.txt security.bpf.holdfast" \
		"$act setxattr $open/doc.txt trusted.holdfast"
	refused 'a mark taken away by hand' "$act removexattr $secret security.bpf.holdfast" \
		"$act removexattr $open/doc.txt trusted.holdfast"
	refused 'removing the unit' "rm -f $units/holdfast.service" "touch $units/x.service; rm $units/x.service"
	refused 'editing the unit' "echo x >>$units/holdfast.service" "touch $units/x.service"
	refused 'masking the unit' 'ln -s /dev/null /run/systemd/system/holdfast.service' \
		'ln -s /dev/null /run/systemd/system/x.service'
	refused 'a drop-in for the unit' "mkdir $units/holdfast.service.d" "mkdir $units/x.service.d"
	refused 'removing the maintenance key' "rm -f $conf/maintenance.pub" "touch $conf/x; rm $conf/x"
	refused 'another maintenance key' "cp $admin/other.pub $conf/maintenance.pub" \
		"cp $admin/other.pub $conf/x"
	expect_allowed 'a token is put beside it' cp $admin/garbage $conf/maintenance.token
	expect_allowed 'and taken away' rm $conf/maintenance.token
}

attempts_on_the_kernel_part()
{
	local pins=/sys/fs/bpf/holdfast link

	link=$(bpftool -j link show 2>/dev/null | /usr/bin/python3 -c 'import json, sys
print(json.load(sys.stdin)[0]["id"])')
	refused 'maps by number' "$act map-ids" 'bpftool map create /sys/fs/bpf/x type array key 4 value 4 entries 1 name other'
	refused 'a map by its pin' "$act pinned $pins/maps/hf_gates" "$act pinned /sys/fs/bpf/x"
	refused 'programs by number' "$act program-ids" 'true'
	refused 'a map changed' "bpftool map update pinned $pins/maps/hf_gates key 0 0 0 0 value 0 0 0 0" \
		'bpftool map update pinned /sys/fs/bpf/x key 0 0 0 0 value 1 0 0 0'
	check 'a link is not detached' bash -c "! bpftool link detach id $link"
	refused 'removing a pin' "rm -f $pins/maps/hf_gates" 'rm /sys/fs/bpf/x'
	refused 'removing pinned links' "rm -rf $pins/links" 'mkdir /sys/fs/bpf/d; rm -rf /sys/fs/bpf/d'
	refused 'renaming the pins' "mv $pins /sys/fs/bpf/gone" 'mkdir /sys/fs/bpf/d; mv /sys/fs/bpf/d /sys/fs/bpf/e'
	refused 'bpffs unmounted' 'busybox umount /sys/fs/bpf' 'mount -t tmpfs n /mnt/state; umount /mnt/state'
	refused 'bpffs unmounted lazily' 'busybox umount -l /sys/fs/bpf' 'true'
	refused 'bpffs covered' 'mount -t tmpfs none /sys/fs/bpf' 'mount -t tmpfs n /mnt/state; umount /mnt/state'
	refused 'bpffs moved away' 'mkdir -p /mnt/m; mount --move /sys/fs/bpf /mnt/m' 'true'
	refused '/sys taken away' 'busybox umount -l /sys' 'true'
	expect_allowed 'covered in a mount namespace of its own: nobody else sees that' \
		unshare -m mount -t tmpfs none /sys/fs/bpf
	refused 'enforcement ended' "$home/sbin/holdfastd --release --runtime-dir /run/other --libexec-dir $home/libexec" 'true'
	refused 'the sensor with foreign code in it' \
		"LD_PRELOAD=libc.so.6 $home/libexec/holdfast-sensor --release" 'true'
	recorded 'a BPF program of others' "$act load" 'load a BPF program of type 2'
}

attempts_on_the_machine()
{
	refused 'a raw write to the disk of the state' "dd if=/dev/zero of=$disk count=0 conv=notrunc" \
		"dd if=/dev/zero of=$(disk_dev ext4b) count=0 conv=notrunc"
	expect_refused 'refused: the clock set back' date -s '-1 day'
	expect_allowed 'control: the clock set forward' date -s '+2 seconds'
	expect_refused 'refused: another kernel' "$act" kexec
	expect_refused 'refused: a probe set by tracefs' bash -c 'echo >/sys/kernel/tracing/kprobe_events'
	expect_allowed 'control: tracefs is read' cat /sys/kernel/tracing/kprobe_events
	mkdir -p /sys/kernel/debug
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
	expect_refused 'refused: a switch in debugfs' bash -c 'echo 0 >/sys/kernel/debug/sched/verbose'
	expect_refused 'refused: a probe set through debugfs' \
		bash -c 'echo >/sys/kernel/debug/tracing/kprobe_events'
	expect_allowed 'control: debugfs is read' cat /sys/kernel/debug/sched/verbose
	expect_refused 'refused: call sites taken away' bash -c 'echo 0 >/proc/sys/kernel/ftrace_enabled'
	expect_allowed 'control: another sysctl' bash -c 'echo 0 >/proc/sys/kernel/panic_on_oops'
	expect_allowed 'a labelled file is read: labels are live' /opt/readers/cat $secret/doc.txt
	recorded 'swap space switched on' "dd if=/dev/zero of=$data/swap bs=4096 count=64; chmod 600 $data/swap
		busybox mkswap $data/swap; busybox swapon $data/swap" 'Swap space was switched on'
	busybox swapoff $data/swap
	check 'the clock moves by a road without a hook' "$act" adjust -3600
	check 'recorded: the clock set back by it' wait_for 5 told 'The clock was set back' 0
	"$act" adjust 3600
	expect_refused 'refused: a module once labels are live' modprobe dummy
}

# Before the agent runs, what will be refused works.
controls_before()
{
	expect_allowed 'control: a kernel made ready' "$act" kexec
	expect_allowed 'control: a probe set by tracefs' bash -c 'echo >/sys/kernel/tracing/kprobe_events'
	expect_allowed 'control: a module' bash -c 'modprobe dummy && modprobe -r dummy'
}

policy_is_kept()
{
	local since

	since=$(now_ms)
	sed -i 's/^self = block/self = allow/; s/^clock = block/clock = allow/' $policy
	holdfast policy reload >/dev/null
	sleep 2
	check 'a policy without guards is kept out, and told' wait_for 5 told 'stays as strict' "$since"
	expect_refused 'refused after it: SIGKILL' /bin/kill -KILL "$(own_program holdfast-sensor)"
	sed -i 's/^self = allow/self = block/; s/^clock = allow/clock = block/' $policy
	holdfast policy reload >/dev/null
	sleep 1
}

# refuse_token NAME FILE WORDS
refuse_token()
{
	local said

	said=$(holdfast maintenance begin --token "$2" 2>&1)
	check "token refused: $1 ($said)" grep -q "$3" <<<"$said"
	expect_refused "the door is shut: $1" /bin/kill -KILL "$(own_program holdfast-sensor)"
}

make_tokens()
{
	holdfast maintenance keygen --key $admin/key --public $admin/maintenance.pub >/dev/null
	holdfast maintenance keygen --key $admin/other --public $admin/other.pub >/dev/null
	install -m 644 $admin/maintenance.pub $conf/maintenance.pub
	holdfast maintenance sign --key $admin/other >$admin/foreign
	holdfast maintenance sign --key $admin/key --device 00000000000000000000000000000001 >$admin/elsewhere
	holdfast maintenance sign --key $admin/key --actions upgrade,stop >$admin/upgrade
	holdfast maintenance sign --key $admin/key --actions upgrade,stop >$admin/upgrade2
	holdfast maintenance sign --key $admin/key --actions remove,stop >$admin/remove
	sed 's/^actions .*/actions stop,upgrade,remove/' $admin/upgrade >$admin/forged
	sed 's/^not-after .*/not-after 1/' $admin/upgrade >$admin/broken
	date -s '-2 hours' >/dev/null
	holdfast maintenance sign --key $admin/key --hours 1 >$admin/expired
	date -s '+2 hours' >/dev/null
	echo nothing >$admin/garbage
}

tokens_are_refused()
{
	refuse_token 'another key' $admin/foreign 'signature'
	refuse_token 'another device' $admin/elsewhere 'another device'
	refuse_token 'expired' $admin/expired 'expired'
	refuse_token 'changed' $admin/forged 'signature'
	refuse_token 'times changed' $admin/broken 'no maintenance token'
	refuse_token 'not a token' $admin/garbage 'no maintenance token'
}

# As dpkg does: the new file beside, then over the old one.
replace_programs()
{
	local name

	for name in libexec/holdfast-sensor libexec/holdfast-engine sbin/holdfastd; do
		cp "$home/$name" "$home/$name.dpkg-new" && mv "$home/$name.dpkg-new" "$home/$name" || return 1
	done
}

upgrade_works()
{
	check 'a token opens the door' holdfast maintenance begin --token $admin/upgrade --minutes 10
	check 'status says so' bash -c 'holdfast maintenance status | grep -q "is open"'
	check 'files are replaced' replace_programs
	stop_with_token
	refute 'and enforcement goes on' cat $secret/doc.txt
	agent_start_again
	check 'the new agent takes over' wait_for 240 agent_is_enforcing
	check 'the door is shut' holdfast maintenance end
	expect_refused 'guarded again: SIGKILL' /bin/kill -KILL "$(own_program holdfast-sensor)"
	expect_refused 'guarded again: the new executable' rm -f $home/libexec/holdfast-sensor
	refuse_token 'used before' $admin/upgrade 'used before'
}

# With the door shut again, a new agent is known by its executable.
restart_works()
{
	check 'the door opens once more' holdfast maintenance begin --token $admin/upgrade2 --minutes 1
	check 'files are replaced once more' replace_programs
	check 'the door is shut before the restart' holdfast maintenance end
	agent_crash
	agent_start_again
	check 'the agent restarts behind a shut door' wait_for 240 agent_is_enforcing
	mark_keeps_guard # shutting the door would guard all anew
	check 'the door is shut after it' holdfast maintenance end
	expect_refused 'and is guarded: SIGKILL' /bin/kill -KILL "$(own_program holdfast-engine)"
}

# The database gives marks back after the guard was set, and knows nothing of it.
mark_keeps_guard()
{
	local file=$conf/maintenance.pub

	expect_refused 'the guarded file has its label again' cat $file
	expect_refused 'and its guard as well: mode' chmod 600 $file
	expect_refused 'and name' mv $file $file.old
	cp /var/lib/holdfast/index.db* /tmp/
	check 'no guard is stored with a mark' /usr/bin/python3 -c 'import sqlite3
flags = [row[0] for row in sqlite3.connect("/tmp/index.db").execute("SELECT flags FROM mark")]
assert flags and not any(it & 0x3f00 for it in flags), flags'
	check 'the label goes' holdfast label clear $file
	check 'control: it is read then' cat $file
	expect_refused 'and the guard stays: mode' chmod 600 $file
}

# It ends all by itself: its own memory limit, set from outside by nobody, is not at hand; a token is.
agent_crash()
{
	holdfast maintenance sign --key $admin/key --actions stop >$admin/stop
	holdfast maintenance begin --token $admin/stop --minutes 10 >/dev/null
	expect_refused 'the door for stopping is none for files' rm -f $home/libexec/holdfast-sensor
	check 'a guarded file gets a label' holdfast label set confidential $conf/maintenance.pub
	sleep 1
	stop_with_token
}

# is_known NAME WORDS COMMAND...: what it says tells whether it was taken for the agent.
is_known()
{
	local name=$1 words=$2 said

	shift 2
	said=$("$@" 2>&1 </dev/null)
	check "$name ($said)" grep -q "$words" <<<"$said"
}

# Started as the agent was, and with nobody's hand inside: then it is known, and stands before the
# lock of the one that runs. Otherwise it may not even touch the agent's directories.
is_known_by_exec()
{
	local size second=("$home/sbin/holdfastd" --policy "$policy" --libexec-dir "$home/libexec")
	local known='another holdfastd holds' unknown='cannot make directory'

	for size in 1 7 13 22 31 40 49 58; do
		is_known "known with $size bytes more in its environment" "$known" \
			env "PAD=$(head -c $size /dev/zero | tr '\0' x)" "${second[@]}"
	done
	is_known 'not known with a word for the linker' "$unknown" env LD_BIND_NOW=1 "${second[@]}"
	is_known 'not known with another argument' "$unknown" "${second[@]}" --verbose
	is_known 'not known with another policy' "$unknown" \
		$home/sbin/holdfastd --policy /tmp/p.ini --libexec-dir $home/libexec
	is_known 'not known in another mount namespace' "$unknown" unshare -m "${second[@]}"
	is_known 'a sensor that no agent started' 'not permitted' \
		bash -c "$home/libexec/holdfast-sensor 3</dev/null"
	is_known 'the copy of an executable' "$unknown" bash -c "cp $home/sbin/holdfastd /tmp/d; /tmp/d"
}

# Whoever starts the agent's programs in great numbers leaves no room for the agent: as long as they
# live it is told, and then there is room again. They hang where they say that another one runs.
room_runs_out()
{
	local pipe=/run/hf/full i started=()

	mkfifo $pipe
	exec 9<>$pipe
	dd if=/dev/zero of=$pipe bs=4096 count=64 oflag=nonblock 2>/dev/null
	for i in {1..70}; do
		$home/sbin/holdfastd --policy "$policy" --libexec-dir $home/libexec 2>&9 9>&- &
		started+=($!)
	done
	check 'told: there is no room for another process of the agent' wait_for 60 told 'was no room' 0
	check 'doctor says so' bash -c 'holdfast doctor | grep -q guard-full'
	cat <&9 >/dev/null &
	i=$!
	wait "${started[@]}"
	kill $i
	exec 9>&-
	rm $pipe
}

removal_works()
{
	expect_refused 'release is refused' $home/sbin/holdfastd --release --runtime-dir /run/other \
		--libexec-dir $home/libexec
	check 'a token for removal opens the door' holdfast maintenance begin --token $admin/remove
	stop_with_token
	check 'enforcement is ended' holdfastd --release --libexec-dir $home/libexec
	check 'nothing of it stays pinned' sh -c '[ -z "$(ls /sys/fs/bpf/holdfast/maps)" ]'
	check 'and nothing is refused any more' wait_for 20 cp $secret/doc.txt /tmp/doc
}

main()
{
	places_make || return 1
	disk=$(findmnt -no SOURCE $data)
	mkdir -p /opt/readers
	install -m 755 -o root -g root /usr/bin/cat /opt/readers/cat
	install_agent
	[ -s /etc/machine-id ] || echo 0123456789abcdef0123456789abcdef >/etc/machine-id
	make_tokens
	controls_before
	mkdir -p /var/log/holdfast
	agent_user holdfast
	chown holdfast: /var/log/holdfast
	echo '{}' >/var/log/holdfast/events.jsonl.old
	agent_start $policy || {
		not_ok 'the agent starts'
		tail -n 20 $agent_log
		return
	}
	check 'doctor says that it guards itself' bash -c "holdfast doctor | grep -A1 'Self-protection' | grep -q block"
	attempts_on_processes
	attempts_on_files
	attempts_on_the_kernel_part
	attempts_on_the_machine
	expect_each_recorded
	agent_windows=()
	refute 'enforcement goes on' cat $secret/doc.txt
	is_known_by_exec
	policy_is_kept
	tokens_are_refused
	room_runs_out
	upgrade_works
	restart_works
	removal_works
	umount /var/lib/holdfast $data
}

main
finish
