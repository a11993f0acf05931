"""Chooses few combinations that together hold every pair of values."""

import itertools


def pairs_of(row):
    """The pairs of values, each with its factor's number, that a combination holds."""
    return set(itertools.combinations(enumerate(row), 2))


def all_pairs(factors):
    """Every pair of values of two different factors."""
    return {((i, a), (j, b)) for (i, left), (j, right) in itertools.combinations(
        enumerate(factors), 2) for a in left for b in right}


def cover(factors):
    """A list of combinations, always the same: each adds as many new pairs as any could."""
    combinations = list(itertools.product(*factors))
    missing = all_pairs(factors)
    rows = []
    while missing:
        best = max(combinations, key=lambda row: len(pairs_of(row) & missing))
        rows.append(best)
        missing -= pairs_of(best)
    return rows
