"""Runs the counting programs and reads, with LLVM's tools, what of mm/ they have run."""

import concurrent.futures
import dataclasses
import glob
import json
import os
import subprocess
import tempfile

from tools.testing import environment

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(_WORKSPACE, "tools/coverage/programs")
ROOM = "mm/"
_PROFDATA = "/usr/bin/llvm-profdata-19"
_COV = "/usr/bin/llvm-cov-19"


class MeasureError(Exception):
    """A program that failed; the text is what it said."""


@dataclasses.dataclass(frozen=True, order=True)
class Arm:
    """One way out of a condition, which lies at columns [start, end) of a line."""

    line: int
    start: int
    end: int
    is_true: bool


@dataclasses.dataclass
class File:
    """How often each line and each arm of one source file ran. All programs together."""

    lines: dict = dataclasses.field(default_factory=dict)
    arms: dict = dataclasses.field(default_factory=dict)

    def add(self, counts, key, count):
        counts[key] = counts.get(key, 0) + count

    def uncovered(self, counts):
        """The lines, or the arms, that never ran, in order."""
        return sorted(key for key, count in counts.items() if count == 0)


def _check_output(command, **options):
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise MeasureError(f"{' '.join(command)} left with {done.returncode}:\n{said[-4000:]}")
    return done.stdout.decode()


def _run(program, directory):
    """Runs one program; returns what LLVM exports of it, as lcov's text and as JSON's."""
    profile = os.path.join(directory, os.path.basename(program))
    _check_output([program], cwd=_WORKSPACE,
                  env={**environment.inherited(), "TEST_TMPDIR": directory,
                       "LLVM_PROFILE_FILE": profile + ".raw"})
    _check_output([_PROFDATA, "merge", "-sparse", profile + ".raw", "-o", profile])
    export = [_COV, "export", program, f"-instr-profile={profile}"]
    return (_check_output([*export, "-format=lcov", "-skip-functions"]),
            _check_output([*export, "-skip-functions", "-skip-expansions"]))


def read_lines(lcov, files):
    """Adds the lines that lcov's text counts."""
    file = None
    for line in lcov.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            file = files.setdefault(rest, File()) if rest.startswith(ROOM) else None
        elif kind == "DA" and file:
            number, count = rest.split(",")[:2]
            file.add(file.lines, int(number), int(count))


def read_arms(exported, files, texts):
    """
    Adds the arms that the JSON counts. Those of a macro's own conditions are not among them, so the
    failing arm of a CHECK does not count; nor does the missing default of a switch over an enum,
    whose cases the compiler has checked.
    """
    for entry in json.loads(exported)["data"][0]["files"]:
        path = entry["filename"]
        if not path.startswith(ROOM):
            continue
        file = files.setdefault(path, File())
        for line, start, last_line, end, true_count, false_count, *_ in entry["branches"]:
            end = end if last_line == line else len(texts[path][line - 1]) + 1
            if not is_switch(texts[path][line - 1], start):
                file.add(file.arms, Arm(line, start, end, True), true_count)
            file.add(file.arms, Arm(line, start, end, False), false_count)


def uncounted(files):
    """The sources of mm/, found in its folders, that no program contains."""
    found = glob.glob(ROOM + "**/*.c", root_dir=_WORKSPACE, recursive=True)
    return sorted(set(found) - set(files))


def is_switch(text, column):
    """Whether what begins at this column (from 1) is what a switch looks at."""
    return text[:column - 1].endswith("switch (")


class _Texts(dict):
    """The lines of the sources that the programs are made of, by path."""

    def __missing__(self, path):
        with open(os.path.join(_WORKSPACE, path), encoding="utf-8") as source:
            self[path] = source.read().splitlines()
        return self[path]


def measure():
    """Runs everything; returns the files by path and their texts. Raises MeasureError."""
    programs = sorted(os.path.join(PROGRAMS, name) for name in os.listdir(PROGRAMS))
    files, texts = {}, _Texts()
    with tempfile.TemporaryDirectory(prefix="quire.") as directory, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lcov, exported in pool.map(lambda program: _run(program, directory), programs):
            read_lines(lcov, files)
            read_arms(exported, files, texts)
    return files, texts
