#!/bin/bash
# Owns: which program takes how much of each operation: the kernel counts runs and their time, which
# under --icount is instructions (kernel.bpf_stats_enabled; the counting itself adds to each run).
# Prints 'hook VARIANT OPERATION PROGRAM RUNS-PER-OPERATION INSTRUCTIONS-PER-RUN'.
# vm-needs: ext4
# vm-timeout: 300
. tests/vm/guest/lib.sh
. tests/bench/lib.sh

# program_totals: name, runs and time of every program of ours
program_totals()
{
	bpftool prog show | awk '$3 == "name" && $4 ~ /^hf_/ {
		runs = time = 0
		for (i = 5; i < NF; i++) {
			if ($i == "run_time_ns") time = $(i + 1)
			if ($i == "run_cnt") runs = $(i + 1)
		}
		print $4, runs, time
	}'
}

# count VARIANT OPERATION TIMES PROGRAM DIRECTORY
count()
{
	program_totals >/run/before
	"$place/bin/$4" "$place/$5" $place/bin/tiny "$2" >/dev/null
	program_totals >/run/after
	join /run/before /run/after | awk -v what="$1 $2" -v times="$3" '{
		runs = $4 - $2
		if (runs / times >= 0.4)
			printf "hook %s %s %.2f %.0f\n", what, $1, runs / times, ($5 - $3) / runs
	}'
}

# count_all VARIANT PROGRAM DIRECTORY: 'times' is what bench runs, its warming up included
count_all()
{
	local operation

	for operation in open+close read-4k write-4k; do
		count "$1" $operation 7201 "$2" "$3"
	done
	count "$1" fork+exec 451 "$2" "$3"
	count "$1" connect+send 451 "$2" "$3"
	count "$1" send 3601 "$2" "$3"
	for operation in pipe-1 pipe-64k unix-1 unix-64k; do
		count "$1" $operation 451 "$2" "$3"
	done
}

place_make || exit 1
kernel_part_on || finish
sysctl -q kernel.bpf_stats_enabled=1
count_all unlabelled bench open
$place/bin/bench-allowed hold $place/secret/data &
wait_for 60 is_tainted $!
count_all beside bench open
count_all labelled bench-allowed secret
ok 'runs counted'
finish
