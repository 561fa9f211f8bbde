#!/bin/bash
# Owns: a case which leaves a process behind, holding its output open.
setsid sleep 1000 &
echo 'ok left'
