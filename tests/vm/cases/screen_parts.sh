# shellcheck shell=bash
# Owns: what the cases of captures have in common, whatever is captured: the policy, what is a picture, what
# is in the log. Sourced after places.sh and agent.sh.
# The places have no blanks in their names.
# shellcheck disable=SC2034,SC2086,SC2154

policy=/run/hf/policy.ini
picture=$work/picture

# screen_policy VERSION ACTION PROGRAM [LINE...]: which alone opens $secret; lines of [screen].
screen_policy()
{
	local version=$1 action=$2 program=$3

	shift 3
	policy_of_reader 'Screens' $version $program |
		sed "s,^version = .*,&\ninclude = $HF_REPO/policy/apps/system-*.ini," >$policy
	cat >>$policy <<-END
		[rule shown]
		label = confidential
		channel = screen
		action = $action
		[screen]
	END
	printf '%s\n' "$@" >>$policy
}

# A picture of something: with more than one colour, or a film.
has_picture()
{
	local spread

	case $(echo $picture.*) in
	*.mp4) [ "$(stat -c %s $picture.mp4)" -gt 2000 ] && return ;;
	esac
	spread=$(identify -format '%[standard-deviation]' $picture.* 2>/dev/null) || return 1
	[ -n "$spread" ] && [ "$spread" != 0 ]
}

# are_refused WHEN: by each of $tools, with the case's own capture().
are_refused()
{
	local tool

	for tool in $tools; do
		window_open
		capture $tool >/dev/null 2>&1 # the picture says whether it did
		window_close "$1: $tool"
		refute "$1: there is no picture by $tool" has_picture
	done
}

# recorded PATTERN
recorded()
{
	events_dump >/dev/null
	holdfast events --json >/run/hf/events.json
	grep -q -- "$1" /run/hf/events.json
}

# Of a program that goes on until it is ended.
is_gone()
{
	! pidof $1 >/dev/null
}

end_all()
{
	local pid

	for pid in $(pidof $1); do
		kill $pid
	done
	wait_for 30 is_gone $1
}
