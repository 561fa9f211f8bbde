#!/bin/sh
# Every manual page is free of mandoc's warnings.
set -u
cd "$(dirname -- "$0")/.." || exit 2
failed=0
for page in man/*.[0-9]; do
	mandoc -T lint -W warning "$page" || failed=1
done
exit $failed
