"""Runs what proves something, and writes its figures into docs/proof.md.

Without a name, every section is made anew, which takes long: the forms that run are the long ones.
"""

import argparse
import os
import subprocess
import sys
import tempfile

from tools.proof import page
from tools.proof.sections import SECTIONS

_BAZEL = "/usr/bin/bazel"


class Failed(Exception):
    """A command found something, or wrote nothing; or the figures would be of no commit."""


def _parser():
    parser = argparse.ArgumentParser(
        prog="proof", usage="bazel run //tools/proof -- [NAME...]", allow_abbrev=False,
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="sections:\n" + "\n".join(f"  {section.name:12} {section.title}"
                                         for section in SECTIONS))
    parser.add_argument("names", nargs="*", metavar="NAME")
    return parser


def _run(command, workspace):
    """What one command writes to PROOF_FILE."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "body.md")
        done = subprocess.run([_BAZEL, "run", *command], cwd=workspace, check=False,
                              env={**os.environ, "PROOF_FILE": path})
        if done.returncode != 0:
            raise Failed(f"bazel run {' '.join(command)} ended with {done.returncode}")
        if not os.path.exists(path):
            raise Failed(f"bazel run {' '.join(command)} wrote nothing to PROOF_FILE")
        with open(path, encoding="utf-8") as file:
            return file.read().strip() + "\n"


def commit_of(workspace):
    """The commit that figures made now are of; the page itself may have changed since."""
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=workspace, check=True, capture_output=True,
                              text=True).stdout.strip()

    changes = git("status", "--porcelain", "--", ".", f":!{page.PATH}")
    if changes:
        raise Failed(f"commit these first, so that the figures are of a commit:\n{changes}")
    return git("rev-parse", "--short", "HEAD")


def _body(section, workspace):
    """What the section's commands write, and of which commit it is."""
    commit = commit_of(workspace)
    parts = [_run(command, workspace) for command in section.commands]
    if commit_of(workspace) != commit:
        raise Failed("the checkout has changed while the commands ran")
    return "\n".join([*parts, f"Run at commit {commit}.\n"])


def _update(path, section, body):
    """Replaces one section at once, so that an interrupted run loses only what it has not done."""
    found = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            found = page.bodies(file.read())
    found[section.name] = body
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(page.render(SECTIONS, found))
    os.replace(path + ".new", path)


def main():
    parser = _parser()
    names = parser.parse_args().names
    by_name = {section.name: section for section in SECTIONS}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        parser.error(f"no section is called {', '.join(unknown)}")
    workspace = os.environ["BUILD_WORKSPACE_DIRECTORY"]
    try:
        for name in names or by_name:
            section = by_name[name]
            print(f"proof: {name}", file=sys.stderr)
            _update(os.path.join(workspace, page.PATH), section, _body(section, workspace))
    except (Failed, page.NotGenerated) as reason:
        print(f"proof: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
