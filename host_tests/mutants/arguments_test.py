import json
import os
import tempfile
import unittest

from host_tests.mutants import mutants
from tools.testing import refusal, story


class ArgumentsTest(unittest.TestCase):
    """What is mistyped is refused before a test runs: there is no program to run here."""

    def refusal_of(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mutants.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump([{"name": "mm/a.c: one: call is left out", "kind": "call is left out"}],
                          file)
            return refusal.of(lambda: mutants.main(
                ["--library=none", f"--list={path}", "--programs=/no/such", *arguments]))

    def test_a_name_that_no_place_has_is_refused(self):
        self.assertEqual(self.refusal_of("--only", "nosuchplace"),
                         "mutants: error: no place's name contains 'nosuchplace'")

    def test_a_word_too_many_is_no_program(self):
        self.assertEqual(self.refusal_of("nosuchplace"),
                         "mutants: error: unrecognized arguments: nosuchplace")


if __name__ == "__main__":
    story.main()
