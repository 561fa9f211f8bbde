# Owns: `dunstctl history` as lines, newest first: SUMMARY, a tab, the body with ' | ' between lines.
import json
import sys

for group in json.load(sys.stdin)["data"]:
    for notice in group:
        body = notice["body"]["data"].replace("\n", " | ")
        print(notice["summary"]["data"], body, sep="\t")
