"""Runs random scripts of memory operations on the host's Linux and on Quire, and compares.

A script that does not print the same is made as short as it can be, and written to
user/tests/regressions, where the tests find it, but with --native. The exit status is 0 if there
was none, 1 if there was, 125 if a machine failed, and 2 when the command line of this tool is
wrong.
"""

import argparse
import difflib
import hashlib
import os
import subprocess
import sys

from tools.arguments import arguments
from tools.differential import generator, scripts, shrink
from tools.exec import session
from tools.image.errors import ImageError
from tools.machine.qemu import MachineError
from tools.proof import evidence

_REGRESSIONS = "user/tests/regressions"
_AT_ONCE = 1000
_MOST_SHRUNK = 5


def _parser():
    parser = argparse.ArgumentParser(
        prog="differential", usage="bazel run //tools/differential -- [OPTIONS]",
        allow_abbrev=False, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=arguments.positive, default=1000, metavar="N",
                        help="how many scripts (default %(default)s)")
    parser.add_argument("--seed", type=arguments.positive, default=1, metavar="N",
                        help="others for each seed (default %(default)s)")
    parser.add_argument("--kernel", default=session.BUILT_KERNEL, metavar="ELF",
                        help="boot this kernel instead of the built one")
    parser.add_argument("--native", action="store_true",
                        help="only run on Linux, twice, and compare that")
    return parser


def _runner(options):
    if options.native:
        return scripts.run_natively
    return lambda some: scripts.run_on_quire(some, kernel=options.kernel)


def find(seed, count, other, say):
    """The first few Differences among the scripts of a seed, in parts of one boot each."""
    found = []
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))
        made = [generator.make(seed, number) for number in numbers]
        found += scripts.find_differences(made, other)
        say(f"{numbers.stop} scripts, {len(found)} differ")
        if len(found) >= _MOST_SHRUNK:
            break
    return found[:_MOST_SHRUNK]


def shorten(difference, other):
    """The Difference of the shortest script to be found in one."""
    def differ(candidates):
        changed = {found.steps for found in scripts.find_differences(candidates, other)}
        return [steps in changed for steps in candidates]
    steps = shrink.shrink(difference.steps, differ)
    return next(iter(scripts.find_differences([steps], other)), difference)


def describe(difference):
    """The steps, and a diff of what they printed."""
    diff = difflib.unified_diff(difference.linux, difference.quire, "linux", "quire", lineterm="")
    return "\n".join([*difference.steps, *diff])


def record(difference, folder, seed):
    """Writes a script where the tests find it, beside those of older runs; returns its path."""
    text = scripts.to_text([difference.steps])
    name = hashlib.sha256(text.encode()).hexdigest()[:8]
    path = os.path.join(folder, f"seed_{seed}_{name}.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def proof(options, found):
    """What a run has to say in docs/proof.md."""
    return (f"{options.programs:,} random programs of mmap, munmap, mprotect, mremap, madvise, "
            f"mlock, brk, fork and stores printed on Quire what they print on Linux "
            f"{os.uname().release.split('-')[0]}; differences: {len(found)}. "
            f"`--seed {options.seed}` makes the same.\n")


def _run(options):
    other = _runner(options)
    found = find(options.seed, options.programs, other, print)
    evidence.write(lambda: proof(options, found))
    folder = os.path.join(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."), _REGRESSIONS)
    for difference in found:
        shortest = shorten(difference, other)
        where = "on Linux alone"
        if not options.native:
            path = record(shortest, folder, options.seed)
            where = f"{_REGRESSIONS}/{os.path.basename(path)}"
        print(f"\n{where}:\n{describe(shortest)}")
    return 1 if found else 0


def main(argv):
    """Returns the exit status."""
    options = _parser().parse_args(argv)
    options.kernel = os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", "."), options.kernel)
    try:
        return _run(options)
    except (ImageError, MachineError, OSError, subprocess.SubprocessError) as error:
        print(f"differential: {error}", file=sys.stderr)
        return 125
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
