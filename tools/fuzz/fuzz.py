"""Runs libFuzzer programs from the corpora that lie in the repository, and minimises these.

A corpus is a text file with one input a line, in hexadecimal, so that a change of it can be read.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

from tools.arguments.arguments import positive
from tools.proof import evidence

INPUT_BYTES_MAX = 1024

Outcome = namedtuple("Outcome", "name inputs executions edges exit_code output")


class MergeFailed(Exception):
    """A merge that kept none of the inputs there were."""


def read_corpus(path):
    """The inputs in a corpus file."""
    with open(path, encoding="ascii") as file:
        return [bytes.fromhex(line) for line in file.read().splitlines()]


def write_corpus(path, inputs):
    """Writes a corpus file: the shortest input first."""
    ordered = sorted(inputs, key=lambda data: (len(data), data))
    with open(path, "w", encoding="ascii") as file:
        file.writelines(data.hex() + "\n" for data in ordered)


def unpack(inputs, folder):
    """Each input as a file of its own, as libFuzzer wants them."""
    os.mkdir(folder)
    for number, data in enumerate(inputs):
        with open(os.path.join(folder, "%06d" % number), "wb") as file:
            file.write(data)


def pack(folder):
    """The inputs in a folder."""
    inputs = []
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            inputs.append(file.read())
    return inputs


def last_number(pattern, text):
    """The last match's number; 0 without one."""
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def execute(program, folder, *options):
    """Runs the fuzzer over folder/new and folder/old; new inputs go to folder/new."""
    command = [os.path.abspath(program), *options, "-max_len=%d" % INPUT_BYTES_MAX,
               os.path.join(folder, "new"), os.path.join(folder, "old")]
    return subprocess.run(command, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")


def merged(program, folder):
    """The fewest inputs of folder/new and folder/old that reach what all of them reach."""
    least = os.path.join(folder, "least")
    os.mkdir(least)
    command = [os.path.abspath(program), "-merge=1", least, os.path.join(folder, "old"),
               os.path.join(folder, "new")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return pack(least)


def source_of(corpus):
    """The corpus in the checkout."""
    return os.path.join(os.environ["BUILD_WORKSPACE_DIRECTORY"], corpus)


def fuzz(program, corpus, options):
    """Runs one fuzzer; an Outcome."""
    inputs = read_corpus(corpus)
    kept = os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR", tempfile.gettempdir())
    with tempfile.TemporaryDirectory() as folder:
        unpack(inputs, os.path.join(folder, "old"))
        unpack([], os.path.join(folder, "new"))
        done = execute(program, folder, "-max_total_time=%d" % options.seconds,
                       "-runs=%d" % options.runs, "-seed=%d" % options.seed,
                       "-print_final_stats=1", "-len_control=10",
                       "-artifact_prefix=%s/" % kept)
        if options.merge and done.returncode == 0:
            least = merged(program, folder)
            if inputs and not least:
                raise MergeFailed(f"{corpus} stays as it was: a merge kept none of its inputs")
            inputs = least
            write_corpus(source_of(corpus), inputs)
    name = os.path.basename(corpus).replace("_fuzz.corpus", "").replace("_", " ")
    return Outcome(name, len(inputs),
                   last_number(r"stat::number_of_executed_units:\s*(\d+)", done.stdout),
                   last_number(r"\bcov: (\d+)", done.stdout), done.returncode, done.stdout)


def report(outcomes, options):
    """The outcomes as a section of docs/proof.md."""
    total = sum(outcome.executions for outcome in outcomes)
    findings = sum(outcome.exit_code != 0 for outcome in outcomes)
    lines = [f"{total:,} executions of {len(outcomes)} fuzzers under ASan and UBSan, at most "
             f"{options.seconds} s each; fuzzers with a finding: {findings}.", "",
             "| fuzzer | inputs in the repository | executions | edges reached |",
             "|---|--:|--:|--:|"]
    lines += [f"| {outcome.name} | {outcome.inputs:,} | {outcome.executions:,} | "
              f"{outcome.edges:,} |" for outcome in outcomes]
    return "\n".join(lines) + "\n"


def show(outcome):
    """One line; of a fuzzer that found something, all but its progress."""
    print(f"{outcome.name}: {outcome.executions} executions, {outcome.edges} edges", flush=True)
    if outcome.exit_code != 0:
        print(re.sub(r"^(#|\t+NEW_FUNC).*\n", "", outcome.output, flags=re.MULTILINE), flush=True)


def parse(arguments):
    """The options."""
    parser = argparse.ArgumentParser(
        prog="fuzz", usage="bazel run FUZZER -- [OPTIONS]     (//tools/fuzz is all of them)",
        allow_abbrev=False, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fuzzer", nargs=2, action="append", required=True,
                        help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=positive, default=60, help="for each (default: 60)")
    parser.add_argument("--runs", type=int, default=-1, help="the most executions of each")
    parser.add_argument("--seed", type=int, default=0, help="of libFuzzer; 0: another each time")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count(), help="that many at once")
    parser.add_argument("--merge", action="store_true",
                        help="write the fewest inputs that reach the same back to the corpus")
    return parser.parse_args(arguments)


def main():
    """Runs the fuzzers and leaves with 0 when none found anything."""
    options = parse(sys.argv[1:])
    outcomes = []
    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            for outcome in pool.map(lambda pair: fuzz(*pair, options), options.fuzzer):
                show(outcome)
                outcomes.append(outcome)
    except MergeFailed as reason:
        sys.exit(f"fuzz: {reason}")
    evidence.write(lambda: report(outcomes, options))
    sys.exit(0 if all(outcome.exit_code == 0 for outcome in outcomes) else 1)


if __name__ == "__main__":
    main()
