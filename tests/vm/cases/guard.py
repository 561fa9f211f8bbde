#!/usr/bin/python3
"""Attempts that no command makes: guard.py WHAT [PID or PATH]. Exit status 10: refused with EPERM."""
import ctypes
import os
import signal
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
NR_TGKILL, NR_BPF, NR_KEXEC_LOAD, NR_ADJTIMEX = 234, 321, 246, 159
NR_PIDFD_GETFD, NR_VM_WRITEV = 438, 311
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206


def call(number, *arguments):
    wide = [ctypes.c_long(it) if isinstance(it, int) else it for it in arguments]
    result = libc.syscall(ctypes.c_long(number), *wide)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def ptrace(request, pid):
    if libc.ptrace(request, pid, None, None) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write_memory(pid):
    for line in open(f"/proc/{pid}/maps"):
        if " rw" in line:
            start = int(line.split("-")[0], 16)
            break
    data = ctypes.create_string_buffer(b"x", 1)
    local = struct.pack("QQ", ctypes.addressof(data), 1)
    remote = struct.pack("QQ", start, 1)
    call(NR_VM_WRITEV, pid, local, 1, remote, 1, 0)


def bpf(command, attributes):
    attributes = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    return call(NR_BPF, command, attributes, 128)


def load_program():
    code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0))
    text = ctypes.create_string_buffer(b"GPL\0")
    bpf(5, struct.pack("IIQQ", 2, 2, ctypes.addressof(code), ctypes.addressof(text)))  # kprobe


def adjust(seconds):
    """adjtimex(2) with ADJ_SETOFFSET."""
    before = (0x100, 0, 0, 0, 0, 0, 0, 0, 0)  # modes, offset ... tolerance
    timex = struct.pack("I4xqqqqi4xqqqqq", *before, seconds, 0)
    call(NR_ADJTIMEX, ctypes.create_string_buffer(timex.ljust(208, b"\0"), 208))


def open_pin(path):
    text = ctypes.create_string_buffer(path.encode())
    bpf(7, struct.pack("Q", ctypes.addressof(text)))


def ids(next_command):
    """Numbers of all maps or programs."""
    number = 0
    while True:
        attributes = ctypes.create_string_buffer(struct.pack("II", number, 0).ljust(128, b"\0"), 128)
        if libc.syscall(NR_BPF, next_command, attributes, 128) < 0:
            return
        number = struct.unpack_from("I", attributes, 4)[0]
        yield number


def by_id(next_command, get_command):
    """Opens all; how many were refused. 0 refused is failure."""
    refused = 0
    for number in ids(next_command):
        try:
            os.close(bpf(get_command, struct.pack("I", number)))
        except PermissionError:
            refused += 1
    if refused:
        raise PermissionError(1, f"Operation not permitted, {refused} times")


def main():
    what, argument = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "0"
    pid = int(argument) if argument.isdigit() else 0
    acts = {
        "tgkill": lambda: call(NR_TGKILL, pid, pid, 9),
        "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(pid), 9),
        "queue": lambda: call(129, pid, 10, struct.pack("iii", 10, 0, -1).ljust(128, b"\0")),
        "attach": lambda: ptrace(PTRACE_ATTACH, pid),
        "seize": lambda: ptrace(PTRACE_SEIZE, pid),
        "memory": lambda: write_memory(pid),
        "mem": lambda: os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR)),
        "getfd": lambda: call(NR_PIDFD_GETFD, os.pidfd_open(pid), 1, 0),
        "limit": lambda: __import__("resource").prlimit(pid, 7, (16, 16)),
        "map-ids": lambda: by_id(12, 14),
        "program-ids": lambda: by_id(11, 13),
        "pinned": lambda: open_pin(argument),
        "writev": lambda: os.writev(os.open(argument, os.O_WRONLY), [sys.argv[3].encode()]),
        "adjust": lambda: adjust(int(argument)),
        "setxattr": lambda: os.setxattr(argument, sys.argv[3], b"x"),
        "removexattr": lambda: os.removexattr(argument, sys.argv[3]),
        "load": load_program,
        "kexec": lambda: call(NR_KEXEC_LOAD, 0, 0, None, 0),
    }
    try:
        acts[what]()
    except PermissionError as error:
        print(error, file=sys.stderr)
        return 10
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


sys.exit(main())
