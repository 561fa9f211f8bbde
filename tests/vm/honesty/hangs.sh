#!/bin/bash
# Owns: a case which never ends by itself and ignores being asked to.
# vm-timeout: 3
trap '' TERM
while :; do sleep 1000; done
