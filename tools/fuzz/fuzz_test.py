import contextlib
import io
import os
import stat
import tempfile
import unittest

from tools.fuzz import fuzz
from tools.testing import refusal, story

# Stands in for a libFuzzer program: finds one new input and says what it has done; its merge leaves
# nothing out.
QUIET_FUZZER = """#!/bin/sh
if [ "$1" = -merge=1 ]; then
    cp "$3"/* "$4"/* "$2"
    exit
fi
for last; do new=$old; old=$last; done
printf found > "$new/found"
echo "#9 DONE cov: 41 ft: 2"
echo "stat::number_of_executed_units: 1234"
"""
FORGETFUL_FUZZER = "#!/bin/sh\nexit 0\n"  # a merge of it keeps nothing
LOUD_FUZZER = "#!/bin/sh\necho '#1 NEW cov: 1'\necho 'ERROR: AddressSanitizer'\nexit 77\n"


class FuzzTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.corpus = os.path.join(self.folder, "some_room_fuzz.corpus")
        fuzz.write_corpus(self.corpus, [b"longer", b"", b"\n\x00"])

    def program(self, script):
        path = os.path.join(self.folder, "program")
        with open(path, "w", encoding="ascii") as file:
            file.write(script)
        os.chmod(path, stat.S_IRWXU)
        return path

    def outcome(self, script):
        options = fuzz.parse(["--fuzzer", self.program(script), self.corpus, "--seconds=1"])
        return fuzz.fuzz(*options.fuzzer[0], options), options

    def test_a_corpus_keeps_every_byte_and_begins_with_the_shortest_input(self):
        self.assertEqual([b"", b"\n\x00", b"longer"], fuzz.read_corpus(self.corpus))

    def test_inputs_survive_being_files(self):
        where = os.path.join(self.folder, "inputs")
        fuzz.unpack([b"a", b"\xff\n"], where)
        self.assertEqual([b"a", b"\xff\n"], sorted(fuzz.pack(where)))

    def test_the_figures_are_the_fuzzers_own(self):
        outcome, options = self.outcome(QUIET_FUZZER)
        self.assertEqual(("some room", 3, 1234, 41, 0), outcome[:5])
        self.assertEqual(
            "1,234 executions of 1 fuzzers under ASan and UBSan, at most 1 s each; "
            "fuzzers with a finding: 0.", fuzz.report([outcome], options).splitlines()[0])

    def test_a_finding_is_counted(self):
        outcome, options = self.outcome(LOUD_FUZZER)
        self.assertEqual(77, outcome.exit_code)
        self.assertIn("AddressSanitizer", outcome.output)
        self.assertIn("with a finding: 1.", fuzz.report([outcome], options))

    def refusal_of(self, *arguments):
        return refusal.of(
            lambda: fuzz.parse(["--fuzzer", "program", self.corpus, *arguments]))

    def test_no_time_at_all_is_refused_since_libfuzzer_takes_it_for_no_limit(self):
        self.assertIn("--seconds: '0' is not a whole number", self.refusal_of("--seconds", "0"))

    def test_help_asks_for_nothing_that_bazel_gives(self):
        told = io.StringIO()
        with contextlib.redirect_stdout(told), self.assertRaises(SystemExit):
            fuzz.parse(["--help"])
        self.assertIn("--seconds", told.getvalue())
        self.assertNotIn("--fuzzer", told.getvalue())

    def test_no_job_at_all_is_refused(self):
        self.assertIn("--jobs: '0' is not a whole number", self.refusal_of("--jobs", "0"))

    def merge(self, script):
        os.environ["BUILD_WORKSPACE_DIRECTORY"] = self.folder
        self.addCleanup(os.environ.pop, "BUILD_WORKSPACE_DIRECTORY")
        options = fuzz.parse(["--fuzzer", self.program(script), self.corpus, "--merge"])
        return fuzz.fuzz(*options.fuzzer[0], options)

    def test_merging_writes_the_corpus_of_the_checkout(self):
        self.assertEqual(4, self.merge(QUIET_FUZZER).inputs)
        self.assertEqual([b"", b"\n\x00", b"found", b"longer"], fuzz.read_corpus(self.corpus))

    def test_a_merge_that_keeps_nothing_leaves_the_corpus_as_it_was(self):
        with self.assertRaises(fuzz.MergeFailed):
            self.merge(FORGETFUL_FUZZER)
        self.assertEqual(3, len(fuzz.read_corpus(self.corpus)))


if __name__ == "__main__":
    story.main()
