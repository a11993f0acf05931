import unittest

from system_tests import matrix, pairwise
from tools.testing import story


class PairwiseTest(unittest.TestCase):
    def test_two_factors_need_every_combination(self):
        self.assertEqual(len(pairwise.cover(["ab", "xyz"])), 6)

    def test_three_factors_of_two_need_far_fewer_than_all_combinations_allow(self):
        factors = ["ab", "cd", "ef"]
        rows = pairwise.cover(factors)
        self.assertLessEqual(len(rows), 5)
        self.assertEqual(set().union(*map(pairwise.pairs_of, rows)), pairwise.all_pairs(factors))

    def test_the_matrix_holds_every_pair_in_about_forty_boots(self):
        covered = set().union(*(pairwise.pairs_of(row) for row in matrix.ROWS))
        self.assertEqual(covered, pairwise.all_pairs(matrix.FACTORS))
        self.assertLessEqual(len(matrix.ROWS), 45)


if __name__ == "__main__":
    story.main()
