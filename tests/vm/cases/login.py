#!/usr/bin/python3
"""login.py ACCOUNT PASSWORD: logs in by login(1) on a terminal of its own, as at the console; prints what is
seen there. Status 0 when a shell came up."""
import os
import pty
import select
import signal
import sys
import time

account, password = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv("/bin/login", ["login", account])
seen, sent, asked, done, until = b"", False, False, False, time.time() + 90
while time.time() < until:
    if not select.select([terminal], [], [], 0.5)[0]:
        continue
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # nobody has it open: it is over, or login(1) hangs up and opens it anew
        if os.waitpid(pid, os.WNOHANG)[0]:
            pid = 0
            break
        time.sleep(0.1)
        continue
    seen += piece
    if not sent and b"assword:" in seen:
        os.write(terminal, password.encode() + b"\n")
        sent, seen = True, b""
    elif sent and not asked and seen.rstrip().endswith((b"$", b"#")):
        # what a shell answers, and nothing that echoes; login(1) drops what is typed before
        os.write(terminal, b"echo who-$((40+2))-$(id -un)\nexit\n")
        asked = True
    if b"who-42-" + account.encode() in seen:
        done = True
    if b"incorrect" in seen or b"denied" in seen.lower():
        break
os.close(terminal)
if pid:
    os.kill(pid, signal.SIGHUP)
    os.waitpid(pid, 0)
print(seen.decode(errors="replace"))
sys.exit(not done)
