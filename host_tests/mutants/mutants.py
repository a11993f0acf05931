"""Proves that the host tests notice each mistake of the catalogue.

A mutant is a copy of the sources it changes, compiled into a shared library that is loaded before
the room's own: the test programs are the very ones that pass without it. A mutant is killed when a
test reports a failure; one that does not compile, crashes the program or hangs it proves nothing.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from host_tests.mutants.catalogue import CATALOGUE

ROOM = pathlib.Path("mm/paging")
COMPILE = (
    "clang-19 -std=c23 -O1 -fPIC -fexceptions -shared -Wall -Werror"
    " -Wno-unused-function -Wno-unused-variable -Wno-unused-but-set-variable"
).split()
RUN_SECONDS = 120


class Survived(Exception):
    pass


def mutate(mutant, tree):
    """Applies the edits to the copy of the room in `tree`; returns the sources to compile."""
    files = {edit.file for edit in mutant.edits}
    for edit in mutant.edits:
        path = tree / ROOM / edit.file
        text = path.read_text()
        if text.count(edit.before) != 1:
            raise Survived(f"{edit.file} does not hold its text exactly once:\n{edit.before}")
        path.write_text(text.replace(edit.before, edit.after))
    in_headers = any(file.endswith(".h") for file in files)
    sources = sorted(path.name for path in ROOM.glob("*.c")) if in_headers else sorted(files)
    return [tree / ROOM / source for source in sources]


def build(sources, tree):
    library = tree / "libmutant.so"
    command = COMPILE + ["-iquote", str(tree), "-iquote", ".", "-o", str(library)]
    done = subprocess.run(command + [str(source) for source in sources],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Survived(f"it does not compile:\n{done.stderr}")
    return library


def run(program, library=None):
    """The program's output and exit status."""
    environment = dict(os.environ)
    if library is not None:
        environment["LD_PRELOAD"] = str(library)
    for name in ("TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", "XML_OUTPUT_FILE"):
        environment.pop(name, None)
    done = subprocess.run([program, "--gtest_fail_fast", "--gtest_brief=1"], env=environment,
                          capture_output=True, text=True, errors="replace", timeout=RUN_SECONDS)
    return done.stdout, done.returncode


def killer(programs, library):
    """The first test that fails, and the first line of what it found."""
    for program in programs:
        output, status = run(program, library)
        if status == 0:
            continue
        failed = [line for line in output.splitlines() if line.startswith("[  FAILED  ]")]
        if status != 1 or not failed:
            raise Survived(f"{program} ended with status {status} and no failed test:\n{output}")
        return failed[0].split()[3].rstrip(","), finding(output)
    raise Survived("all tests pass")


def finding(output):
    lines = output.splitlines()
    index = next(i for i, line in enumerate(lines) if ": Failure" in line)
    rest = [line.strip() for line in lines[index + 1:index + 3] if line.strip() != "Failed"]
    return rest[0] if rest else ""


def try_mutant(mutant, programs):
    with tempfile.TemporaryDirectory() as directory:
        tree = pathlib.Path(directory)
        shutil.copytree(ROOM, tree / ROOM)
        library = build(mutate(mutant, tree), tree)
        return killer(programs, library)


def main():
    programs = sys.argv[1:]
    for program in programs:
        output, status = run(program)
        if status != 0:
            print(f"{program} fails without any mutant:\n{output}")
            return 1
    survivors = 0
    for mutant in CATALOGUE:
        try:
            test, found = try_mutant(mutant, programs)
            print(f"killed: {mutant.name}\n    by {test}: {found}")
        except Survived as reason:
            survivors += 1
            print(f"SURVIVED: {mutant.name}\n    {reason}")
        except subprocess.TimeoutExpired:
            survivors += 1
            print(f"SURVIVED: {mutant.name}\n    it hangs")
    print(f"{len(CATALOGUE) - survivors} of {len(CATALOGUE)} mutants killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
