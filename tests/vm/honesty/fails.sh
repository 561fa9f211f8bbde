#!/bin/bash
# Owns: a case with one result of each kind, which must make the run fail.
# shellcheck source=../guest/lib.sh
. "$HF_REPO/tests/vm/guest/lib.sh"
check 'true succeeds' true
check 'false succeeds' false
skip 'unicorn' 'no unicorn'
finish
