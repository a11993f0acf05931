"""Why no test can notice a mutant."""

from typing import NamedTuple


class Argument(NamedTuple):
    """One sentence for all the mutants that it holds for."""

    why: str
    names: tuple[str, ...]
