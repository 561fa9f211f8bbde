# shellcheck shell=bash
# Owns: the machine's TPM 2.0, simulated by swtpm: its state is a directory that stays from boot to
# boot, its process lives as long as QEMU does. The firmware measures into it. Sourced by run.

tpm_dir='' # with the state; empty: the machine has no TPM
swtpm_pid=''

# Fills the array tpm_args with QEMU's words for the device.
tpm_describe()
{
	[ -n "$tpm_dir" ] || tpm_dir=$disk_dir/tpm
	mkdir -p -- "$tpm_dir" || die "cannot make '$tpm_dir'"
	tpm_args=(-chardev "socket,id=tpm,path=$run_dir/tpm" -tpmdev "emulator,id=tpm0,chardev=tpm"
		-device "tpm-tis,tpmdev=tpm0")
}

# Before QEMU, which connects at once.
tpm_start()
{
	[ -n "$tpm_dir" ] || return 0
	rm -f "$run_dir/tpm"
	swtpm socket --tpm2 --tpmstate "dir=$tpm_dir" --ctrl "type=unixio,path=$run_dir/tpm" --terminate \
		</dev/null >"$run_dir/swtpm.log" 2>&1 &
	swtpm_pid=$!
	for _ in {1..100}; do
		[ ! -S "$run_dir/tpm" ] || return 0
		sleep 0.05
	done
	die "swtpm does not start: $(tail -n 1 "$run_dir/swtpm.log")"
}

# After QEMU: what it was told last is written down by then.
tpm_stop()
{
	[ -n "$swtpm_pid" ] || return 0
	kill "$swtpm_pid" 2>/dev/null
	wait "$swtpm_pid" 2>/dev/null
	swtpm_pid=''
}
