#!/bin/bash
# Owns: copy and paste on an X11 display by a real program (xclip): who pastes what was copied from a
# labelled document is a labelled reader (follow), or is told that there is nothing (block) and keeps
# its connection; unlabelled copies go anywhere, also after a labelled one.
# vm-needs: ext4 usb
# vm-timeout: 600
# The places have no blanks in their names.
# shellcheck disable=SC2016,SC2086,SC2119,SC2120,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

export DISPLAY=:7
policy=/run/hf/policy.ini
reader=/opt/readers/xclip
terminal=/opt/carrier/python3

make_policy()
{
	policy_with_viewed readers >$policy
	cat >>$policy <<-END
		[app terminal]
		path = $terminal
		carrier = yes
	END
}

display_start()
{
	Xvfb $DISPLAY -screen 0 320x200x8 -nolisten tcp >/run/hf/display 2>&1 &
	wait_for 60 test -S /tmp/.X11-unix/X${DISPLAY#:}
}

# copy PROGRAM FILE: it goes on in the background, and owns the clipboard.
copy()
{
	$1 -selection clipboard -i $2 >/dev/null 2>&1 </dev/null
}

# paste TARGET [OPTION...]: by a program without rights, to a file that it opens after it has pasted.
paste()
{
	local target=$1

	shift
	/usr/bin/xclip -selection clipboard -o "$@" 2>/run/hf/said |
		dd of=$target conv=fsync status=none 2>/dev/null
}

holds()
{
	grep -aqF "$2" $1
}

# What it pastes it writes to the stick itself.
paste_to_the_stick()
{
	/usr/bin/xclip -selection clipboard -o "$@" >$usb/pasted 2>/run/hf/said
}

unlabelled_goes_anywhere()
{
	rm -f $usb/pasted
	check "$1: it is copied" copy /usr/bin/xclip $open/doc.txt
	check "$1: and pasted onto the stick" paste_to_the_stick
	check "$1: it is there" holds $usb/pasted "$open_text"
	check "$1: also by a program that may read the labelled" copy $reader $open/doc.txt
	check "$1: pasted onto the stick" paste_to_the_stick
}

follows()
{
	rm -f $usb/pasted
	check 'a labelled document is copied' copy $reader $secret/doc.txt
	check 'what formats there are is no content' paste_to_the_stick -t TARGETS
	check 'they are there' holds $usb/pasted UTF8_STRING
	rm -f $usb/pasted
	check 'it is pasted' paste $work/pasted
	expect_refused 'and what was written is labelled' cat $work/pasted
	window_open
	paste_to_the_stick # it says nothing of what it could not write
	window_close 'who pastes can not write to the stick'
	check 'nothing is on the stick' test -e $usb/pasted -a ! -s $usb/pasted
	check 'lineage tells of the clipboard' grep -q clipboard <(holdfast lineage $secret/doc.txt)
}

# More than fits into one property: in pieces (INCR, ICCCM 2.7.2).
follows_in_pieces()
{
	check 'a large labelled document is copied' copy $reader $secret/large.txt
	check 'it is pasted' paste $work/large
	expect_refused 'what was written of it is labelled' cat $work/large
	check 'all of it' [ "$(stat -c %s $work/large)" = "$(stat -c %s $secret/large.txt)" ]
}

# A terminal is a carrier: what it was given to paste it types with its labels.
into_a_terminal()
{
	copy /usr/bin/xclip $open/doc.txt
	check 'a terminal pastes what is unlabelled' paste_in_terminal $work/typed
	check 'it is typed' holds $work/typed "$open_text"
	copy $reader $secret/doc.txt
	check 'a terminal pastes what is labelled' paste_in_terminal $work/typed-labelled
	expect_refused 'and what was typed is labelled' cat $work/typed-labelled
}

# It typed it already when its shell reads it: that is on record, and nobody says that it was refused.
viewed_into_a_terminal()
{
	local events=/run/hf/clipboard-taken

	copy $reader $view/doc.txt
	paste_in_terminal $work/typed-viewed # its shell may not write it
	check 'what is for viewing is typed, and not written' test -e $work/typed-viewed -a ! -s $work/typed-viewed
	events_dump >$events
	check 'that it was read there is on record' \
		awk '$1 == "audit" && $2 == "ipc" && $3 == "taken" { found = 1 } END { exit !found }' $events
	refute 'and not as refused' \
		awk '$1 == "block" && $2 == "ipc" && $3 ~ /read|taken/ { found = 1 } END { exit !found }' $events
}

paste_in_terminal()
{
	timeout 60 $terminal tests/vm/cases/x_terminal.py /tmp/.X11-unix/X${DISPLAY#:} $1
}

# Nobody but who may open it.
blocks()
{
	check 'a document for viewing is copied' copy $reader $view/doc.txt
	rm -f $work/viewed
	window_open
	check 'pasting it works' sh -c "/usr/bin/xclip -selection clipboard -o >$work/viewed 2>/run/hf/said"
	window_close 'pasting what is for viewing'
	check 'but gives nothing' test -e $work/viewed -a ! -s $work/viewed
	check 'and its connection is kept' test ! -s /run/hf/said
	check 'what formats there are is told' paste_to_the_stick -t TARGETS
	check 'a program that may open it pastes it' \
		sh -c "$reader -selection clipboard -o >/dev/null"
	check 'it is told why' grep -q 'paste what was copied' <(holdfast events)
}

places_make || { echo "the places could not be made"; exit 1; }
mkdir -p $view /opt/readers /opt/carrier
echo "$secret_text" >$view/doc.txt
seq -f "$secret_text %g" 20000 >$secret/large.txt
install -m 755 -o root -g root /usr/bin/xclip $reader
install -m 755 -o root -g root /usr/bin/python3 $terminal
make_policy
display_start || { echo "no display"; cat /run/hf/display; exit 1; }
agent_start $policy || { echo "the agent does not start"; exit 1; }
unlabelled_goes_anywhere 'before'
follows
unlabelled_goes_anywhere 'after it'
follows_in_pieces
into_a_terminal
blocks
viewed_into_a_terminal
unlabelled_goes_anywhere 'after a refusal'
expect_each_recorded
agent_stop
finish
