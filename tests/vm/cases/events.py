# Owns: events as the cases want them. Reads JSON Lines of OCSF from standard input and prints one
# event a line: VERDICT CHANNEL OPERATION PID NAME TIME-MS PATH. Events without a verdict are
# called 'other'.
import json
import sys

for line in sys.stdin:
    if not line.strip():
        continue
    event = json.loads(line)
    process = event.get("actor", {}).get("process", {})
    holdfast = event.get("unmapped", {}).get("holdfast", {})
    print(
        holdfast.get("verdict", "other"),
        holdfast.get("channel", event["metadata"].get("event_code", "-")),
        holdfast.get("operation", "-"),
        process.get("pid", 0),
        (process.get("name") or "-").replace(" ", "_"),
        event["time"],
        event.get("file", {}).get("path", "-"),
    )
