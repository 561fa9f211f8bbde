#!/bin/bash
# Owns: a case whose results are all good but which ends badly; that must count.
echo 'ok so far'
exit 3
