# shellcheck shell=bash
# Owns: the QEMU command line and the life of the QEMU process. Sourced by run.

qemu_args=()
qemu_pid=''

# Fills qemu_args with what all boots of this run share.
machine_describe()
{
	local kind cmdline needs_text tpm_args=()

	case " ${needs[*]} " in *' tpm '*) tpm_describe ;; esac
	# Unpacking the kernel is the longest part of an emulated boot, so it was done ahead.
	# With a TPM not so: of an ELF kernel's ACPI tables, which tell of it, the first is overwritten.
	kernel_image=$kernel_dir/vmlinux
	[ -z "$tpm_dir" ] && [ -e "$kernel_image" ] || kernel_image=$kernel_dir/vmlinuz
	needs_text=$(IFS=,; echo "${needs[*]}")
	cmdline="console=ttyS0 quiet loglevel=4 panic=-1 no_timer_check tsc=reliable nokaslr mitigations=off"
	cmdline+=" modprobe.blacklist=ata_piix,ata_generic,pata_acpi,i2c_piix4,floppy,psmouse,pcspkr"
	cmdline+=" random.trust_cpu=on lsm=landlock,lockdown,yama,integrity,apparmor,bpf"
	cmdline+=" hf.repo=$repo_dir hf.run=$run_dir hf.kernel=$kernel hf.needs=$needs_text hf.mode=$mode"
	cmdline+=" hf.modules=$kernel_dir/lib/modules/$(cat "$kernel_dir/release") $extra_cmdline"

	# Without ERMS, as an emulated "rep stosb" is a step for each byte: the verifier is 2.7 times
	# as fast on 6.1, a fork and exec twice.
	qemu_args=(-nodefaults -no-user-config -display none -no-reboot -cpu max,-erms -m "$memory"
		-kernel "$kernel_image" -initrd "$initramfs" -append "$cmdline"
		-fsdev local,id=hostroot,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,fsdev=hostroot,mount_tag=hostroot
		-device virtio-serial-pci)
	if [ "$icount" -eq 1 ]; then
		qemu_args+=(-smp 1 -accel tcg,thread=single -icount shift=0)
	else
		# Two CPUs, taken in turn by one thread: with a thread each, a CPU can run the int3 of a
		# patched call site (text_poke_bp) after its handler is gone, which no real CPU does.
		qemu_args+=(-smp 2 -accel tcg,thread=single)
	fi
	for kind in "${needs[@]}"; do
		case $kind in
		dbus | systemd) ;;
		tpm) qemu_args+=("${tpm_args[@]}") ;;
		display) qemu_args+=(-device bochs-display) ;;
		*) add_disk "$kind" "$disk_dir" ;;
		esac
	done
	qemu_args+=("${more_qemu[@]}")
}

# Starts QEMU with its results port on a pipe, read from descriptor $results_port; the pipe
# ends when QEMU does, however it ends.
machine_start()
{
	: >"$run_dir/console.log"
	tpm_start
	exec {results_port}< <(exec qemu-system-x86_64 "${qemu_args[@]}" \
		-serial "file:$run_dir/console.log" \
		-monitor "unix:$run_dir/monitor,server=on,wait=off" \
		-chardev file,id=results,path=/dev/stdout \
		-device virtserialport,chardev=results,name=holdfast.results \
		</dev/null 2>"$run_dir/qemu.log")
	qemu_pid=$!
	boot_begin=$EPOCHREALTIME
}

# Waits a moment for the machine to end by itself, then ends it.
machine_stop()
{
	local tries

	[ -n "$qemu_pid" ] || return 0
	for tries in {1..30}; do
		kill -0 "$qemu_pid" 2>/dev/null || break
		[ -z "${machine_give_up:-}" ] || break
		sleep 0.1
	done
	kill -9 "$qemu_pid" 2>/dev/null
	wait "$qemu_pid" 2>/dev/null
	exec {results_port}<&-
	qemu_pid=''
	tpm_stop
	machine_give_up=''
}

machine_monitor()
{
	echo "$1" | socat -t 1 - "UNIX-CONNECT:$run_dir/monitor" >/dev/null
}

machine_shell()
{
	tpm_start
	qemu-system-x86_64 "${qemu_args[@]}" -chardev stdio,id=tty,mux=on,signal=off -serial chardev:tty \
		-mon chardev=tty
}
