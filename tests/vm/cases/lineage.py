#!/usr/bin/python3
# Owns: looking for one branch in what `holdfast lineage --json` printed (standard input).
# lineage.py SECTION STEP...: each step "HOW NAME" or "exit CHANNEL VERDICT TO", the next below the
# one before. NAME is a process's or a file's; * is any.
import json
import sys


def matches(line, step):
    words = step.split(' ', 3) if step.startswith('exit ') else step.rsplit(' ', 1)
    if words[0] == 'exit':
        return (line['kind'] == 'exit' and line['channel'] == words[1]
                and line['verdict'] == words[2] and words[3] in ('*', line.get('to')))
    name = line.get('name') or line.get('path')
    return line.get('how') == words[0] and words[1] in ('*', name)


def find(lines, start, depth, steps):
    """Whether the steps stand below the line before start, which is of that depth."""
    if not steps:
        return True
    for index in range(start, len(lines)):
        if lines[index]['depth'] <= depth:
            return False
        if lines[index]['depth'] == depth + 1 and matches(lines[index], steps[0]):
            if find(lines, index + 1, depth + 1, steps[1:]):
                return True
    return False


def main():
    said = sys.stdin.read()
    try:
        lines = [json.loads(text) for text in said.splitlines()]
    except ValueError:
        print('no lineage:', said.strip())
        return 1
    lines = [line for line in lines if line['section'] == sys.argv[1]]
    if find(lines, 0, 0, sys.argv[2:]):
        return 0
    for line in lines:
        print('  ' * line['depth'], {key: value for key, value in line.items()
                                     if key in ('kind', 'how', 'name', 'path', 'channel', 'verdict', 'to')})
    return 1


if __name__ == '__main__':
    sys.exit(main())
