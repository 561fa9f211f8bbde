# Owns: events as the cases want them. Reads JSON Lines of OCSF from standard input and prints one
# event a line: VERDICT CHANNEL OPERATION PID NAME TIME-MS PATH. Events without a verdict are
# called 'other'.
import json
import sys

VERDICTS = {1: "allow", 2: "block", 17: "audit", 23: "warn"}  # OCSF disposition_id

for line in sys.stdin:
    if not line.strip():
        continue
    event = json.loads(line)
    process = event.get("actor", {}).get("process", {})
    print(
        VERDICTS.get(event.get("disposition_id"), "other"),
        event["metadata"].get("event_code", "-"),
        event.get("unmapped", {}).get("operation", "-"),
        process.get("pid", 0),
        (process.get("name") or "-").replace(" ", "_"),
        event["time"],
        event.get("file", {}).get("path", "-"),
    )
