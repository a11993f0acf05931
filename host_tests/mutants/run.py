"""Runs the tests that reach a mutant, and says what became of it."""

import collections
import concurrent.futures
import math
import os
import resource
import signal
import subprocess
import tempfile
import time
from typing import NamedTuple

from tools.testing import environment

WORKERS = 2
BATCH_SECONDS = 0.5
CRASHES = 8  # after so many no expectation is looked for any more
KILLERS = 4  # tests that killed other mutants of the function, tried first
PATIENCE = 4  # a mutant may need this many times the processor time of the tests without it
LEAST_SECONDS = 1
SLEEP_SECONDS = 15  # more than that, for a mutant that waits instead of running


class Test(NamedTuple):
    program: str
    name: str
    seconds: float
    reached: frozenset[int]


class Verdict(NamedTuple):
    how: str  # one of HOW
    by: str


FAILED, CRASHED, HUNG, SURVIVED = HOW = (
    "a failed expectation or a finding", "a crash", "a time-out", "nothing")


def names_of(program):
    """All tests of a GoogleTest program, as filters name them."""
    listing = subprocess.run([program, "--gtest_list_tests"], check=True, capture_output=True,
                             text=True)
    suite = None
    for line in listing.stdout.splitlines():
        word = line.partition("#")[0].rstrip()
        if word.endswith(".") and not word.startswith(" "):
            suite = word
        elif word.startswith("  ") and suite is not None:
            yield suite + word.strip()


def measure(program, name, library, more):
    """The test as it runs with no mutant selected; None if it fails then."""
    with tempfile.NamedTemporaryFile() as file:
        began = time.monotonic()
        done = subprocess.run([program, f"--gtest_filter={name}"],
                              env={**environment.inherited(), "LD_PRELOAD": library,
                                   "QUIRE_MUTANT_REACHED": file.name, **more},
                              capture_output=True, check=False)
        seconds = time.monotonic() - began
        if done.returncode != 0:
            return None
        reached = frozenset(i for i, byte in enumerate(file.read()) if byte)
    return Test(program, name, seconds, reached)


def measure_all(programs, library, more):
    """The tests that pass without a mutant, and the names of those that do not."""
    cases = [(program, name) for program in programs for name in names_of(program)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        tests = list(pool.map(lambda case: measure(*case, library, more), cases))
    failing = [name for (_, name), test in zip(cases, tests) if test is None]
    return _without_start([test for test in tests if test is not None]), failing


def _without_start(tests):
    """Takes from each test the time that its program needs to start."""
    start = {}
    for test in tests:
        start[test.program] = min(test.seconds, start.get(test.program, test.seconds))
    return [test._replace(seconds=test.seconds - start[test.program]) for test in tests]


def _finish(command, limit, variables):
    """Runs a command for so many seconds of processor time; None if it waits for ever."""
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace") as process:
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (limit, limit))
        try:
            output, _ = process.communicate(timeout=SLEEP_SECONDS + 3 * limit)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return subprocess.CompletedProcess(command, process.returncode, output)


def _run(program, tests, number, library, more):
    """The verdict of some tests of one program; None if they pass."""
    limit = math.ceil(LEAST_SECONDS + PATIENCE * sum(test.seconds for test in tests))
    command = [program, "--gtest_fail_fast", "--gtest_brief=1",
               "--gtest_filter=" + ":".join(test.name for test in tests)]
    done = _finish(command, limit, {**environment.inherited(), "LD_PRELOAD": library,
                                     "QUIRE_MUTANT": str(number), **more})
    if done is None:
        return Verdict(HUNG, os.path.basename(program))
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Verdict(HUNG, os.path.basename(program))
    if done.returncode == 0:
        return None
    failed = [line.split()[3].rstrip(",") for line in done.stdout.splitlines()
              if line.startswith("[  FAILED  ]") and len(line.split()) > 3]
    if done.returncode == 1 and failed:
        return Verdict(FAILED, failed[0])
    return Verdict(CRASHED, os.path.basename(program))


def _batches(tests):
    """Tests of one program that run at once: quick ones first, none for longer than BATCH_SECONDS
    unless it is a single one."""
    programs = {}
    for test in sorted(tests, key=lambda test: test.seconds):
        batches = programs.setdefault(test.program, [[]])
        if sum(test.seconds for test in batches[-1]) + test.seconds > BATCH_SECONDS:
            batches.append([])
        batches[-1].append(test)
    batches = [batch for batches in programs.values() for batch in batches if batch]
    return sorted(batches, key=lambda batch: max(test.seconds for test in batch))


def _killers_first(reaching, names):
    """The batches, after the tests of these names, one by one."""
    known = [test for test in reaching if test.name in names]
    yield from ([test] for test in known)
    yield from _batches([test for test in reaching if test not in known])


def judge(number, tests, library, more, killers=()):
    """What becomes of one mutant; the tests named in `killers` are tried first. A failed
    expectation outweighs the crashes before it, but is not looked for after a time-out."""
    reaching = [test for test in tests if number in test.reached]
    if not reaching:
        return Verdict(SURVIVED, "no test comes here")
    broken = []
    for batch in _killers_first(reaching, killers):
        verdict = _run(batch[0].program, batch, number, library, more)
        if verdict is None:
            continue
        if verdict.how == FAILED:
            return verdict
        broken.append(verdict)
        if verdict.how == HUNG or len(broken) == CRASHES:
            break
    return broken[0] if broken else Verdict(SURVIVED, f"{len(reaching)} tests pass")


def judge_all(mutants, numbers, tests, library, more, tell):
    """The verdicts by number; `tell` is called with each as it comes."""
    killers = collections.defaultdict(lambda: collections.deque(maxlen=KILLERS))

    def judge_one(number):
        known = killers[mutants[number]["function"]]
        verdict = judge(number, tests, library, more, tuple(known))
        if verdict.how == FAILED and verdict.by not in known:
            known.appendleft(verdict.by)
        return verdict

    verdicts = {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        futures = {pool.submit(judge_one, number): number for number in numbers}
        for future in concurrent.futures.as_completed(futures):
            number = futures[future]
            verdicts[number] = future.result()
            tell(number, verdicts[number])
    return verdicts
