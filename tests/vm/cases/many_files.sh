#!/bin/bash
# Owns: 100,000 files below one labelled directory: all are refused, with cold caches, there and
# where the directory is moved to; 10,000 unlabelled ones are all free. And the same 64 directories
# down.
# vm-needs: ext4
# vm-timeout: 900
# The places have no blanks in their names.
# shellcheck disable=SC2086,SC2119
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

reader=/opt/readers/cat
deep=deep$(printf '/d%.0s' {1..64})

# The harness formats for cases with few files.
format_for_many()
{
	mkfs.ext4 -q -F -b 1024 -N 150000 "$(disk_dev ext4)"
}

# make_files DIRECTORY COUNT: so many directories of 1,000 files with a byte each.
make_files()
{
	python3 - "$1" "$2" <<-'PY'
	import os, sys
	for d in range(int(sys.argv[2])):
	    path = '%s/%d' % (sys.argv[1], d)
	    os.makedirs(path)
	    for f in range(1000):
	        fd = os.open('%s/%d' % (path, f), os.O_WRONLY | os.O_CREAT, 0o644)
	        os.write(fd, b'x')
	        os.close(fd)
	PY
}

# refused_of DIRECTORY: "N of M", how many of all its files cannot be opened.
refused_of()
{
	python3 - "$1" <<-'PY'
	import os, sys
	refused = total = 0
	for d, _, files in os.walk(sys.argv[1]):
	    for f in files:
	        total += 1
	        try:
	            os.close(os.open(d + '/' + f, os.O_RDONLY))
	        except PermissionError:
	            refused += 1
	print(refused, 'of', total)
	PY
}

expect_count()
{
	local count

	count=$(refused_of "$2")
	check "$1: $count refused" [ "$count" = "$3" ]
}

# deep_refused LABELLED UNLABELLED WHEN
deep_refused()
{
	expect_refused "64 directories down$3" cat "$1/$deep/doc.txt"
	expect_allowed "the unlabelled 64 down$3" cat "$2/$deep/doc.txt"
	expect_allowed "an allowed program reads 64 down$3" $reader "$1/$deep/doc.txt"
}

format_for_many || exit 1
places_make || exit 1
mkdir -p /opt/readers $secret/$deep $open/$deep
install -m 755 -o root -g root /usr/bin/cat $reader
cp $secret/doc.txt $secret/$deep
cp $open/doc.txt $open/$deep
make_files $secret/many 100 || exit 1
make_files $open/many 10 || exit 1
agent_start || exit 1
forget
deep_refused $secret $open ''
expect_count 'labelled' $secret/many '100000 of 100000'
expect_count 'the unlabelled' $open/many '0 of 10000'
mv $secret/many $work/many
mv $open/many $work/open-many
forget
expect_count 'labelled, moved away' $work/many '100000 of 100000'
expect_count 'the unlabelled, moved too' $work/open-many '0 of 10000'
expect_allowed 'an allowed program reads one' $reader $work/many/50/500
mkdir $work/a $work/b
mv $secret/deep $work/a
mv $open/deep $work/b
forget
deep_refused $work/a $work/b ', moved away'
agent_stop
finish
