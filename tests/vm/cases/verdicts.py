# Owns: policies made up from a seed, and what comes of acts under them, twice: as 'holdfast policy
# explain' (policy/evaluate.c) predicts it and as the kernel does it.
#
# usage: verdicts.py policy SEED		prints a policy
#        verdicts.py try SEED POLICY-FILE	tries acts under it, which must be in force
import json
import os
import random
import subprocess
import sys
import time

DATA = "/mnt/data"
LABELS = {"amber": ["amber"], "blue": ["blue", "amber/blue"], "coral": ["coral", "amber/blue/coral"], "dune": ["dune"]}
DOCUMENTS = ["amber/doc", "blue/doc", "amber/blue/doc", "coral/doc", "amber/blue/coral/doc", "dune/doc"]
APPS = {"one": "/opt/readers/one", "two": "/opt/readers/two", "nobody": "/usr/local/bin/hf-road-plain"}
USERS = ["root", "alice", "bob"]
NETWORKS = {
    "partner": "address = 10.88.0.2\nport = 9000",
    "office": "address = 10.88.0.0/24\nport = 8000-9500",
    "house": "address = 10.0.0.0/8\nport = 9001",
}
DESTINATIONS = ["10.88.0.2:9000", "10.88.0.2:9001", "10.88.0.2:53", "10.88.0.3:9000", "10.77.0.2:9001", "10.77.0.2:80"]
CHANNELS = ["removable", "network", "local-file"]
ACTS = 24
SAID = [
    ("allowed, and recorded", "audit"),
    ("allowed", "allow"),
    ("refused until", "warn"),
    ("refused", "block"),
]
SEVERITY = ["allow", "audit", "warn", "block"]


def exceptions(rng, channel, openers, used):
    lines = []
    if openers and channel != "open" and rng.random() < 0.3:
        lines.append("except-app = " + rng.choice(openers))
    if channel == "open" and len(openers) == 1 and rng.random() < 0.3:
        lines.append("except-app = " + ("two" if openers == ["one"] else "one"))
    if rng.random() < 0.3:
        lines.append("except-user = " + rng.choice(["alice", "bob", "alice, bob", "2002"]))
    if channel == "network" and rng.random() < 0.7:
        names = rng.sample(sorted(NETWORKS), rng.randint(1, 2))
        used.update(names)
        lines.append("except-network = " + ", ".join(names))
    if channel == "removable" and rng.random() < 0.3:
        used.add("stick")
        lines.append("except-device = stick")
    return lines


def a_rule(rng, label, channel, openers, used):
    actions = ["audit", "warn", "block"]
    if channel != "open":
        actions.append("allow")
    if channel == "local-file":
        actions.append("follow")
    action = rng.choice(actions)
    lines = [f"[rule {label}-{channel}]", f"label = {label}", f"channel = {channel}", f"action = {action}"]
    if action in ("warn", "block"):
        lines += exceptions(rng, channel, openers, used)
    return lines


def a_policy(seed):
    rng = random.Random(seed)
    lines = ["[policy]", f"name = Verdicts {seed}", f"version = {seed}", "[tenant acme]", "title = Acme"]
    rules, used, opening = [], set(), set()
    for label in LABELS:
        openers = rng.choice([["one"], ["two"], ["one", "two"], ["one", "two"], None])
        is_view_only = rng.random() < 0.15
        lines += [f"[label {label}]", "tenant = acme"]
        lines += [f"path = {DATA}/{path}" for path in LABELS[label]]
        if openers:
            lines += ["open-with = " + ", ".join(openers)]
            opening.update(openers)
        if is_view_only:
            lines += ["view-only = yes"]
        if rng.random() < 0.2:
            lines += ["mode = rehearse"]
        if openers and rng.random() < 0.5:
            rules += a_rule(rng, label, "open", openers, used)
        for channel in CHANNELS:
            if not is_view_only and rng.random() < 0.75:
                rules += a_rule(rng, label, channel, openers, used)
    for app in ("one", "two"):
        lines += [f"[app {app}]", f"path = {APPS[app]}"]
    for name in sorted(used - {"stick"}):
        lines += [f"[network {name}]", NETWORKS[name]]
    if "stick" in used:
        lines += ["[device stick]", "vendor = " + os.environ.get("HF_VENDOR", "46f4"),
                  "product = " + os.environ.get("HF_PRODUCT", "0001")]
    return "\n".join(lines + rules) + "\n", "stick" in used


def predict(policy_file, act, has_stick):
    """What explain says: the verdicts on open and on the channel (None: not reached), what follows."""
    command = ["holdfast", "policy", "explain", "--policy", policy_file, "--as", act["user"],
               "--app", APPS[act["app"]], "--open", act["source"], "--then", act["channel"]]
    if act["channel"] == "network":
        command += ["--to", act["destination"]]
    if act["channel"] == "removable" and has_stick:
        command += ["--device", "stick"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    verdicts = {}
    follows = set()
    channel = None
    for line in said.splitlines():
        if "(channel " in line and "): " in line and not line.startswith("  "):
            channel = line.split("(channel ")[1].split(")")[0]
            words = line.split("): ", 1)[1]
            verdicts[channel] = next(verdict for start, verdict in SAID if words.startswith(start))
        elif line.endswith("the written file inherits it") and channel == "local-file":
            follows.add(line.split()[1].rstrip(":"))
    if "open" not in verdicts:
        raise SystemExit(f"explain said nothing that is understood: {said}")
    is_open = SEVERITY.index(verdicts["open"]) < 2
    return verdicts["open"], verdicts.get(act["channel"]) if is_open else None, follows, said


def do(act, number):
    """Tries it for real. Its output is not read: that would make this program a labelled reader."""
    road, arguments = "write", []
    if act["channel"] == "network":
        road = "udp-sendto"
        target, port = act["destination"].rsplit(":", 1)
        arguments = [port]
    else:
        directory = "/mnt/usb" if act["channel"] == "removable" else DATA + "/work"
        target = f"{directory}/v{os.getpid()}-{number}"
    command = ["setpriv", "--reuid", act["user"], "--regid", act["user"], "--init-groups",
               APPS[act["app"]], road, act["source"], target] + arguments
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        status = process.wait()
    return process.pid, status, target


def recorded():
    """(pid, channel) -> the severest verdict on record."""
    verdicts = {}
    for line in subprocess.run(["holdfast", "events", "--json"], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        event = json.loads(line)
        holdfast = event.get("unmapped", {}).get("holdfast", {})
        if "verdict" not in holdfast:
            continue
        key = (event["actor"]["process"]["pid"], holdfast["channel"])
        verdicts[key] = max(verdicts.get(key, "allow"), holdfast["verdict"], key=SEVERITY.index)
    return verdicts


def labels_of(path):
    said = subprocess.run(["holdfast", "label", "show", "--json", path], capture_output=True, text=True,
                          check=True).stdout
    return {name for line in said.splitlines() for name in json.loads(line)["labels"]}


def compare(act, expected, seen):
    """Returns what differs, as text."""
    opened, then, follows, _ = expected
    status, records, inherited = seen
    is_open = opened in ("allow", "audit")
    is_out = is_open and then in ("allow", "audit")
    differs = []
    if (status == 0) != is_out:
        differs.append(f"it {'got out' if status == 0 else 'did not get out'} (status {status})")
    if status not in (0, 10, 21):
        differs.append(f"status {status} is no refusal")
    if records.get("open", "allow") != opened:
        differs.append(f"on record for open: {records.get('open')}")
    if is_open and records.get(act["channel"], "allow") != then:
        differs.append(f"on record for {act['channel']}: {records.get(act['channel'])}")
    if is_out and act["channel"] == "local-file" and inherited != follows:
        differs.append(f"the file inherits {sorted(inherited)}, not {sorted(follows)}")
    return "; ".join(differs)


def try_acts(seed, policy_file):
    rng = random.Random(seed * 1000)
    has_stick = a_policy(seed)[1]
    tried = []
    for number in range(ACTS):
        act = {"source": DATA + "/" + rng.choice(DOCUMENTS),
               "app": rng.choice(["one", "one", "two", "two", "nobody"]),
               "user": rng.choice(USERS), "channel": rng.choice(CHANNELS),
               "destination": rng.choice(DESTINATIONS)}
        expected = predict(policy_file, act, has_stick)
        pid, status, target = do(act, number)
        inherited = labels_of(target) if act["channel"] == "local-file" and status == 0 else set()
        tried.append((act, expected, pid, status, inherited))
    time.sleep(1)  # the last records are on their way
    verdicts = recorded()
    wrong = 0
    counts = {}
    for act, expected, pid, status, inherited in tried:
        records = {channel: verdict for (one, channel), verdict in verdicts.items() if one == pid}
        differs = compare(act, expected, (status, records, inherited))
        outcome = f"{expected[0]}/{expected[1] or '-'}"
        counts[outcome] = counts.get(outcome, 0) + 1
        if differs:
            wrong += 1
            print(f"# {act}: {differs}\n# " + expected[3].replace("\n", "\n# "))
    name = f"policy {seed}: explain and kernel agree on {ACTS} acts"
    print(f"# policy {seed}: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    print(f"not ok {name} - {wrong} differ" if wrong else f"ok {name}")
    return wrong


if __name__ == "__main__":
    if sys.argv[1] == "policy":
        print(a_policy(int(sys.argv[2]))[0], end="")
    else:
        sys.exit(1 if try_acts(int(sys.argv[2]), sys.argv[3]) else 0)
