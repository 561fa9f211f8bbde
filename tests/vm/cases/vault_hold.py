#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a file and holds it, as a program that has a document open does. At SIGUSR1 it reads a piece: it becomes nicer
by one when it could, and stops itself when it was refused. So nothing that it writes has to be read."""
import os
import signal
import sys

fd = os.open(sys.argv[1], os.O_RDONLY)


def read_now(_number, _frame):
    try:
        if os.pread(fd, 100, 0):
            os.nice(1)
    except PermissionError:
        os.kill(os.getpid(), signal.SIGSTOP)


signal.signal(signal.SIGUSR1, read_now)
os.nice(1)  # ready
while True:
    signal.pause()
