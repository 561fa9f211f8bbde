# shellcheck shell=bash
# Owns: what the measuring cases share: the place they measure in, the kernel part on and off, and
# the line 'variant NAME' above each set of figures. Sourced after guest/lib.sh.

place=/mnt/ext4
pins=/sys/fs/bpf/holdfast
bench=$PWD/build/bench

place_make()
{
	mount_disk ext4 $place || return 1
	mkdir -p $place/open $place/secret $place/bin
	head -c 16384 /dev/zero >$place/open/data
	cp $place/open/data $place/secret/data
	install -m 755 "$bench/bench" $place/bin/bench
	install -m 755 "$bench/bench" $place/bin/bench-allowed
	install -m 755 "$bench/tiny" $place/bin/tiny
	sync
	# Nothing else may want the one processor while instructions are counted.
	pkill -STOP -f systemd-udevd || true
}

# measure VARIANT [PROGRAM DIRECTORY]: the figures are in a file, as what a labelled reader writes
# is itself labelled and can be shown only when the kernel part is off. Addresses are not randomised:
# how many page tables fork copies depends on them. It is the child of a vfork, as most programs that
# a shell starts; how=exec makes it the child of a fork.
measure()
{
	local program=${2:-bench} directory=${3:-open}

	check "measure $1" setarch -R sh -c "${how:-} $place/bin/$program $place/$directory $place/bin/tiny >/tmp/figures-$1"
}

show()
{
	local variant

	for variant; do
		echo "variant $variant"
		cat "/tmp/figures-$variant"
	done
}

has_come_up()
{
	grep -q "$1" /tmp/background || ! kill -0 "$2"
}

# background READY COMMAND...: starts it and waits until it prints READY; its process is $!.
background()
{
	local ready=$1

	shift
	"$@" >/tmp/background 2>&1 &
	wait_for 60 has_come_up "$ready" $!
	if ! grep -q "$ready" /tmp/background; then
		not_ok "start $1" "$(tail -n 3 /tmp/background | tr '\n' ' ')"
		return 1
	fi
}

# is_tainted PROCESS
is_tainted()
{
	echo "taint $1" | "$bench/kernelctl" | grep -q taint=1
}

# What a case has kernelctl told besides.
policy_more()
{
	:
}

# Everything is enforced for label 1: who may not open is refused, no channel but loopback and
# the local disk is open.
policy_commands()
{
	local device

	device=$(stat -c '%Hd %Ld' $place)
	cat <<END
mark $place/secret 1
app $place/bin/bench-allowed 1
open 1 1
channel 0 1 0 0 0
channel 1 1 0 0 0
channel 2 1 0 0 0
channel 3 1 0 0 0
channel 4 0 0 0 1
channel 5 1 0 0 0
channel 6 1 0 0 0
channel 7 1 0 0 0
channel 9 0 0 0 1
dest 104 00000000000000000000ffff7f000000 1 0 65535
volume $device 4 0
END
	policy_more
	echo publish 1
}

kernel_part_on()
{
	policy_commands | "$bench/kernelctl" >/tmp/kernelctl 2>&1
	if grep -q -e ^error -e kernelctl: /tmp/kernelctl; then
		not_ok 'load the kernel part' "$(tr '\n' ' ' </tmp/kernelctl)"
		return 1
	fi
	check 'the kernel part is enforced' sh -c "! cat $place/secret/data"
}

kernel_part_off()
{
	rm -r $pins
	# The last references go with an RCU grace period.
	wait_for 20 cat $place/secret/data
	sleep 1
}

# Debian's auditd as it is configured, with one watch on what is measured.
audit_start()
{
	if ! command -v auditd >/dev/null; then
		skip auditd 'the package auditd is not installed: tools/deps.sh bench'
		return 1
	fi
	mkdir -p /var/log/audit /run/audit
	check 'start auditd' auditd -s disable
	wait_for 20 auditctl -s
	auditctl -b 8192
	check 'watch' auditctl -w $place -p rwxa -k bench
	auditctl -e 1
}
