# shellcheck shell=bash
# Owns: lives of a machine whose power is cut: QEMU is killed, and what was not flushed to the disks goes with it.
# The disk is an image whose new blocks are known only to QEMU until they are flushed. Sourced from the root of the
# repository by power and vault_power, which set:
#   work      a directory of the run's own, with power.raw, a disk's image
#   kernel cuts seed
#   passed failed lost      counted here
# shellcheck disable=SC2154

# drive NAME FORMAT: QEMU's words for an image that is a disk with a write cache.
drive()
{
	drive=(--qemu -drive --qemu "file=$work/$1.$2,if=none,id=$1,format=$2,cache=writeback"
		--qemu -device --qemu "virtio-blk-pci,drive=$1,serial=hf-$1")
}

# life NUMBER CASE
life()
{
	local args=()

	qemu-img create -q -f qcow2 -o cluster_size=4096 -b power.raw -F raw "$work/power.qcow2"
	qemu-img create -q -f qcow2 -o cluster_size=4096 "$work/scratch.qcow2" 8M
	drive power qcow2
	args+=("${drive[@]}")
	drive scratch qcow2
	args+=("${drive[@]}")
	tests/vm/run --kernel "$kernel" --cmdline "hf.power=$1:$((cuts + 1)):$seed" --out "$work/life" \
		"${args[@]}" "$2" >"$work/life.log" 2>&1
	grep -hE '^ *(ok|not ok|#)|kernel fault|hung|panick' "$work/life.log" "$work/life/case-0.log" | sort -u
	passed=$((passed + $(grep -c '^ *ok ' "$work/life.log")))
	failed=$((failed + $(grep -c '^ *not ok ' "$work/life.log")))
	if ! grep -qE "^[1-9][0-9]* passed, 0 failed" "$work/life.log"; then
		failed=$((failed + 1))
		echo "not ok life $1"
		tail -n 30 "$work/life.log"
	fi
	# With a backing file of its own: what was flushed is the next life's.
	qemu-img commit -q "$work/power.qcow2" || failed=$((failed + 1))
	qemu-img convert -O raw "$work/scratch.qcow2" "$work/scratch.raw"
	grep -qa 'never flushed' "$work/scratch.raw" || lost=$((lost + 1))
}

# The last life writes nothing that could be lost.
cuts_end()
{
	if [ "$lost" -gt 1 ]; then
		passed=$((passed + 1))
		echo "ok control: bytes that were not flushed are gone ($((lost - 1)) of $cuts times)"
	else
		failed=$((failed + 1))
		echo "not ok control: bytes that were not flushed are gone: never"
	fi
	echo "$passed passed, $failed failed, 0 skipped"
	[ "$failed" -eq 0 ]
}
