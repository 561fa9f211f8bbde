# shellcheck shell=bash
# Owns: walking one road of build/tests/hf-road and judging what came of it. Every road is walked
# with an unlabelled source first: only a road that can be walked says something when it is not.
# Sourced after guest/lib.sh, places.sh and agent.sh.

road_log=/run/hf/road.log
road_out=0        # status of hf-road: content got out
road_refused=10   # refused with EPERM or EACCES
road_absent=30    # this kernel has no such thing
# shellcheck disable=SC2034 # for the cases
# Between two processes: what is handed over, and memory that both map.
roads_carried=(pipe-waiting pipe-later fifo-waiting fifo-later unix-stream unix-stream-waiting
	unix-datagram unix-named unix-named-waiting unix-abstract unix-packet unix-packet-waiting
	unix-datagram-named unix-datagram-waiting unix-sendto netlink message-queue posix-queue
	posix-queue-waiting signal key terminal terminal-output terminal-output-waiting memfd
	vm-write shared-memory)
roads_shared=(shared-anonymous shared-zero ring-inherited ring-mapped)
# Nothing can refuse these where they are handed over: who gets it counts as a reader, or is refused.
roads_followed=(tee-pipe vmsplice-pipe ring-message memfd-mapped)
declare -A road_pids=()
roads_refused=()
declare -A roads_inherited=()

# walk TAG PROGRAM ROAD SOURCE TARGET [ARGUMENT...]: leaves the status in road_status.
walk()
{
	local tag=$1 program=$2 word pid

	shift 2
	HF_ROAD_TAG=$tag HF_ROAD_PLAIN=$plain "$program" "$@" >$road_log 2>/dev/null
	road_status=$?
	while read -r word pid; do
		[ "$word" != pid ] || road_pids[$tag]+=" $pid"
	done <$road_log
}

# Nothing a labelled reader prints is read here: it would make a labelled reader of the case.
road_said()
{
	case $road_status in
	21) echo 'the source cannot be read' ;;
	1[0-9][0-9] | 2[0-9][0-9]) echo "errno $((road_status - 100))" ;;
	*) echo "status $road_status" ;;
	esac
}

# True when the text is in a regular file, or in the name of what lies there.
arrived()
{
	local text=$1 target=$2 names

	[ -z "${road_target_is_no_file:-}" ] || return 1
	names=("$target".*)
	[[ ${names[0]} != *"${text:0:9}"* ]] || return 0
	[ -s "$target" ] && grep -aqF "$text" "$target"
}

clear_target()
{
	local names

	[ -z "${road_target_is_no_file:-}" ] || return 0
	names=("$1" "$1".*)
	[ ! -e "$1" ] && [ ! -e "${names[1]}" ] || rm -rf "${names[@]}"
}

# The first half of every test.
control()
{
	local name=$1 program=$2 road=$3 target=$4

	shift 4
	clear_target "$target"
	walk "c-$name" "$program" "$road" "${open_source:-$open/doc.txt}" "$target" "$@"
	clear_target "$target"
	case $road_status in
	"$road_out") return 0 ;;
	"$road_absent") skip "$name" "not on this kernel: $(road_said)" ;;
	*) not_ok "$name" "the positive control failed: $(road_said)" ;;
	esac
	return 1
}

expect_refusal()
{
	local name=$1 target=$2

	if [ "$road_status" -eq "$road_out" ]; then
		not_ok "$name" 'the content got out'
	elif arrived "$secret_text" "$target"; then
		not_ok "$name" "refused, and yet the content is in $target"
	elif [ "$road_status" -ne "$road_refused" ]; then
		not_ok "$name" "the road is broken: $(road_said)"
	else
		ok "$name"
		roads_refused+=("$name")
	fi
	clear_target "$target"
}

# out NAME ROAD TARGET [ARGUMENT...]: the allowed program reads, and must not get it out.
out()
{
	local name=$1 road=$2 target=$3

	shift 3
	control "$name" $allowed "$road" "$target" "$@" || return
	walk "$name" $allowed "$road" "${secret_source:-$secret/doc.txt}" "$target" "$@"
	expect_refusal "$name" "$target"
}

# shut NAME ROAD TARGET [ARGUMENT...]: a program without rights must not get in.
shut()
{
	local name=$1 road=$2 target=$3

	shift 3
	control "$name" $plain "$road" "$target" "$@" || return
	walk "$name" $plain "$road" "${secret_source:-$secret/doc.txt}" "$target" "$@"
	expect_refusal "$name" "$target"
}

# inherits NAME ROAD TARGET [ARGUMENT...]: works, and the file carries the label from then on:
# expect_inherited looks at all of them together, once the caches are empty.
inherits()
{
	local name=$1 road=$2 target=$3

	shift 3
	control "$name" $allowed "$road" "$target" "$@" || return
	walk "$name" $allowed "$road" "${secret_source:-$secret/doc.txt}" "$target" "$@"
	if [ "$road_status" -ne "$road_out" ]; then
		not_ok "$name" "local writing should work: $(road_said)"
		return
	fi
	mv "$target" "$target-$name"
	roads_inherited["$name"]=$target-$name
}

expect_inherited()
{
	local name

	forget
	for name in "${!roads_inherited[@]}"; do
		walk "$name" $plain open "${roads_inherited[$name]}" -
		if [ "$road_status" -eq "$road_refused" ]; then
			ok "$name"
			roads_refused+=("$name")
		else
			not_ok "$name" "the written file carries no label: $(road_said)"
		fi
	done
}

# not_yet NAME ROAD TARGET [ARGUMENT...]: a road that is known to be open; see SECURITY.md.
not_yet()
{
	local name=$1 road=$2 target=$3

	shift 3
	control "$name" $allowed "$road" "$target" "$@" || return
	walk "$name" $allowed "$road" "${secret_source:-$secret/doc.txt}" "$target" "$@"
	if [ "$road_status" -eq "$road_out" ]; then
		skip "$name" 'missing: labels do not follow this road yet (SECURITY.md)'
		clear_target "$target"
	else
		expect_refusal "$name" "$target"
	fi
}

# Whether each refusal above is in the log, and no control is. By the name the program gave itself
# (15 characters of it), or by process, as the kernel's own threads have other names.
expect_recorded()
{
	local name pid found missing=() wrong
	local events=/run/hf/road-events

	events_dump >$events
	for name in "${roads_refused[@]}"; do
		found=$(awk -v name="${name:0:15}" '$1 == "block" && $5 == name' $events)
		for pid in ${road_pids[$name]:-}; do
			[ -n "$found" ] || found=$(awk -v pid="$pid" '$1 == "block" && $4 == pid' $events)
		done
		[ -n "$found" ] || missing+=("$name")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		ok "all ${#roads_refused[@]} refusals are recorded"
	else
		not_ok "all ${#roads_refused[@]} refusals are recorded" "no event for: ${missing[*]}"
	fi
	wrong=$(awk '$1 == "block" && $5 ~ /^c-/ { print $5, $2, $3 }' $events | sort -u | tr '\n' ',')
	if [ -z "$wrong" ]; then
		ok 'no control was refused'
	else
		not_ok 'no control was refused' "$wrong"
	fi
}
