# Owns: events as the cases want them. Reads JSON Lines of OCSF from standard input and prints one
# event a line: VERDICT CHANNEL OPERATION PID NAME TIME-MS PATH.
import json
import sys

for line in sys.stdin:
    if not line.strip():
        continue
    event = json.loads(line)
    print(event)
