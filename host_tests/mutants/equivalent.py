"""Mutants that no test can notice, each with the argument why.

A name that stands for no mutant any more, or whose mutant is killed, fails the test.
"""

from typing import NamedTuple


class Argument(NamedTuple):
    why: str
    names: tuple[str, ...]


ARGUMENTS = (
)
