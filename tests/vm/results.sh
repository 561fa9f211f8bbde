# shellcheck shell=bash
# Owns: what the guest reports: follows the results port, does what a case asks of the
# machine, keeps the counts and prints the table. Sourced by run.

case_result=() case_seconds=() case_passed=() case_failed=() case_skipped=()
fault_lines=()
boot_limit=180
memory_dumps=0

# A line which a case printed.
results_line()
{
	local index=$1 line=$2

	printf '%s\n' "$line" >>"$run_dir/case-$index.log"
	case $line in
	'ok '*) case_passed[index]=$((${case_passed[index]} + 1)) ;;
	'skip '*) case_skipped[index]=$((${case_skipped[index]} + 1)) ;;
	'not ok '*) case_failed[index]=$((${case_failed[index]} + 1)) ;;
	*) return ;;
	esac
	printf '  %s\n' "$line"
}

results_begin()
{
	case_passed[$1]=0 case_failed[$1]=0 case_skipped[$1]=0
	case_begin=$EPOCHREALTIME
	: >"$run_dir/case-$1.log"
	printf '%s\n' "${cases[$1]}"
}

# results_end INDEX STATUS [WHY]: the case's verdict; its own exit status counts as a result
# when it has none, or when it says 'failed' and no result did.
results_end()
{
	local index=$1 status=$2 why=${3:-}

	case_seconds[index]=$(seconds_since "$case_begin")
	if [ -z "$why" ]; then
		case $status in
		0) ;;
		77) ;;
		124 | 137) why='timed out' ;;
		*) [ "${case_failed[index]}" -gt 0 ] || why="exit status $status" ;;
		esac
	fi
	if [ -n "$why" ]; then
		case_failed[index]=$((${case_failed[index]} + 1))
	elif [ $((${case_passed[index]} + ${case_failed[index]} + ${case_skipped[index]})) -eq 0 ]; then
		if [ "$status" -eq 77 ]; then
			case_skipped[index]=1
		else
			case_passed[index]=1
		fi
	fi
	if [ "${case_failed[index]}" -gt 0 ]; then
		case_result[index]="FAILED${why:+ ($why)}"
		printf '  FAILED %s%s; the end of its output:\n' "${cases[$index]}" "${why:+: $why}"
		tail -n 30 "$run_dir/case-$index.log" | sed 's/^/    /'
	elif [ "${case_passed[index]}" -gt 0 ]; then
		case_result[index]=passed
	else
		case_result[index]=skipped
	fi
}

results_ask()
{
	case $1 in
	usb-unplug) machine_monitor 'device_del stick' ;;
	usb-plug) machine_monitor "device_add $usb_stick" ;;
	power-cut)
		power_was_cut=1
		machine_monitor quit
		;;
	power-lost) # and what was not flushed to its disks
		power_was_cut=1
		kill -9 "$qemu_pid"
		;;
	machine-ends) power_was_cut=1 ;; # by itself, and is not heard of again
	memory-dump) machine_monitor "dump-guest-memory $run_dir/memory-$((++memory_dumps))" ;;
	*) say "the guest asks for '$1', ignoring" ;;
	esac
}

# Prints the tenths of seconds since a moment given as $EPOCHREALTIME, as seconds.
seconds_since()
{
	local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 100000))

	echo "$((tenths / 10)).$((tenths % 10))"
}

# Reads the port of a started machine until it is done, dead or out of time.
results_follow()
{
	local line deadline=$((SECONDS + boot_limit)) current='' left read_status why

	power_was_cut=0
	[ "$icount" -eq 0 ] || deadline=$((SECONDS + boot_limit * 10))
	while :; do
		left=$(((deadline < run_deadline ? deadline : run_deadline) - SECONDS))
		read_status=142
		[ $left -le 0 ] || { IFS= read -r -t "$left" line <&"$results_port"; read_status=$?; }
		[ $read_status -eq 0 ] || break
		printf '%s\n' "$line" >>"$run_dir/results.log"
		case $line in
		'|'*) [ -z "$current" ] || results_line "$current" "${line#|}" ;;
		@hello*) say "booted ${line#@hello } in $(seconds_since "$boot_begin")s" ;;
		@begin*)
			current=${line#@begin }
			results_begin "$current"
			deadline=$((SECONDS + $(limit_of "${cases[$current]}") + 30))
			;;
		@end*)
			results_end "$current" "${line##* }"
			current=''
			deadline=$((SECONDS + 60))
			;;
		@ask*) results_ask "${line#@ask }" ;;
		@done) break ;;
		esac
	done
	[ "$read_status" -le 128 ] || machine_give_up=1
	[ -n "$current" ] || return 0
	if [ $power_was_cut -eq 1 ]; then
		results_end "$current" 0
		return
	fi
	why='the machine ended'
	[ $read_status -le 128 ] || why='the machine hung'
	grep -aq 'Kernel panic' "$run_dir/console.log" && why='the kernel panicked'
	results_end "$current" 1 "$why"
}

# A kernel fault fails the run even when all cases were content.
results_judge_console()
{
	local line

	cat "$run_dir/console.log" >>"$run_dir/console-all.log"
	while read -r line; do
		fault_lines+=("$line")
	done < <(grep -aE 'Kernel panic|BUG:|Oops|general protection fault|WARNING: CPU|soft lockup|blocked for more than|rcu.*stall' \
		"$run_dir/console.log" | tr -d '\r' | head -n 20)
}

results_never_ran()
{
	local index

	for index; do
		case_passed[index]=0 case_failed[index]=1 case_skipped[index]=0 case_seconds[index]=0
		case_result[index]='FAILED (never reported)'
	done
	say 'the machine did not come up; the end of its console:'
	tail -n 30 "$run_dir/console.log" "$run_dir/qemu.log" >&2
}

results_table()
{
	local index passed=0 failed=0 skipped=0 line

	printf '\n%-50s %8s  %s\n' case seconds result
	for index in "${!cases[@]}"; do
		printf '%-50s %8s  %s (%d ok, %d not ok, %d skipped)\n' "${cases[$index]}" "${case_seconds[index]}" \
			"${case_result[index]}" "${case_passed[index]}" "${case_failed[index]}" "${case_skipped[index]}"
		passed=$((passed + case_passed[index]))
		failed=$((failed + case_failed[index]))
		skipped=$((skipped + case_skipped[index]))
	done
	if [ ${#fault_lines[@]} -gt 0 ]; then
		echo 'kernel faults:'
		printf '  %s\n' "${fault_lines[@]}"
		failed=$((failed + 1))
	fi
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
	[ $failed -eq 0 ]
}
