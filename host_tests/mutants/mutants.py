"""Weakens mm in one place at a time, and demands that a test notices.

Every flush, barrier and count is tried, and one in SAMPLE of all other places; --all tries
everything.
"""

import argparse
import collections
import json
import os
import sys
import zlib

from host_tests.mutants import run
from host_tests.mutants.equivalent import ARGUMENTS
from tools.proof import evidence

SAMPLE = 12
ALWAYS = ("flush is left out", "barrier is left out", "atomic change is left out",
          "count is left out")
WITHOUT_CACHES = {"QUIRE_TLB_MODEL": "off"}


def _parser():
    parser = argparse.ArgumentParser(
        prog="mutants", usage="bazel run //host_tests/mutants -- [OPTIONS]",
        allow_abbrev=False, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--list", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--all", action="store_true", help="try every place")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="try the places whose name contains TEXT")
    parser.add_argument("--without-tlb-model", action="store_true",
                        help="then try again, on CPUs that cache nothing")
    parser.add_argument("--programs", required=True, type=str.split, help=argparse.SUPPRESS)
    return parser


def select(mutants, options):
    """The numbers of the mutants to try: this shard's."""
    def is_chosen(mutant):
        return options.all or options.only or mutant["kind"] in ALWAYS or \
            zlib.crc32(mutant["name"].encode()) % SAMPLE == 0

    chosen = [number for number, mutant in enumerate(mutants)
              if options.only in mutant["name"] and is_chosen(mutant)]
    shard = int(os.environ.get("TEST_SHARD_INDEX", 0))
    return chosen[shard::int(os.environ.get("TEST_TOTAL_SHARDS", 1))]


def find_mistakes(mutants, verdicts, argued):
    """Survivors without an argument, and arguments that do not hold."""
    names = {mutant["name"] for mutant in mutants}
    for name in argued:
        if name not in names:
            yield f"equivalent.py names no mutant: {name}"
    for number, verdict in sorted(verdicts.items()):
        mutant = mutants[number]
        survived = verdict.how == run.SURVIVED
        if survived and mutant["name"] not in argued:
            yield f"SURVIVED: {mutant['file']}:{mutant['line']}: {mutant['name']}\n" \
                  f"    {verdict.by}"
        if not survived and mutant["name"] in argued:
            yield f"equivalent.py argues for what {verdict.by} kills: {mutant['name']}"


def try_all(numbers, mutants, options, more):
    """The verdicts by number, and the tests that were left out because they fail without any."""
    library = os.path.abspath(options.library)
    tests, failing = run.measure_all(options.programs, library, more)
    print(f"mutants: {len(tests)} tests, {len(numbers)} of {len(mutants)} mutants", flush=True)
    done = 0

    def tell(number, verdict):
        nonlocal done
        done += 1
        if verdict.how == run.SURVIVED and not more:
            print(f"{done}/{len(numbers)} survived ({verdict.by}): {mutants[number]['name']}",
                  flush=True)
        elif done % 100 == 0:
            print(f"{done}/{len(numbers)}", flush=True)

    return run.judge_all(mutants, numbers, tests, library, more, tell), failing


def _table(mutants, verdicts, blind):
    """Figures by kind, as a Markdown table."""
    by_kind = collections.defaultdict(collections.Counter)
    for number, verdict in verdicts.items():
        for kind in (mutants[number]["kind"], "**all**"):
            count = by_kind[kind]
            count["mutants"] += 1
            count[verdict.how] += 1
            killed_blind = number in blind and blind[number].how != run.SURVIVED
            count["blind"] += killed_blind
    lines = ["| what is weakened | mutants | killed by an expectation or a finding | by a crash"
             " | by a time-out | argued equivalent | killed without the TLB model |",
             "|---|---|---|---|---|---|---|"]
    for kind, count in sorted(by_kind.items(), key=lambda item: (item[0] == "**all**", item[0])):
        figures = [count["mutants"], count[run.FAILED], count[run.CRASHED], count[run.HUNG],
                   count[run.SURVIVED], count["blind"] if blind else "–"]
        lines.append(f"| {kind} | " + " | ".join(map(str, figures)) + " |")
    return lines


def proof(mutants, verdicts, blind):
    """The section of docs/proof.md."""
    survived = sum(verdict.how == run.SURVIVED for verdict in verdicts.values())
    killed = len(verdicts) - survived
    sentence = f"{killed} of {len(verdicts)} mutants are killed; {survived} are argued to be " \
               "equivalent in `host_tests/mutants/equivalent.py`."
    if blind:
        noticed = sum(verdict.how != run.SURVIVED for verdict in blind.values())
        sentence += f" On CPUs that cache nothing, {noticed} are killed: what the TLB model " \
                    f"alone notices is {killed - noticed}."
    return "\n".join([sentence, "", *_table(mutants, verdicts, blind)])


def _read_arguments(arguments):
    """The options, and all mutants; --only that chooses none of them is an error."""
    parser = _parser()
    options = parser.parse_args(arguments)
    with open(options.list, encoding="utf-8") as file:
        mutants = json.load(file)
    if not any(options.only in mutant["name"] for mutant in mutants):
        parser.error(f"no place's name contains '{options.only}'")
    return options, mutants


def main(arguments):
    """Returns the exit status."""
    options, mutants = _read_arguments(arguments)
    argued = {name for argument in ARGUMENTS for name in argument.names}
    verdicts, failing = try_all(select(mutants, options), mutants, options, {})
    mistakes = [f"{name} fails without any mutant" for name in failing]
    mistakes += find_mistakes(mutants, verdicts, argued)
    print("\n".join(mistakes))
    count = collections.Counter(verdict.how for verdict in verdicts.values())
    print("mutants: " + ", ".join(f"{count[how]} by {how}" for how in run.HOW))
    blind = {}
    if options.without_tlb_model:
        killed = [number for number, verdict in verdicts.items() if verdict.how != run.SURVIVED]
        blind, _ = try_all(killed, mutants, options, WITHOUT_CACHES)
    if not mistakes:
        evidence.write(lambda: proof(mutants, verdicts, blind))
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
