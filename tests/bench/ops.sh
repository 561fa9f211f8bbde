#!/bin/bash
# Owns: instructions per operation in one boot: nothing loaded, programs that do nothing, the
# kernel part in three situations, a fanotify listener, and nothing again between these, which
# tells how well two runs agree. Wants --icount.
# vm-needs: ext4
# vm-timeout: 300
. tests/vm/guest/lib.sh
. tests/bench/lib.sh

place_make || exit 1
measure none
show none

if background attached "$bench/empty" "$bench/empty.bpf.o"; then
	cat /tmp/background
	measure floor
	show floor
	kill $!
	wait $!
	sleep 1
fi
measure none-2
show none-2

if kernel_part_on; then
	measure unlabelled
	show unlabelled
	how='exec' measure fresh
	show fresh
	$place/bin/bench-allowed hold $place/secret/data &
	if wait_for 60 is_tainted $!; then
		measure beside
		show beside
		measure labelled bench-allowed secret
	else
		not_ok 'hold a labelled reader'
	fi
	kill $!
	wait $!
	kernel_part_off
	show labelled
fi

if background listening "$bench/listener" $place; then
	measure fanotify
	show fanotify
	kill $!
	wait $!
fi
sleep 1
measure none-3
show none-3
finish
