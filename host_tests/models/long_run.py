"""Plays the models for a long time, and counts the operations that they did.

Each program is a GoogleTest one whose tests record how many operations they did (model_run.h).
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

from tools.arguments.arguments import positive
from tools.proof import evidence

ENDING = "_model_test"

Played = namedtuple("Played", "name tests operations exit_code output")


def operations_of(report):
    """How many operations each test of a GoogleTest report did."""
    return [int(test["operations"]) for suite in report["testsuites"]
            for test in suite["testsuite"] if "operations" in test]


def play(program, steps, seed):
    """Runs one program; each of its tests takes so many steps."""
    name = os.path.basename(program)[:-len(ENDING)].replace("_", " ")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        done = subprocess.run(
            [os.path.realpath(program), f"--gtest_output=json:{path}", "--gtest_brief=1"],
            env={**os.environ, "MODEL_STEPS": str(steps), "MODEL_SEED": str(seed)}, check=False,
            text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        operations = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                operations = operations_of(json.load(file))
    return Played(name, len(operations), sum(operations), done.returncode, done.stdout)


def report(played, seed):
    """What was played as a section of docs/proof.md."""
    total = sum(one.operations for one in played)
    findings = sum(one.exit_code != 0 for one in played)
    lines = [f"{total:,} random operations on {len(played)} models, each followed by an audit; "
             f"models with a finding: {findings}. `--seed {seed}` repeats them.", "",
             "| model | runs | operations, and audits |", "|---|--:|--:|"]
    lines += [f"| {one.name} | {one.tests} | {one.operations:,} |" for one in played]
    return "\n".join(lines) + "\n"


def parse(arguments):
    """The options."""
    parser = argparse.ArgumentParser(
        prog="long_run", usage="bazel run //host_tests/models:long_run -- [OPTIONS]",
        allow_abbrev=False, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=str.split, help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=positive, default=70000,
                        help="of each test of each program (default: 70000)")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32),
                        help="what the operations are made from (default: another each time)")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count(), help="that many at once")
    return parser.parse_args(arguments)


def main():
    """Plays all models and leaves with 0 when none found anything."""
    options = parse(sys.argv[1:])
    print(f"--seed {options.seed}", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        played = []
        for one in pool.map(lambda program: play(program, options.steps, options.seed),
                            options.programs):
            print(f"{one.name}: {one.operations} operations", flush=True)
            if one.exit_code != 0:
                print(one.output, flush=True)
            played.append(one)
    evidence.write(lambda: report(played, options.seed))
    sys.exit(0 if all(one.exit_code == 0 for one in played) else 1)


if __name__ == "__main__":
    main()
