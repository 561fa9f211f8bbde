#!/bin/bash
# Owns: 100,000 files below one labelled directory: all are refused, before and after the caches are
# emptied, and after the directory was moved; their unlabelled twins are all free.
# vm-needs: ext4
# vm-timeout: 900
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

reader=/opt/readers/cat

# make_files DIRECTORY: 100 directories of 1,000 files with a byte each.
make_files()
{
	python3 - "$1" <<-'PY'
	import os, sys
	for d in range(100):
	    path = '%s/%d' % (sys.argv[1], d)
	    os.makedirs(path)
	    for f in range(1000):
	        fd = os.open('%s/%d' % (path, f), os.O_WRONLY | os.O_CREAT, 0o644)
	        os.write(fd, b'x')
	        os.close(fd)
	PY
}

# refused_of DIRECTORY: how many of all its files cannot be opened.
refused_of()
{
	python3 - "$1" <<-'PY'
	import os, sys
	refused = 0
	for d, _, files in os.walk(sys.argv[1]):
	    for f in files:
	        try:
	            os.close(os.open(d + '/' + f, os.O_RDONLY))
	        except PermissionError:
	            refused += 1
	print(refused)
	PY
}

expect_count()
{
	local count

	count=$(refused_of "$2")
	check "$1: $count of 100000 refused" [ "$count" -eq "$3" ]
}

places_make || exit 1
mkdir -p /opt/readers
install -m 755 -o root -g root /usr/bin/cat $reader
make_files "$secret/many"
make_files $open/many
agent_start tests/vm/cases/policy.ini || exit 1
expect_count 'labelled' $secret/many 100000
expect_count 'their unlabelled twins' $open/many 0
forget
expect_count 'labelled, caches emptied' $secret/many 100000
mv $secret/many $work/many
mv $open/many $work/open-many
expect_count 'labelled, moved away' $work/many 100000
expect_count 'the twins, moved too' $work/open-many 0
expect_allowed 'an allowed program reads one' $reader $work/many/50/500
agent_stop
finish
