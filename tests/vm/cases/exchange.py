# Owns: renameat2(RENAME_EXCHANGE), which no common program offers.
# usage: exchange.py ONE OTHER
import ctypes
import os
import sys

AT_FDCWD, RENAME_EXCHANGE = -100, 2
libc = ctypes.CDLL(None, use_errno=True)
one, other = map(os.fsencode, sys.argv[1:])
if libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE):
    sys.exit(os.strerror(ctypes.get_errno()))
