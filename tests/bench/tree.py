#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a tar of C files and headers, shaped like a small kernel tree, to standard output.

The same bytes every time. usage: tree.py FILES COMPILED
FILES are in the tree; its Makefile compiles the first COMPILED of them.
"""
import io
import random
import sys
import tarfile

DIRECTORIES = ("kernel", "mm", "fs", "net", "lib", "drivers/base", "drivers/char", "arch/any")
HEADERS = 60
STAMP = 1700000000


def header(number, chance):
    lines = [f"#ifndef H{number}_H", f"#define H{number}_H"]
    for other in chance.sample(range(number), min(number, 3)):
        lines.append(f'#include "h{other}.h"')
    for member in range(6):
        lines.append(f"struct s{number}_{member} {{ int id; long count; struct s{number}_{member} *next; }};")
        lines.append(f"static inline long f{number}_{member}(struct s{number}_{member} *s)")
        lines.append(f"{{ long n = 0; while (s) {{ n += s->count * {member + 1}; s = s->next; }} return n; }}")
    lines.append("#endif")
    return "\n".join(lines) + "\n"


def source(number, chance):
    used = chance.sample(range(HEADERS), 6)
    lines = [f'#include "h{other}.h"' for other in used]
    for function in range(12):
        other, member = chance.choice(used), chance.randrange(6)
        lines.append(f"long g{number}_{function}(struct s{other}_{member} *s, long bias)")
        lines.append("{")
        lines.append(f"\tlong total = f{other}_{member}(s) ^ {chance.randrange(1 << 30)};")
        lines.append(f"\tfor (int i = 0; i < {chance.randrange(8, 64)}; i++)")
        lines.append(f"\t\ttotal = (total << 3) - bias * i + s->id % {chance.randrange(3, 99)};")
        lines.append("\treturn total;")
        lines.append("}")
    return "\n".join(lines) + "\n"


MAKEFILE = """SOURCES := {sources}
all: $(SOURCES:.c=.o)
%.o: %.c
\tgcc -O1 -Iinclude -c $< -o $@
.PHONY: all
"""


def main():
    files, compiled = int(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(1)
    tree = {f"include/h{number}.h": header(number, chance) for number in range(HEADERS)}
    sources = [f"{DIRECTORIES[number % len(DIRECTORIES)]}/c{number}.c" for number in range(files)]
    for number, name in enumerate(sources):
        tree[name] = source(number, chance)
    tree["Makefile"] = MAKEFILE.replace("{sources}", " ".join(sources[:compiled]))
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for name in sorted(tree):
            content = tree[name].encode()
            entry = tarfile.TarInfo("tree/" + name)
            entry.size, entry.mtime, entry.mode = len(content), STAMP, 0o644
            archive.addfile(entry, io.BytesIO(content))


main()
