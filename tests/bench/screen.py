#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what drawing takes of a display and its client together, and compares.

usage: screen.py measure X-SERVER-PID WAYLAND-SERVER-PID FILE
       screen.py table FILE-OF-NONE FILE-OF-NONE-AGAIN FILE...
Nanoseconds of processor, which are instructions where time is counted in these (--icount). Of each test the
cost of few repetitions is taken away from that of many: what is left is drawing, without start and end.
"""
import os
import statistics
import subprocess
import sys
import time

TURNS = 3
FEW = 1
# What x11perf draws, and how often: each about as many instructions.
X_TESTS = {
    "noop": 40000, "dot": 10000, "rect10": 4000, "rect500": 40, "line100": 1000, "seg10": 5000,
    "trap100": 200, "copywinwin100": 400, "copypixwin100": 400,
    "scroll100": 400, "putimage100": 200, "shmput100": 400, "getimage100": 200, "prop": 800,
    "pointer": 800, "ucreate": 2000, "map": 400, "umove": 400, "gc": 8000,
}
FRAMES_SECONDS = 4
WANTED = 1.03


def used_ns(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def drawn_once(server, name, reps):
    """Nanoseconds of client and server."""
    time.sleep(0.05)
    before = used_ns(server)
    child = subprocess.Popen(["setarch", "-R", "x11perf", "-repeat", "1", "-reps", str(reps), f"-{name}"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        raise SystemExit(f"x11perf -{name}: {said.decode()}")
    time.sleep(0.05)
    return used_ns(server) - before + round((usage.ru_utime + usage.ru_stime) * 1e9)


def drawn(server, name, reps):
    turns = [drawn_once(server, name, reps) - drawn_once(server, name, FEW) for _ in range(TURNS)]
    return statistics.median(turns) / (reps - FEW)


def switches(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(file.read().split("voluntary_ctxt_switches:")[1].split()[0])


def frames(server):
    """Nanoseconds of client and server a frame: the client sleeps once for each."""
    client = subprocess.Popen(["setarch", "-R", "weston-simple-shm"], stdout=subprocess.DEVNULL)
    turns = []
    time.sleep(2)
    for _ in range(TURNS):
        used, slept = used_ns(server) + used_ns(client.pid), switches(client.pid)
        time.sleep(FRAMES_SECONDS)
        used, slept = used_ns(server) + used_ns(client.pid) - used, switches(client.pid) - slept
        if slept < FRAMES_SECONDS * 10 or client.poll() is not None:
            raise SystemExit(f"weston-simple-shm drew {slept} frames")
        turns.append(used / slept)
    client.kill()
    client.wait()
    return statistics.median(turns)


def measure(x_server, wayland_server, path):
    figures = {name: drawn(x_server, name, reps) for name, reps in X_TESTS.items()}
    figures["frame"] = frames(wayland_server)
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{name} {value:.1f}\n" for name, value in figures.items())


def read(path):
    with open(path, encoding="ascii") as file:
        return {name: float(value) for name, value in map(str.split, file)}


def mean(ratios):
    return statistics.geometric_mean(ratios)


def table(paths):
    none, *others = [read(path) for path in paths]
    names = [path.rsplit("figures-", 1)[-1] for path in paths]
    print(f"{'drawing':<16}{names[0]:>12}" + "".join(f"{name:>12}" for name in names[1:]))
    for test, value in none.items():
        print(f"{test:<16}{value:>12.0f}" + "".join(f"{other[test] / value:>12.3f}" for other in others))
    x_means = [mean([other[test] / none[test] for test in X_TESTS]) for other in others]
    print(f"{'x11perf, mean':<28}" + "".join(f"{value:>12.3f}" for value in x_means))
    for name, other in zip(names[1:], others):
        over = [test for test in none if other[test] / none[test] > WANTED]
        print(f"over {WANTED} {name}: {' '.join(over) or 'none'}")


if sys.argv[1] == "measure":
    measure(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
else:
    table(sys.argv[2:])
