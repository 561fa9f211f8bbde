#!/bin/bash
# Owns: a case under which the kernel panics.
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
sleep 30
