"""Lets each allocation of each public operation of mm/ fail, and tells, by header, what was swept.

Where PROOF_FILE is set, it is written there too.
"""

import argparse
import collections
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from host_tests.sweep import operations
from tools.proof import evidence


def _cases(program):
    """Runs the program; pairs of the operation and the failure points of each row that ran."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.xml")
        subprocess.run([program, "--gtest_brief=1", f"--gtest_output=xml:{path}"], check=True,
                       stdout=sys.stderr)
        for case in ElementTree.parse(path).iter("testcase"):
            points = [int(known.get("value")) for known in case.iter("property")
                      if known.get("name") == "failure_points"]
            yield operations.operation_of(case.get("name")), sum(points)


def render(rows, declared):
    """The section's body: `rows` as _cases gives them, `declared` as operations.operations."""
    rows_of, points_of = collections.Counter(), collections.Counter()
    for operation, points in rows:
        rows_of[operation] += 1
        points_of[operation] += points
    names_of = collections.defaultdict(list)
    for header, name in declared:
        names_of[header].append(name)
    swept = sum(name in rows_of for _, name in declared)
    lines = [f"{swept} of {len(declared)} public operations, found in {len(names_of)} headers, ran "
             f"in {sum(rows_of.values())} rows; {sum(points_of.values())} allocations were made to "
             f"fail, and each failure left tables, areas, frames, counts and flushes as they were. "
             f"Operations that take no memory ran with none left.", "",
             "| header | operations | that take memory | rows | failure points |",
             "|---|---|---|---|---|"]
    for header, names in names_of.items():
        figures = (len(names), sum(points_of[name] > 0 for name in names),
                   sum(rows_of[name] for name in names), sum(points_of[name] for name in names))
        lines.append(f"| `{header}` | {' | '.join(map(str, figures))} |")
    lines += [""] + [f"`{name}` has no row: it is {why}." for name, why in
                     operations.EXEMPT.items()]
    return "\n".join(lines) + "\n"


def parse(arguments):
    """The program; nothing else can be chosen."""
    parser = argparse.ArgumentParser(
        prog="sweep", usage="bazel run //host_tests/sweep", allow_abbrev=False,
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=os.path.abspath, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(program):
    text = render(_cases(program), operations.operations())
    evidence.write(lambda: text)
    print(text, end="")


if __name__ == "__main__":
    main(parse(sys.argv[1:]).program)
