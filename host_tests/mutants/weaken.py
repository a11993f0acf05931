"""Makes one library of mm in which each mutant can be switched on at run time.

usage: weaken.py LIBRARY LIST SOURCE_OR_HEADER...

LIST becomes the JSON list of the mutants; a mutant's number is its place there.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from host_tests.mutants import sites

OPTIONS = ["-std=c23", "-iquote", "."]
COMPILE = ["clang-19", "-std=c23", "-O1", "-fPIC", "-fexceptions", "-shared", "-w"]
SWITCH = "host_tests/mutants/switch"
CALLERS = ["host_tests/addr/out_of_line.c"]  # what tests call inline functions by
TEXT_MAX = 70


def find_all(files, read):
    """Every site once, in the order of the sources."""
    ours = set(files)
    found = {}
    for source in sorted(file for file in files if file.endswith(".c")):
        def is_ours(file):
            return file is not None and os.path.normpath(file) in ours
        for site in sites.find(source, OPTIONS, read, is_ours):
            site = site._replace(file=os.path.normpath(site.file))
            found[(site.file, site.begin, site.end, site.kind)] = site
    return [found[key] for key in sorted(found)]


def name_all(found, read):
    """Names that outlive a change of other lines."""
    seen = collections.Counter()
    for site in found:
        text = " ".join(read(site.file)[site.begin:site.end].split())
        name = f"{site.file}: {site.function}: {site.kind}: {text[:TEXT_MAX]}"
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} (#{seen[name]})"


def weaken(text, numbered):
    """The text of one file with all its mutants in it."""
    opening = collections.defaultdict(list)
    closing = collections.defaultdict(list)
    for number, site in numbered:
        opening[site.begin].append((-site.end, number, site))
        closing[site.end].append((-site.begin, -number, site))
    out = []
    for at in range(len(text) + 1):
        for _, number, site in sorted(closing[at], key=lambda item: item[:2]):
            out.append(site.after.replace(sites.NUMBER, str(-number)))
        for _, number, site in sorted(opening[at], key=lambda item: item[:2]):
            out.append(site.before.replace(sites.NUMBER, str(number)))
        out.append(text[at:at + 1])
    return "".join(out)


def write_tree(files, found, read, tree):
    by_file = collections.defaultdict(list)
    for number, site in enumerate(found):
        by_file[site.file].append((number, site))
    for file in files:
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_text(weaken(read(file), by_file[file]))


def main():
    library, listing, *files = sys.argv[1:]
    texts = {}

    def read(file):
        file = os.path.normpath(file)
        if file not in texts:
            texts[file] = pathlib.Path(file).read_text()
        return texts[file]

    found = find_all(files, read)
    with tempfile.TemporaryDirectory() as directory:
        tree = pathlib.Path(directory)
        write_tree(files, found, read, tree)
        sources = [str(tree / file) for file in files if file.endswith(".c")]
        subprocess.run(
            [*COMPILE, f"-DMUTANT_COUNT={len(found)}", "-iquote", str(tree), "-iquote", ".",
             "-include", SWITCH + ".h", "-o", library, *sources, *CALLERS, SWITCH + ".c"],
            check=True)
    mutants = [{"name": name, "line": site.line, "kind": site.kind, "file": site.file,
                "function": f"{site.file}: {site.function}"}
               for name, site in zip(name_all(found, read), found)]
    pathlib.Path(listing).write_text(json.dumps(mutants, indent=0))


if __name__ == "__main__":
    main()
