#!/bin/bash
# Owns: the mark on the file itself: taken away, written over or exchanged while nobody looks, it is
# noticed at the first use, told, and written anew; and the label holds all the while.
# vm-needs: ext4
# vm-timeout: 600
# shellcheck disable=SC2086,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

attribute=security.bpf.holdfast
reader=/opt/readers/cat
policy=/run/hf/policy.ini

make_policy()
{
	policy_of_cases >$policy
	cat >>$policy <<-'END'

		[label internal]
		tenant = acme
		title = Internal
		path = /mnt/data/internal
		open-with = road, readers
	END
}

make_files()
{
	local name

	mkdir -p /opt/readers
	install -m 755 -o root -g root /usr/bin/cat $reader
	for name in true stripped garbage foreign copied replayed; do
		echo "$secret_text" >$work/$name.txt
		holdfast label set confidential $work/$name.txt >/dev/null || return 1
	done
	holdfast label set internal $work/copied.txt >/dev/null
}

# value FILE: the mark, as hexadecimal digits; nothing where there is none.
value()
{
	/usr/bin/python3 -c 'import os, sys; print(os.getxattr(*sys.argv[1:]).hex())' \
		"$1" $attribute 2>/dev/null
}

# Of the file system that nobody has mounted, with no kernel part: as another system would.
offline()
{
	debugfs -w -R "$*" "$disk" >/run/hf/debugfs 2>&1
}

# The kernel lets go of programs when it has time, and they guard the disk until then.
is_let_go()
{
	: <>"$disk"
}

exchange_marks()
{
	local true_mark=/run/hf/mark

	value $work/true.txt | xxd -r -p >$true_mark
	value $work/true.txt | sed 's/..$/00/; s/^\(.\{100\}\)../\1ff/' | xxd -r -p >$true_mark.foreign
	echo 'not a mark at all' >$true_mark.garbage
	value $work/replayed.txt | xxd -r -p >$true_mark.old
	holdfast label set internal $work/replayed.txt >/dev/null
	agent_leave
	umount $data || return 1
	wait_for 60 is_let_go || return 1
	offline ea_rm work/stripped.txt $attribute
	offline ea_set -f $true_mark.garbage work/garbage.txt $attribute
	offline ea_set -f $true_mark.foreign work/foreign.txt $attribute
	offline ea_set -f $true_mark work/copied.txt $attribute
	offline ea_set -f $true_mark.old work/replayed.txt $attribute
	mount "$disk" $data && agent_start $policy
}

# told ROW FILE: an event says so.
told()
{
	holdfast events --json | grep "\"$1\"" | grep -q "$2"
}

# noticed NAME ROW: used by an allowed reader, told, whole again, and shut to others throughout.
noticed()
{
	local file=$work/$1.txt before

	before=$(value $file)
	expect_refused "$1: others are refused before anyone has looked" cat $file
	expect_allowed "$1: an allowed program reads" $reader $file
	check "$1: it is told as $2" wait_for 10 told $2 $1.txt
	check "$1: the mark was written anew" wait_for 10 is_rewritten $file "$before"
	expect_refused "$1: others are refused afterwards" cat $file
}

is_rewritten()
{
	local now

	now=$(value "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}

marks_kept()
{
	holdfast status --json | sed 's/.*"marks": *\([0-9]*\).*/\1/'
}

marks_are()
{
	test "$(marks_kept)" "$@"
}

# What inherits is kept for as long as it exists: programs make and delete such files all day.
deleted_are_forgotten()
{
	local before i

	before=$(marks_kept)
	for i in {1..50}; do
		$reader $secret/doc.txt >$work/temporary.$i
	done
	check 'fifty copies are kept' wait_for 20 marks_are -ge $((before + 50))
	rm $work/temporary.*
	check 'none of them is once they are deleted' wait_for 20 marks_are -le "$before"
	(
		exec 3>$work/open.txt
		rm $work/open.txt
		$reader $secret/doc.txt >&3
		sleep 2
		marks_are -le "$before"
	)
	check 'nor is what was written after its name went' [ $? -eq 0 ]
}

# The kernel's record says where a file was before it moved: the sensor may find nobody there. What
# never had its mark was not stripped of it; it gets it at the first use.
moved_is_not_stripped()
{
	local name sensor

	sensor=$(pgrep -x -n holdfast-sensor)
	kill -STOP "$sensor" # it would often be there in time
	for name in moved returned; do
		echo "$secret_text" >$secret/$name.txt
		mv $secret/$name.txt $work/$name.txt
	done
	kill -CONT "$sensor"
	sleep 2
	mv $work/returned.txt $secret/returned.txt
	for name in $work/moved.txt $secret/returned.txt; do
		check "$name has no mark yet" test -z "$(value $name)"
		expect_allowed "$name is read" $reader $name
		check "$name gets its mark" wait_for 10 is_rewritten $name ''
	done
	sleep 2
	refute 'nobody took a mark from the first' told mark- moved.txt
	refute 'nobody took a mark from the second' told mark- returned.txt
	/usr/bin/python3 -c 'import os, sys; os.removexattr(*sys.argv[1:])' $work/moved.txt $attribute
	expect_allowed 'control: it is read without its mark' $reader $work/moved.txt
	check 'control: and that is told' wait_for 10 told mark-stripped moved.txt
}

main()
{
	local names

	places_make || return 1
	mkdir -p $data/internal
	make_policy
	disk=$(findmnt -no SOURCE $data)
	agent_start $policy || {
		not_ok 'the agent starts'
		return
	}
	make_files || not_ok 'files can be labelled by hand'
	check 'a labelled file carries a mark' test -n "$(value $work/true.txt)"
	expect_allowed 'an unlabelled file is read' cat $open/doc.txt
	exchange_marks || not_ok 'the disk is unmounted'
	noticed stripped mark-stripped
	noticed garbage mark-not-ours
	noticed foreign mark-foreign
	noticed copied mark-copied
	noticed replayed mark-stripped
	names=$(value $work/true.txt)
	expect_allowed 'a true mark: an allowed program reads' $reader $work/true.txt
	sleep 2
	check 'a true mark is left alone' test "$(value $work/true.txt)" = "$names"
	refute 'and nothing is told of it' told mark- true.txt
	check 'the key is for root alone' \
		test "$(stat -c %a%U /var/lib/holdfast-sensor/mark.key)" = 600root
	deleted_are_forgotten
	moved_is_not_stripped
	expect_each_recorded
	agent_stop
}

main
