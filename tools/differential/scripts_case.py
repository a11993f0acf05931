"""A test case that compares scripts of memory operations: random ones, and those of files."""

import unittest

from tools.differential import differential, generator, scripts

_RANDOM = 300
_SEED = 20261121


class ScriptsCase(unittest.TestCase):
    """A subclass has `other`, which gives what each of some scripts prints, to compare."""

    files = ()

    @classmethod
    def take_files(cls, argv):
        """Takes the paths of files of scripts from a command line."""
        cls.files = tuple(argv[1:])

    def compare(self, some):
        found = scripts.find_differences(some, self.other)
        if found:
            self.fail(f"{len(found)} scripts differ; the first:\n"
                      + differential.describe(found[0]))

    def test_random_scripts(self):
        self.compare([generator.make(_SEED, number) for number in range(_RANDOM)])

    def test_scripts_that_have_differed_once(self):
        some = []
        for path in self.files:
            with open(path, encoding="utf-8") as file:
                some += scripts.from_text(file.read())
        self.assertNotEqual(some, [])
        self.compare(some)
