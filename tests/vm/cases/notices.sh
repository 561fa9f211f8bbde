#!/bin/bash
# Owns: that a refusal reaches the person who caused it, and nobody else: as a notice of a real
# notification server, and as a line on a real terminal; few of them, however much is refused.
# vm-needs: ext4
# vm-timeout: 900
# Programs print file names and refusals here, never content: an unlabelled shell may read them.
# shellcheck disable=SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

readers=/opt/readers
policy=/run/hf/notices.ini
desk=/run/hf/desk # what the desktop's programs say
desk_env=(DISPLAY=:7 XDG_RUNTIME_DIR=/run/user/2001 "XDG_STATE_HOME=$desk/state" LC_ALL=C.UTF-8
	DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/2001/bus)
burst=500

make_policy()
{
	cat >$policy <<-INI
	[policy]
	name = Notices
	version = 1
	[tenant acme]
	title = Acme
	[label confidential]
	tenant = acme
	title = Confidential
	path = $secret
	open-with = readers
	text = R&D files <stay> on this computer.
	link = https://intranet.example/rules?a=1&b=2
	[app readers]
	path = $readers/cat
	  $readers/cp
	[rule copies]
	label = confidential
	channel = local-file
	action = warn
	text = Copies need a reason.
	INI
}

make_places()
{
	local i

	places_make || return 1
	mkdir -p $readers $desk /tmp/.X11-unix /run/user/2001
	chmod 1777 $desk /tmp/.X11-unix
	chown alice:alice /run/user/2001
	install -m 755 -o root -g root /usr/bin/cat $readers/cat
	install -m 755 -o root -g root /usr/bin/cp $readers/cp
	as_user alice mkdir -p $desk/state/holdfast # she was told that she is watched over
	as_user alice sh -c "echo 1 >$desk/state/holdfast/told"
	for ((i = 1; i <= burst; i++)); do
		echo "$secret_text" >$secret/$i.txt
	done
	chmod 666 $secret/*.txt
}

# on_desk COMMAND...: as alice, in her desktop session.
on_desk()
{
	as_user alice env "${desk_env[@]}" "$@"
}

# stay NAME COMMAND...: for the background; leaves its process id in NAME.pid, what it says in NAME.
stay()
{
	local name=$1

	shift
	# shellcheck disable=SC2016
	as_user alice sh -c 'echo $$ >"$0"; exec "$@"' $desk/$name.pid "$@" >>$desk/$name 2>&1
}

desk_kill()
{
	kill "$(cat $desk/$1.pid)"
}

desk_lives()
{
	kill -0 "$(cat $desk/$1.pid)"
}

start_server()
{
	stay dunst env "${desk_env[@]}" dunst &
	wait_for 60 server_is_there
}

server_is_there()
{
	on_desk dunstctl count displayed
}

start_helper()
{
	stay helper env "${desk_env[@]}" build/holdfast-session &
	wait_for 60 helper_is_there
}

helper_is_there()
{
	on_desk busctl --user --no-pager status org.holdfast.Session
}

start_desktop()
{
	as_user alice dbus-daemon --session --address=unix:path=/run/user/2001/bus --nofork --nopidfile >$desk/bus 2>&1 &
	wait_for 30 test -S /run/user/2001/bus || return 1
	as_user alice Xvfb :7 -screen 0 800x600x24 -nolisten tcp >$desk/display 2>&1 &
	wait_for 120 test -S /tmp/.X11-unix/X7 || return 1
	start_server || return 1
	on_desk dbus-monitor --session member=Notify >$desk/monitor 2>&1 &
	wait_for 30 test -s $desk/monitor || return 1
	start_helper
}

# Notify calls so far: a notice that changes in place counts again.
shown()
{
	grep -c 'member=Notify' $desk/monitor
}

has_shown()
{
	[ "$(shown)" -ge $1 ]
}

# All notices leave the screen; then what the server showed, newest first.
history()
{
	on_desk dunstctl close-all >/dev/null 2>&1
	on_desk dunstctl history | /usr/bin/python3 tests/vm/cases/notices.py
}

history_says()
{
	history >$desk/history
	grep -qF -- "$1" $desk/history
}

# says NAME TEXT: the server has shown it.
says()
{
	if wait_for 60 history_says "$2"; then
		ok "$1"
	else
		not_ok "$1" "no '$2' in: $(head -n 5 $desk/history | tr '\n' ';')"
	fi
}

# silent NAME COUNT: since then nothing was shown.
silent()
{
	sleep 6
	if [ "$(shown)" -eq $2 ]; then
		ok "$1"
	else
		not_ok "$1" "$(shown) notices instead of $2"
	fi
}

one_refusal()
{
	expect_allowed 'alice reads what is not protected' as_user alice cat $open/doc.txt
	expect_allowed 'and with an allowed program what is' as_user alice $readers/cat $secret/doc.txt
	silent 'neither is a notice' 0
	expect_refused 'alice is refused' as_user alice cat $secret/doc.txt
	if wait_for 60 has_shown 1; then ok 'a notice is shown'; else not_ok 'a notice is shown'; fi
	says 'it names program and file' 'Refused: cat may not open doc.txt'
	says "it has the rule's own text, escaped" 'R&amp;D files &lt;stay&gt; on this computer.'
	says 'it says that the program is none of the allowed' 'not a verified application'
	says 'it names the place and the label' "File $secret/doc.txt (label Confidential)"
	says "it has the rule's link" \
		'<a href="https://intranet.example/rules?a=1&amp;b=2">'
	says 'it says how to learn more' 'See: holdfast why'
	check 'it is critical' grep -A 1 'string "urgency"' $desk/monitor
	check 'and its urgency says so' grep -q 'byte 2' $desk/monitor
}

a_warning()
{
	# What cp says of it would be a copy too, anywhere but here.
	as_user alice $readers/cp $secret/doc.txt $work/copy >/dev/null 2>&1
	check 'a copy without a reason is stopped' [ $? -ne 0 ]
	says 'a warning is a notice' 'Stopped: cp may not write copy without a reason'
	says "with its rule's text" 'Copies need a reason.'
	says 'and with what to do' 'holdfast justify --reason'
	check 'its urgency is normal' grep -q 'byte 1' $desk/monitor
}

of_another_user()
{
	local before

	before=$(shown)
	expect_refused 'bob is refused' as_user bob cat $secret/doc.txt
	check 'which bob can read of' as_user bob build/holdfast why
	silent "bob's refusal is no notice of alice" $before
}

# few NAME BEFORE
few()
{
	local calls=$(($(shown) - $2)) now

	now=$(on_desk dunstctl count displayed)
	now=$((now + $(on_desk dunstctl count waiting)))
	if [ $calls -le 12 ] && [ $now -le 4 ]; then
		ok "$1 ($calls times shown, $now on the screen)"
	else
		not_ok "$1" "$calls times shown, $now on the screen"
	fi
}

a_burst()
{
	local before rest

	history >/dev/null
	before=$(shown)
	as_user alice /usr/bin/python3 - $secret $burst <<-'PY' >$desk/burst 2>&1
	import sys
	refused = 0
	for i in range(int(sys.argv[2])):
	    try:
	        open(f"{sys.argv[1]}/{i + 1}.txt").close()
	    except PermissionError:
	        refused += 1
	print(refused)
	PY
	check "$burst files are refused" grep -qx $burst $desk/burst
	sleep 12
	few "$burst refusals are few notices" $before
	history >$desk/history
	rest=$(sed -n 's/^and \([0-9]*\) more refusals\t.*holdfast why.*/\1/p' $desk/history | head -n 1)
	if [ "${rest:-0}" -ge $((burst - 3)) ] && [ "$rest" -le $burst ]; then
		ok 'and one says how many more'
	else
		not_ok 'and one says how many more' "'$rest' in: $(head -n 6 $desk/history | tr '\n' ';')"
	fi
	sleep 31 # each kind has its notice so long
	before=$(shown)
	as_user alice sh -c "for i in \$(seq 100); do dd if=$secret/doc.txt; done" >/dev/null 2>&1
	sleep 12
	few '100 times the same is one notice' $before
	says 'that counts' 'Refused: dd may not open doc.txt (100 times)'
}

one_helper()
{
	if on_desk timeout 30 build/holdfast-session >$desk/second 2>&1; then
		ok 'a second one of a session ends by itself'
	else
		not_ok 'a second one of a session ends by itself' "status $?"
	fi
	check 'and says why' grep -q 'another holdfast-session' $desk/second
	check 'the first goes on' desk_lives helper
}

without_bus()
{
	local job

	stay without env -u DBUS_SESSION_BUS_ADDRESS -u XDG_RUNTIME_DIR build/holdfast-session &
	job=$!
	sleep 8
	check 'without a session bus it goes on' desk_lives without
	check 'and says so once' [ "$(grep -c 'no session bus' $desk/without)" = 1 ]
	desk_kill without
	wait $job
	check 'until it is told to end' [ $? -eq 0 ]
}

without_server()
{
	desk_kill dunst
	sleep 31
	expect_refused 'without a server it is refused all the same' as_user alice head $secret/doc.txt
	sleep 4
	check 'the helper goes on' desk_lives helper
	check 'the agent goes on' agent_is_enforcing
	check 'it is said once' [ "$(grep -c 'no notification server' $desk/helper)" = 1 ]
	start_server || not_ok 'the server starts again' "$(tail -n 3 $desk/dunst | tr '\n' ' ')"
	says 'a server that comes back shows what waited' 'Refused: head may not open doc.txt'
}

agent_comes_back()
{
	kill -9 $agent_pid
	wait $agent_pid 2>/dev/null
	wait_for 60 not_reachable
	agent_start_again
	wait_for 240 agent_is_enforcing || not_ok 'the agent starts again' "$(tail -n 3 $agent_log)"
	expect_refused 'after the agent was killed it is refused' as_user alice tail $secret/doc.txt
	says 'and the helper shows it' 'Refused: tail may not open doc.txt'
	check 'it said once that the agent was gone' [ "$(grep -c 'the agent broke off' $desk/helper)" = 1 ]
}

not_reachable()
{
	! build/holdfast status
}

# on_terminal USER FILE SCRIPT: in a terminal of its own; what it showed is in FILE.
on_terminal()
{
	as_user $1 script -qec "$3" $2 >/dev/null 2>&1 </dev/null
}

lines_on()
{
	grep -c 'holdfast: ' $1
}

shows_one_line()
{
	on_terminal alice $desk/refused "tty; cat $secret/doc.txt; sleep 5"
	[ "$(lines_on $desk/refused)" = 1 ]
}

a_line_on_the_terminal()
{
	on_terminal bob $desk/bob 'sleep 25' &
	local bob=$!

	on_terminal alice $desk/open "cat $open/doc.txt >/dev/null; sleep 5"
	check 'a terminal where nothing was refused shows nothing' [ "$(lines_on $desk/open)" = 0 ]
	# An agent that has just come back has better things to do for a while, and says nothing late.
	check 'the terminal that caused it shows one line' wait_for 60 shows_one_line
	check 'it is a terminal' grep -q '^/dev/pts/' $desk/refused
	check 'which names program and file' \
		grep -q "holdfast: .*'cat'.*$secret/doc.txt" $desk/refused
	check "and the rule's own text and link" \
		grep -q 'R&D files <stay> on this computer.*https://intranet.example/rules?a=1&b=2' \
		$desk/refused
	check 'and how to learn more' grep -q 'holdfast: .*holdfast why' $desk/refused
	on_terminal alice $desk/closed "mesg n; cat $secret/doc.txt; sleep 5"
	check 'a terminal closed to messages shows nothing' [ "$(lines_on $desk/closed)" = 0 ]
	on_terminal alice $desk/many \
		"for i in \$(seq 40); do cat $secret/\$i.txt; done 2>/dev/null; sleep 5"
	check "40 refusals are a few lines ($(lines_on $desk/many))" \
		[ "$(lines_on $desk/many)" -ge 1 -a "$(lines_on $desk/many)" -le 6 ]
	wait $bob
	check "a terminal of another user shows nothing" [ "$(lines_on $desk/bob)" = 0 ]
}

make_places || { echo 'the places could not be made'; exit 1; }
make_policy
agent_start $policy || { echo 'the agent does not start'; exit 1; }
if ! start_desktop; then
	echo 'the desktop does not start'
	tail -n 5 $desk/*
	exit 1
fi
one_refusal
a_warning
of_another_user
a_burst
one_helper
without_bus
without_server
agent_comes_back
a_line_on_the_terminal
[ "$hf_failures" -eq 0 ] || tail -n 20 $desk/helper
agent_stop
finish
