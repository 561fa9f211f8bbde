#!/bin/bash
# Owns: which programs may open a labelled file: an allowed one works in it as people do, and
# nothing else opens it, whatever it is called and however it is started.
# vm-needs: ext4
# vm-timeout: 900
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

readers=/opt/readers
home=/home/alice

make_readers()
{
	mkdir -p $readers
	install -m 755 -o root -g root /usr/bin/vim.tiny $readers/vim
	install -m 755 -o root -g root /usr/bin/cat $readers/cat
	install -m 755 -o root -g root /usr/bin/busybox $readers/busybox
}

# The commands of a person at the keyboard; nothing of what vim prints is read here.
edit()
{
	local file=$1

	shift
	as_user alice $readers/vim -u NONE -i NONE -N -n -es "$@" "$file" </dev/null >/dev/null 2>&1
}

saved()
{
	as_user alice $readers/cat "$1" >/dev/null 2>&1 &&
		as_user alice $readers/busybox grep -q "$2" "$1" >/dev/null 2>&1
}

# An editor at work: each way of saving there is, in the labelled directory.
allowed_works()
{
	expect_allowed 'an allowed program reads' as_user alice $readers/cat $secret/doc.txt
	edit $secret/doc.txt -c 'set nobackup nowritebackup' -c '$s/$/ in place/' -c 'wq'
	check 'an editor saves in place' saved $secret/doc.txt 'in place'
	edit $secret/doc.txt -c 'set backup writebackup backupcopy=no backupdir=. ' \
		-c '$s/$/ by renaming/' -c 'wq'
	check 'an editor saves by a new file and rename' saved $secret/doc.txt 'by renaming'
	check 'its backup is there' test -e $secret/doc.txt~
	edit $secret/doc.txt -c 'set backup backupcopy=yes backupdir=.' \
		-c '$s/$/ by copying/' -c 'wq'
	check 'an editor saves with a copy as backup' saved $secret/doc.txt 'by copying'
	edit $secret/new.txt -c '$s/$/ a new document/' -c 'wq'
	check 'an editor makes a new document' saved $secret/new.txt 'new document'
	as_user alice $readers/vim -u NONE -i NONE -N -es -c 'set directory=.' \
		-c '$s/$/ with a lock/' -c wq $secret/doc.txt </dev/null >/dev/null 2>&1
	check 'an editor saves with its swap file beside the document' \
		saved $secret/doc.txt 'with a lock'
	forget
	expect_refused 'what it saved in place is labelled' cat $secret/doc.txt
	expect_refused 'its backup is labelled' cat $secret/doc.txt~
	expect_refused 'the new document is labelled' cat $secret/new.txt
}

# The same programs that may read the file beside it.
real_programs_are_refused()
{
	refused_and_allowed cat cat
	refused_and_allowed head head -c 10
	refused_and_allowed grep grep -c e
	refused_and_allowed python /usr/bin/python3 -c 'import sys; open(sys.argv[1]).read()'
	refused_and_allowed perl perl -e 'open F, "<", shift or die $!; <F>'
	refused_and_allowed awk awk '1'
	refused_and_allowed sed sed -n 1p
	refused_and_allowed sort sort
	refused_and_allowed nl nl
	refused_and_allowed sha256sum sha256sum
	refused_and_allowed tac tac
	refused_and_allowed od od -c
	refused_and_allowed gzip gzip -kc
	refused_and_allowed xz xz -kc
	refused_and_allowed busybox /usr/bin/busybox cat
	/usr/bin/vim.tiny -u NONE -i NONE -N -es -c "w! $work/vim" -c q! $secret/doc.txt >/dev/null 2>&1
	refute 'an editor that is not allowed' grep -q "$secret_text" $work/vim
	/usr/bin/vim.tiny -u NONE -i NONE -N -es -c "w! $work/vim" -c q! $open/doc.txt >/dev/null 2>&1
	check 'that editor with the unlabelled' grep -q "$open_text" $work/vim
	expect_refused 'cp' cp $secret/doc.txt $work/cp
	expect_allowed 'cp of the unlabelled' cp $open/doc.txt $work/cp
	expect_refused 'dd' dd if=$secret/doc.txt of=$work/dd
	expect_allowed 'dd of the unlabelled' dd if=$open/doc.txt of=$work/dd
	expect_refused 'tar' tar -C $secret -cf $work/tar doc.txt
	expect_allowed 'tar of the unlabelled' tar -C $open -cf $work/tar doc.txt
	expect_refused 'rsync' rsync $secret/doc.txt $work/rsync
	expect_allowed 'rsync of the unlabelled' rsync $open/doc.txt $work/rsync
	expect_refused 'zip' zip -q $work/secret.zip $secret/doc.txt
	expect_allowed 'zip of the unlabelled' zip -q $work/open.zip $open/doc.txt
	expect_refused 'appending by the shell' sh -c "echo more >>$secret/doc.txt"
	expect_allowed 'appending to the unlabelled' sh -c "echo more >>$open/doc.txt"
	expect_refused 'truncate' truncate -s 1 $secret/doc.txt
	expect_allowed 'truncate of the unlabelled' truncate -s 1 $work/cp
	expect_refused 'sed -i' sed -i s/a/b/ $secret/doc.txt
}

# refused_and_allowed NAME COMMAND...: the file is the last argument.
refused_and_allowed()
{
	local name=$1

	shift
	expect_refused "$name" "$@" $secret/doc.txt
	expect_allowed "$name of the unlabelled" "$@" $open/doc.txt
}

# An identity is the inode that was verified: no name, path, copy or trick brings it elsewhere.
tricks_with_the_program()
{
	local loader=/lib64/ld-linux-x86-64.so.2

	as_user alice cp $readers/cat $home/cat
	expect_refused 'a copy in the home of a user' as_user alice $home/cat $secret/doc.txt
	expect_allowed 'the copy works' as_user alice $home/cat $open/doc.txt
	as_user alice cp $readers/cat $home/vim
	expect_refused 'a copy called like an allowed program' as_user alice $home/vim $secret/doc.txt
	cp $readers/cat $readers.copy
	expect_refused 'a copy of root beside it' $readers.copy $secret/doc.txt
	as_user alice ln -s /usr/bin/head $home/reader
	expect_refused 'a symbolic link to another program' as_user alice $home/reader $secret/doc.txt
	ln -s $readers/cat $home/link
	expect_allowed 'a symbolic link to the allowed one is the allowed one' \
		as_user alice $home/link $secret/doc.txt
	expect_refused 'the loader with the allowed program' $loader $readers/cat $secret/doc.txt
	expect_allowed 'the loader works' $loader $readers/cat $open/doc.txt
	expect_refused 'exec -a with an allowed name' \
		bash -c "exec -a $readers/cat cat $secret/doc.txt"
	expect_refused 'a copy in memory' /usr/bin/python3 tests/vm/cases/memory_copy.py \
		$readers/cat $secret/doc.txt
	expect_allowed 'the copy in memory works' /usr/bin/python3 tests/vm/cases/memory_copy.py \
		$readers/cat $open/doc.txt
	expect_refused '/proc/self/exe of another program' /proc/self/exe $secret/doc.txt
	printf '#!%s\n' $readers/cat >$home/script
	chmod 755 $home/script
	expect_refused 'a script whose interpreter is allowed' as_user alice $home/script $secret/doc.txt
	expect_allowed 'that script works' as_user alice $home/script $open/doc.txt
	expect_refused 'a shell builtin' bash -c "read -r line <$secret/doc.txt"
	expect_allowed 'the builtin works' bash -c "read -r line <$open/doc.txt"
	expect_refused 'a library forced into another program' \
		env LD_PRELOAD=/lib/x86_64-linux-gnu/libm.so.6 cat $secret/doc.txt
	mkdir -p $home/bind
	mount --bind $readers $home/bind
	expect_allowed 'the program by a bind mount is the same' $home/bind/cat $secret/doc.txt
	umount $home/bind
	mount --bind $home/cat $readers/cat
	expect_refused 'another file mounted over the program' $readers/cat $secret/doc.txt
	umount $readers/cat
}

# Written to, it is no longer what was verified; and what is not root's is not verified again.
changed_program()
{
	install -m 755 /usr/bin/cat $readers/tac
	agent_reload
	expect_allowed 'before it is changed' $readers/tac $secret/doc.txt
	chown alice $readers/tac
	as_user alice sh -c "printf x >>$readers/tac"
	expect_refused 'a program that its user wrote to' $readers/tac $secret/doc.txt
	expect_allowed 'it still runs' $readers/tac $open/doc.txt
}

places_make || { echo 'the places could not be made'; exit 1; }
make_readers
agent_start || { echo 'the agent does not start'; exit 1; }
allowed_works
real_programs_are_refused
tricks_with_the_program
changed_program
expect_each_recorded
agent_stop
finish
