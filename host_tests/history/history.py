"""Makes each historical bug again, and demands that it is flagged for the right reason.

The edited sources are compiled into a shared library that is loaded before the rooms' own, so the
scenarios are the very programs that pass without the bug. A bug that is not noticed fails, and so
does one that is noticed for another reason, or whose text has moved.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from host_tests.history.catalogue import CATALOGUE
from tools.proof import evidence
from tools.testing import environment, story

ROOMS = ("mm", "kernel/cpu", "host_tests/history")
COMPILER = "clang-19 -std=c23 -Wall -Werror -iquote {tree} -iquote .".split()
# Bound at once: a lazy binding would wait for the stores that a story holds back.
LIBRARY = (
    "-O1 -fPIC -fexceptions -shared -Wl,-z,now -Wno-unused-function -Wno-unused-variable"
    " -Wno-unused-but-set-variable"
).split()
REFUSAL = "-Wextra -Wthread-safety -fsyntax-only".split()
RUN_SECONDS = 60

programs = []
flagged = {}


def apply(edits, tree):
    for edit in edits:
        path = tree / edit.file
        text = path.read_text()
        if text.count(edit.before) != 1:
            raise AssertionError(f"{edit.file} does not hold its text once:\n{edit.before}")
        path.write_text(text.replace(edit.before, edit.after))


def sources_of(case, tree):
    """What has to be compiled again: a header's whole room, a source alone."""
    sources = {tree / source for source in case.sources}
    for edit in () if sources else case.edits:
        path = tree / edit.file
        sources.update(path.parent.glob("*.c") if path.suffix == ".h" else [path])
    return sorted(sources)


def compile_again(case, tree, options):
    command = [part.format(tree=tree) for part in COMPILER] + options
    return subprocess.run(command + [str(source) for source in sources_of(case, tree)],
                          capture_output=True, text=True)


def run(program, scenario, library=None):
    preload = {} if library is None else {"LD_PRELOAD": str(library)}
    command = [program, f"--gtest_filter={scenario}", "--gtest_brief=1"]
    done = subprocess.run(command, env={**environment.inherited(), **preload},
                          capture_output=True, text=True, errors="replace", timeout=RUN_SECONDS)
    return done.stdout, done.returncode


def program_with(scenario):
    """The one program that has the scenario, which passes there."""
    for program in programs:
        output, status = run(program, scenario)
        if status != 0:
            raise AssertionError(f"{scenario} fails without the bug:\n{output}")
        if "0 tests from 0 test suites ran" not in output:
            return program
    raise AssertionError(f"no program has the scenario {scenario}")


def first_finding(output):
    """What the first failed expectation says, as one line."""
    end = r"\n(?:\n|\[|[^\n]+: Failure)"
    found = re.search(r": Failure\n(?:Failed\n)?(.*?)" + end, output, re.DOTALL)
    return " ".join(found.group(1).split()) if found else ""


class HistoryTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.tree = pathlib.Path(directory.name)
        for room in ROOMS:
            shutil.copytree(room, self.tree / room, ignore=shutil.ignore_patterns("*_test"))

    def meet(self, case):
        found = self.provoke(case) if case.scenario else self.refusal_of(case)
        self.assertRegex(found, case.diagnosis)
        flagged[case.name] = re.search(case.diagnosis, found).group()

    def provoke(self, case):
        program = program_with(case.scenario)
        apply(case.edits, self.tree)
        library = self.tree / "libbug.so"
        done = compile_again(case, self.tree, LIBRARY + ["-o", str(library)])
        self.assertEqual(done.returncode, 0, done.stderr)
        output, status = run(program, case.scenario, library)
        self.assertEqual(status, 1, f"it was not noticed:\n{output}")
        return first_finding(output)

    def refusal_of(self, case):
        done = compile_again(case, self.tree, REFUSAL)
        self.assertEqual(done.returncode, 0, f"refused without the bug:\n{done.stderr}")
        apply(case.edits, self.tree)
        done = compile_again(case, self.tree, REFUSAL)
        self.assertNotEqual(done.returncode, 0, "the compiler has accepted it")
        return done.stderr


def add_tests():
    for case in CATALOGUE:
        name = "test_" + re.sub(r"\W+", "_", case.name)
        if hasattr(HistoryTest, name):
            raise AssertionError(f"two cases are called {case.name}")
        setattr(HistoryTest, name, lambda self, case=case: self.meet(case))


def proof():
    classes = sum(case.source.startswith("class of bug") for case in CATALOGUE)
    lines = [
        f"{len(flagged)} of {len(CATALOGUE)} historical bugs, made again in our sources, were"
        " flagged for the right reason."
        f" {len(CATALOGUE) - classes} come from one report or change of a kernel,"
        f" {classes} are classes of bug.",
        "",
        "| bug | source | flagged as |",
        "| --- | --- | --- |",
    ]
    for case in CATALOGUE:
        said = flagged.get(case.name, "**not flagged**").replace("|", "\\|")
        lines.append(f"| {case.name} | {case.source} | {said} |")
    return "\n".join(lines)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="history", usage="bazel run //host_tests/history", allow_abbrev=False,
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="To choose: bazel test //host_tests/history --test_filter=PART_OF_NAME")
    parser.add_argument("--programs", required=True, type=str.split, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main():
    programs.extend(parse(sys.argv[1:]).programs)
    add_tests()
    try:
        story.main()
    finally:
        evidence.write(proof)


if __name__ == "__main__":
    main()
