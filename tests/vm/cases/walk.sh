#!/bin/bash
# Owns: the random walk: what the kernel part says of processes and files after each random step is
# what the reference model says (tests/vm/walk/model.c).
# vm-needs: ext4
# vm-timeout: 900
# HF_WALK: more options, for instance '--seed 77 --length 9', for a case that sources this one.
. tests/vm/guest/lib.sh

install -m 755 build/tests/hf-walk-actors /usr/local/bin/hf-walk-plain
install -m 755 build/tests/hf-walk-actors /usr/local/bin/hf-walk-reader
install -m 755 build/tests/hf-walk /usr/local/bin/hf-walk
mkdir -p /mnt/walk # a tmpfs
mount_disk ext4 /mnt/data || { echo 'no disk'; exit 1; }

# shellcheck disable=SC2086 # words
if hf-walk --directory /mnt/data --directory /mnt/walk --shrink $HF_WALK; then
	ok 'kernel and model agree after every step'
else
	not_ok 'kernel and model agree after every step' 'the steps are above'
fi
finish
