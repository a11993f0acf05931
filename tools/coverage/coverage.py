"""Says what of mm/ the host tests run, by line and by branch, and lists what they do not.

A branch is one way out of one condition. The failing arm of a CHECK does not count.
"""

import argparse
import os
import sys

from tools.coverage import measure
from tools.proof import evidence


def percent(covered, total):
    return 100 * covered / total if total else 100.0


def tally(counts):
    """How many ran, and how many there are."""
    return sum(count > 0 for count in counts.values()), len(counts)


def totals(files):
    """The tallies of all lines and of all arms."""
    def add(which):
        tallies = [tally(getattr(file, which)) for file in files.values()]
        return tuple(map(sum, zip(*tallies)))
    return add("lines"), add("arms")


def table(files):
    """The lines of a table with one row for each file."""
    yield f"{'file':34} {'lines':>9} {'':7} {'branches':>9}"
    for path, file in sorted(files.items()):
        lines, arms = tally(file.lines), tally(file.arms)
        yield (f"{path:34} {lines[0]:4}/{lines[1]:<4} {percent(*lines):6.1f}% "
               f"{arms[0]:4}/{arms[1]:<4} {percent(*arms):6.1f}%")


def uncovered(files, texts):
    """A line for each line and each arm that never ran."""
    for path, file in sorted(files.items()):
        for number in file.uncovered(file.lines):
            yield f"{path}:{number}: never ran: {texts[path][number - 1].strip()}"
        for arm in file.uncovered(file.arms):
            condition = texts[path][arm.line - 1][arm.start - 1:arm.end - 1]
            yield f"{path}:{arm.line}: never {str(arm.is_true).lower()}: {condition}"


def summary(files):
    lines, arms = totals(files)
    return (f"{lines[0]} of {lines[1]} lines ({percent(*lines):.2f} %), "
            f"{arms[0]} of {arms[1]} branches ({percent(*arms):.2f} %)")


def proof(files):
    """The report as Markdown: the figures, then a row for each room."""
    yield f"The host tests run {summary(files)} of `mm/`."
    yield "The failing arm of a CHECK does not count."
    yield ""
    yield "| room | lines | branches |"
    yield "|---|---|---|"
    for room in sorted({os.path.dirname(path) for path in files}):
        inside = {path: file for path, file in files.items() if os.path.dirname(path) == room}
        lines, arms = totals(inside)
        yield (f"| `{room}` | {lines[0]} of {lines[1]} ({percent(*lines):.1f} %) | "
               f"{arms[0]} of {arms[1]} ({percent(*arms):.1f} %) |")


def parse(arguments):
    """There is nothing to choose: what is given is refused, but for --help."""
    parser = argparse.ArgumentParser(
        prog="coverage", usage="bazel run //tools:coverage", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    return parser.parse_args(arguments)


def main(arguments):
    """Returns the exit status."""
    parse(arguments)
    try:
        files, texts = measure.measure()
    except measure.MeasureError as error:
        print(f"coverage: {error}", file=sys.stderr)
        return 1
    print("\n".join([*table(files), "", *uncovered(files, texts), "", summary(files)]))
    evidence.write(lambda: "\n".join(proof(files)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
