"""docs/proof.md: one section for each kind of evidence, each the output of one command.

A section's body ends with a mark that holds its checksum, so that a body that was changed by hand
is found.
"""

import re
import zlib
from typing import NamedTuple

PATH = "docs/proof.md"

_INTRODUCTION = """\
# Proof

What stands behind the claim that this memory manager can be believed. Every section is the
output of the command above it, spliced in by `bazel run //tools/proof -- NAME`. None of it is
written by hand, and a test notices if it was. Short forms of all run in `bazel test //...`.
"""

_SECTION = re.compile(r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 ([0-9a-f]{8}) -->\n", re.DOTALL)


class Section(NamedTuple):
    """`commands` are the arguments of `bazel run`, each of a target that writes to PROOF_FILE."""

    name: str
    title: str
    commands: tuple[tuple[str, ...], ...]


class NotGenerated(Exception):
    """The page holds something that no command has written."""


def _checksum(body):
    return f"{zlib.crc32(body.encode()):08x}"


def bodies(text):
    """The sections' bodies by name. Raises NotGenerated."""
    found = {}
    for name, body, checksum in _SECTION.findall(text):
        if _checksum(body) != checksum:
            raise NotGenerated(f"{PATH}: section {name} was changed by hand")
        found[name] = body
    return found


def commands_of(section):
    """The section's commands as one types them."""
    return "\n".join(f"bazel run {' '.join(command)}" for command in section.commands)


def render(sections, found):
    """The whole page; a section without a body yet is left out."""
    parts = [_INTRODUCTION]
    for section in sections:
        if section.name in found:
            body = found[section.name]
            parts.append(f"## {section.title}\n```sh\n{commands_of(section)}\n```\n"
                         f"<!-- begin {section.name} -->\n{body}"
                         f"<!-- end {section.name} {_checksum(body)} -->\n")
    return "\n".join(parts)
