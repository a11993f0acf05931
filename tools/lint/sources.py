"""The checkout's own files. The tests that use this run each time: their input is not cached."""

import os
import subprocess

# This file is a symbolic link in the runfiles, and the link ends in the checkout.
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

C_ENDINGS = (".c", ".h", ".cc")


def _tracked():
    """Files that git tracks or would; None where this is not a git checkout."""
    listing = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listing.returncode != 0:
        return None
    return os.fsdecode(listing.stdout).split("\0")[:-1]


def _walked():
    for folder, directories, files in os.walk(ROOT):
        directories[:] = [name for name in directories if not name.startswith(("bazel-", ".git"))]
        for name in files:
            yield os.path.relpath(os.path.join(folder, name), ROOT)


def paths(endings=("",), under=""):
    """Sorted paths, from the checkout's root, of files that end and begin so."""
    names = _tracked()
    return sorted({name for name in (_walked() if names is None else names)
                   if name.endswith(tuple(endings)) and name.startswith(under)
                   and os.path.isfile(os.path.join(ROOT, name))})


def read(path):
    """A file's text."""
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def lines(path):
    """Pairs of a line's number and its text."""
    return enumerate(read(path).splitlines(), start=1)


def shell_scripts():
    """Paths of the shell scripts, with and without an ending."""
    return [path for path in paths() if read(path)[:32].startswith(("#!/bin/sh", "#!/bin/bash"))]
