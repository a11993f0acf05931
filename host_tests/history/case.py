"""One bug that a kernel has shipped with, made again in our own sources."""

from typing import NamedTuple


class Edit(NamedTuple):
    """`before` stands once in `file`, and `after` in its place."""

    file: str
    before: str
    after: str


class Case(NamedTuple):
    """A bug is made by edits, and flagged by words that match `diagnosis`.

    They are the first thing that `scenario`, a test that passes without the bug, has to say; where
    there is no scenario, the compiler's reason to refuse the edited source.
    """

    name: str
    source: str
    diagnosis: str
    edits: tuple[Edit, ...]
    scenario: str = ""
    sources: tuple[str, ...] = ()  # to compile again, where the edits do not say it


def made_by(*edits):
    return tuple(Edit(*edit) for edit in edits)
