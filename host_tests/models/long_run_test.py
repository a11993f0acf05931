import os
import stat
import tempfile
import unittest

from host_tests.models import long_run
from tools.testing import refusal, story

# Stands in for a model's test program.
PROGRAM = """#!/bin/sh
path=${1#--gtest_output=json:}
printf '{"testsuites": [{"testsuite": [{"name": "a", "operations": "%s"},
  {"name": "b", "operations": "%s"}, {"name": "other"}]}]}' "$MODEL_STEPS" "$MODEL_STEPS" > "$path"
echo "played with $MODEL_SEED"
exit CODE
"""


class LongRunTest(unittest.TestCase):
    def played(self, code):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "small_thing_model_test")
        with open(path, "w", encoding="ascii") as file:
            file.write(PROGRAM.replace("CODE", str(code)))
        os.chmod(path, stat.S_IRWXU)
        return long_run.play(path, 1500, 7)

    def test_the_tests_themselves_say_how_much_they_did(self):
        one = self.played(0)
        self.assertEqual(("small thing", 2, 3000, 0), one[:4])
        self.assertIn("3,000 random operations on 1 models", long_run.report([one], 7))
        self.assertIn("| small thing | 2 | 3,000 |", long_run.report([one], 7))

    def test_a_seed_reaches_the_program_and_the_report(self):
        one = self.played(0)
        self.assertEqual("played with 7\n", one.output)
        self.assertIn("`--seed 7` repeats them", long_run.report([one], 7))

    def test_without_a_seed_it_is_another_one_each_time(self):
        programs = "--programs=one_model_test two_model_test"
        self.assertNotEqual(long_run.parse([programs]).seed, long_run.parse([programs]).seed)
        self.assertEqual(7, long_run.parse([programs, "--seed", "7"]).seed)

    def refusal_of(self, *arguments):
        return refusal.of(lambda: long_run.parse(["--programs=one_model_test", *arguments]))

    def test_a_word_too_many_is_no_program(self):
        self.assertEqual("long_run: error: unrecognized arguments: nosuchprogram",
                         self.refusal_of("nosuchprogram", "--steps", "10"))

    def test_to_play_nothing_is_refused(self):
        for option in ("--steps", "--jobs"):
            with self.subTest(option=option):
                self.assertIn(f"{option}: '0' is not a whole number", self.refusal_of(option, "0"))

    def test_a_finding_is_counted(self):
        self.assertIn("with a finding: 1.", long_run.report([self.played(1)], 7))

    def test_a_program_that_dies_did_nothing(self):
        one = long_run.play("/bin/false", 10, 7)
        self.assertEqual((0, 0, 1), one[1:4])


if __name__ == "__main__":
    story.main()
