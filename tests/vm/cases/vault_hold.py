#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a file, and reads a piece of it each time a line comes: what a program that has a document open sees
when the key goes. Says its process id, then 'read N' or the errno."""
import errno
import os
import sys

fd = os.open(sys.argv[1], os.O_RDONLY)
print(os.getpid(), flush=True)
for line in sys.stdin:
    try:
        print('read', len(os.pread(fd, 100, 0)), flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
