#!/bin/bash
# Owns: screen capture on an X11 display by real tools. Nothing labelled is shown: each works (the
# control). A labelled document is shown: each is refused (block), or its picture is labelled and can
# not leave (follow), or it is only recorded (audit); recorded it is always. Prints tool x mode, counted.
# vm-needs: ext4 usb
# vm-timeout: 3600
# The places have no blanks in their names.
# shellcheck disable=SC2016,SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh
. tests/vm/cases/screen_tools.sh

policy=/run/hf/policy.ini
shower=/opt/readers/xmessage
table=/run/hf/table

# make_policy ACTION: what happens to captures while the label is exposed.
make_policy()
{
	policy_of_cases >$policy
	cat >>$policy <<-END
		[app shower]
		path = $shower
		[rule screen]
		label = confidential
		channel = screen
		action = $1
		[screen]
		when = exposed
		record = all
	END
	sed -i 's/^open-with = road, readers/&, shower/' $policy
}

show()
{
	$shower -geometry +40+40 -file $1 >/dev/null 2>&1 &
	shown_pid=$!
	wait_for 60 is_shown
}

is_shown()
{
	xlsclients | grep -q xmessage
}

is_not_shown()
{
	! is_shown
}

hide()
{
	kill $shown_pid
	wait $shown_pid 2>/dev/null
	wait_for 30 is_not_shown
}

# Whether an event of channel screen by the tool lies after a time.
recorded_since()
{
	local name=$2

	[ $name != python-xlib ] || name=python3
	events_dump >/run/hf/screen-events
	awk -v from=$1 -v name=${name:0:8} '$2 == "screen" && $6 >= from && index($5, name) == 1 { found = 1 }
		END { exit !found }' /run/hf/screen-events
}

# capture TOOL MODE PICTURE: the picture is new; what the tool says of it does not count.
capture()
{
	capture_began=$(now_ms)
	rm -f $2 $usb/picture /run/hf/tool # what a labelled reader wrote is labelled
	timeout 90 bash -c ". tests/vm/cases/screen_tools.sh; shoot_$1 $2" >/run/hf/tool 2>&1 </dev/null
}

count_as()
{
	printf '%s %s %s\n' $1 $2 $3 >>$table
}

unlabelled()
{
	local tool=$1 mode=$2

	capture $tool $work/open-$tool.$mode
	if picture_is_good $work/open-$tool.$mode && cp $work/open-$tool.$mode $usb/picture; then
		ok "$mode: $tool works while nothing labelled is shown"
	else
		not_ok "$mode: $tool works while nothing labelled is shown" "$(tail -n 2 /run/hf/tool | tr '\n' ' ')"
		count_as $tool $mode broken
	fi
}

blocked()
{
	local tool=$1 picture=$work/shown-$1.block

	capture $tool $picture
	if [ ! -s $picture ] || ! picture_is_good $picture; then
		ok "block: $tool gets no picture"
		count_as $tool block refused
	else
		not_ok "block: $tool gets no picture" "$(stat -c %s $picture) bytes"
		count_as $tool block CAPTURED
	fi
}

followed()
{
	local tool=$1 picture=$work/shown-$1.follow

	capture $tool $picture
	if [ $tool = x11vnc ]; then # its picture goes out by the network, where the label may not
		check "follow: $tool's picture does not leave it" test ! -s $picture
		count_as $tool follow kept
		return
	fi
	check "follow: $tool makes its picture" test -s $picture
	if [ -s $picture ] && ! cat $picture >/dev/null 2>&1 && ! cp $picture $usb/picture 2>/dev/null; then
		ok "follow: and who may not open the document may not open the picture"
		count_as $tool follow labelled
	else
		not_ok "follow: and who may not open the document may not open the picture"
		count_as $tool follow UNLABELLED
	fi
}

audited()
{
	local tool=$1 picture=$work/shown-$1.audit

	capture $tool $picture
	if picture_is_good $picture; then
		ok "audit: $tool makes its picture"
		count_as $tool audit captured
	else
		not_ok "audit: $tool makes its picture"
		count_as $tool audit BROKEN
	fi
}

recorded()
{
	if recorded_since $capture_began $1; then
		ok "$2: $1 is recorded"
		count_as $1 $2-record recorded
	else
		not_ok "$2: $1 is recorded" "only: $(awk '$2 == "screen" { print $5 }' /run/hf/screen-events | sort -u | tr '\n' ' ')"
		count_as $1 $2-record UNRECORDED
	fi
}

mode_block()
{
	blocked $1
}

mode_follow()
{
	followed $1
}

mode_audit()
{
	audited $1
}

in_mode()
{
	local mode=$1 tool

	make_policy $mode
	check "$mode: the policy is taken" agent_reload
	unlabelled xwd $mode
	show $secret/doc.txt || not_ok "$mode: the labelled document is shown"
	for tool in $tools; do
		mode_$mode $tool
		recorded $tool $mode
	done
	check "$mode: the document is still shown" is_shown
	hide
	unlabelled xwd $mode
}

print_table()
{
	local tool mode

	printf '%-20s %-10s %-10s %-10s\n' tool block follow audit
	for tool in $tools; do
		printf '%-20s' $tool
		for mode in block follow audit; do
			printf ' %-10s' "$(awk -v t=$tool -v m=$mode '$1 == t && $2 == m { said = $3 } END { print said ? said : "-" }' $table)"
		done
		echo
	done
	for mode in refused labelled captured; do
		printf '%s: %s of %s tools\n' $mode "$(grep -c " $mode\$" $table)" "$(wc -w <<<"$tools")"
	done
	printf 'recorded: %s of %s captures that were tried\n' "$(grep -c ' recorded$' $table)" \
		$(($(wc -w <<<"$tools") * 3))
}

tools=$(tools_there)
check 'enough tools are here' [ "$(wc -w <<<"$tools")" -ge 10 ]
places_make || { echo "the places could not be made"; exit 1; }
mkdir -p /opt/readers
install -m 755 -o root -g root "$(command -v xmessage)" $shower
: >$table
display_start || { echo "no display"; cat /run/hf/display; exit 1; }
make_policy block
agent_start $policy || { echo "the agent does not start"; exit 1; }
for tool in $tools; do
	unlabelled $tool block
done
for mode in block follow audit; do
	in_mode $mode
done
print_table
agent_stop
finish
