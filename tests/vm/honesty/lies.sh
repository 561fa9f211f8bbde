#!/bin/bash
# Owns: a case which ends the machine in an orderly way before it has reported.
busybox poweroff -f
