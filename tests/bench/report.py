#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the tables out of what the measuring cases printed.

usage: report.py KERNEL MARKDOWN-FILE LOG...
Text goes to standard output, the same as markdown to the file. Takes no decision: a missed target is
named, not an error.
"""
import statistics
import sys

OPERATIONS = ("open+close", "stat", "read-4k", "write-4k", "fork+exec", "connect+send", "send",
              "pipe-1", "pipe-64k", "unix-1", "unix-64k")
TARGETS = {"open+close": 1.08, "read-4k": 1.03, "write-4k": 1.03, "fork+exec": 1.02, "send": 1.03,
           "pipe-1": 1.05, "pipe-64k": 1.05, "unix-1": 1.05, "unix-64k": 1.05}
BASELINES = ("none", "none-2", "none-3")
VARIANTS = (
    ("floor", "empty BPF programs on the same hooks"),
    ("unlabelled", "agent, unlabelled work, nothing labelled opened since boot"),
    ("fresh", "the same, with no vfork among its ancestors"),
    ("beside", "agent, unlabelled work beside a labelled reader"),
    ("labelled", "agent, labelled work by an allowed application"),
    ("fanotify", "fanotify permission listener that always allows"),
    ("auditd", "auditd watching the directories"),
    ("fapolicyd", "fapolicyd, permissive"),
)
TREES = (
    ("counted", "Unpacking 300 C files and compiling some by make; 10^9 instructions, one processor"),
    ("tree", "The same by the clock of an emulated machine, seconds (better of two turns; the host "
     "decides more than the guest)"),
)
TREE_VARIANTS = ("none", "agent", "fanotify", "auditd")
TIMES_LESS = 10
FANOTIFY_ASKS = ("open+close", "read-4k", "fork+exec")
COUNTING = 62  # an array look-up, a test and a return are 30 instructions and are counted as 92 to 94


def read_logs(paths):
    figures, trees, hooks, skipped, variant = {}, {}, [], [], None
    for path in paths:
        try:
            lines = open(path, encoding="utf-8", errors="replace").read().splitlines()
        except OSError as error:
            skipped.append(f"{path}: {error.strerror}")
            continue
        for line in lines:
            words = line.split()
            if line.startswith(("skip ", "not ok ")):
                skipped.append(line)
            elif len(words) == 2 and words[0] == "variant":
                variant = words[1]
            elif len(words) == 4 and words[0] == "op" and variant:
                figures.setdefault(variant, {})[words[1]] = float(words[2])
            elif len(words) == 6 and words[0] == "hook":
                hooks.append(words[1:])
            elif len(words) == 4 and words[0] in ("tree", "counted"):
                trees.setdefault(words[0], {}).setdefault(words[1], []).append((float(words[2]), float(words[3])))
    return figures, trees, hooks, skipped


class Table:
    """Rows of text, printed aligned and as markdown."""

    def __init__(self, title, *columns):
        self.title, self.columns, self.rows = title, columns, []

    def row(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def text(self):
        rows = [list(self.columns)] + self.rows
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        lines = [self.title, ""]
        for row in rows:
            cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                     for i, (cell, width) in enumerate(zip(row, widths))]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines) + "\n"

    def markdown(self):
        lines = [f"**{self.title}**", "", "| " + " | ".join(self.columns) + " |",
                 "|" + "|".join(["---"] + ["---:"] * (len(self.columns) - 1)) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def baseline_of(figures):
    """Median of the runs without anything, and how far apart these are, per operation."""
    base, spread = {}, {}
    for operation in OPERATIONS:
        values = [figures[name][operation] for name in BASELINES
                  if operation in figures.get(name, {})]
        if values:
            base[operation] = statistics.median(values)
            spread[operation] = (max(values) - min(values)) / base[operation]
    return base, spread


def absolute_table(figures, base, spread):
    table = Table("Guest instructions for one operation, and their ratio to no agent", "",
                  *OPERATIONS)
    table.row("no agent", *(f"{base[o]:.0f}" if o in base else "-" for o in OPERATIONS))
    table.row("  (its own spread)", *(f"{spread[o]:.2%}" if o in base else "-"
                                      for o in OPERATIONS))
    for variant, words in VARIANTS:
        if variant not in figures:
            table.row(words, *("not measured" for _ in OPERATIONS))
            continue
        cells = []
        for operation in OPERATIONS:
            value = figures[variant].get(operation)
            cells.append(f"{value:.0f} ({value / base[operation]:.3f})"
                         if value and operation in base else "-")
        table.row(words, *cells)
    return table


def verdict(ratio, target):
    if target is None:
        return "no target"
    if ratio <= target:
        return f"met (<= {target:.2f})"
    return f"missed by {ratio - target:.4f} (<= {target:.2f})"


def target_table(figures, base):
    table = Table("Unlabelled work against the targets; added instructions, and where they go",
                  "", "ratio", "target", "ratio beside a reader", "added", "kernel's floor", "ours",
                  "fanotify adds", "added cost vs fanotify")
    ours, beside = figures.get("unlabelled", {}), figures.get("beside", {})
    floor, fanotify = figures.get("floor", {}), figures.get("fanotify", {})
    for operation in OPERATIONS:
        if operation not in base or operation not in ours:
            continue
        added = ours[operation] - base[operation]
        cells = [operation, f"{ours[operation] / base[operation]:.3f}",
                 verdict(ours[operation] / base[operation], TARGETS.get(operation)),
                 f"{beside[operation] / base[operation]:.3f}" if operation in beside else "-",
                 f"{added:.0f}"]
        if operation in floor:
            cells += [f"{floor[operation] - base[operation]:.0f}",
                      f"{ours[operation] - floor[operation]:.0f}"]
        else:
            cells += ["-", "-"]
        cells += against_fanotify(operation, added, fanotify.get(operation), base[operation])
        table.row(*cells)
    return table


def against_fanotify(operation, added, value, base):
    if value is None:
        return ["-", "-"]
    theirs = value - base
    if operation not in FANOTIFY_ASKS:
        return [f"{theirs:.0f}", "fanotify does not ask"]
    if added <= 0:
        return [f"{theirs:.0f}", "nothing added"]
    less = theirs / added
    word = "met" if less >= TIMES_LESS else "missed"
    return [f"{theirs:.0f}", f"{less:.1f} times less, {word} (>= {TIMES_LESS})"]


def hook_table(hooks):
    """Without the kernel's floor; what counting adds to each run is taken off."""
    table = Table("Our own programs: runs for one operation x instructions of one run", "",
                  "unlabelled", "beside a reader", "labelled")
    cells = {}
    for variant, operation, program, runs, each in hooks:
        count = max(float(each) - COUNTING, 0)
        cells.setdefault(f"{operation}: {program}", {})[variant] = f"{float(runs):.1f} x {count:.0f}"
    for name, row in cells.items():
        table.row(name, *(row.get(variant, "-") for variant in ("unlabelled", "beside", "labelled")))
    return table


def tree_table(title, trees):
    table = Table(title, "", "untar", "compile", "both", "ratio to no agent")
    base = min(a + b for a, b in trees["none"]) if "none" in trees else None
    for variant in TREE_VARIANTS:
        if variant not in trees:
            table.row(variant, "not measured", "", "", "")
            continue
        untar, build = min(trees[variant], key=sum)
        ratio = f"{(untar + build) / base:.3f}" if base else "-"
        table.row(variant, f"{untar:.2f}", f"{build:.2f}", f"{untar + build:.2f}", ratio)
    return table


NOTE = """One processor under QEMU's -icount: a virtual nanosecond is an instruction, so the figures are exact
and repeatable, but they are instructions and not time: a miss of a cache costs nothing, and each step of
a string instruction counts as one (a copy of 4 KiB is 512, ERMS being switched off). ext4, warm caches,
median of 400 batches, mitigations=off. connect is judged by the network channel, send at each call.
pipe and unix are there and back, between two processes.
fanotify, auditd and fapolicyd include their user space, as the caller waits for that processor.
"""


def main():
    kernel, markdown, *logs = sys.argv[1:]
    figures, trees, hooks, skipped = read_logs(logs)
    base, spread = baseline_of(figures)
    tables = [absolute_table(figures, base, spread), target_table(figures, base)]
    if hooks:
        tables.append(hook_table(hooks))
    tables += [tree_table(title, trees[kind]) for kind, title in TREES if kind in trees]
    print(f"Linux {kernel} of Debian\n")
    for table in tables:
        print(table.text())
    print(NOTE)
    for line in skipped:
        print(f"NOT MEASURED: {line}")
    with open(markdown, "w", encoding="utf-8") as file:
        file.write(f"### Cost, Linux {kernel} of Debian\n\n")
        file.write("\n".join(table.markdown() for table in tables))
        file.write("\n" + NOTE)
        for line in skipped:
            file.write(f"\nNot measured: {line}\n")


main()
