import os
import subprocess
import tempfile
import unittest

from tools.testing import story

FOLDER = os.path.dirname(os.path.abspath(__file__))
RUNS = """0 1 reserved
1000 158 kernel
9f000 97 reserved
100000 500 kernel
2f4000 30 table
312000 2000 free
ae2000 300 anonymous
c0e000 100 of_another_kind
c72000 29582 free
8000000 262144 reserved
"""


def run(name, *arguments):
    """A program's status and what it said on standard output and on standard error."""
    done = subprocess.run([os.path.join(FOLDER, name), *arguments], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


class FramesTest(unittest.TestCase):
    def draw(self, text):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            return run("frames", file.name)

    def test_the_picture_has_a_letter_for_who_owns_most(self):
        status, picture, _ = self.draw(RUNS)
        lines = picture.splitlines()
        self.assertEqual((status, lines[0]), (0, "one letter: 128 KiB"))
        self.assertEqual(lines[1],
                         "000000000000 " + "K" * 5 + " " * 3 + "K" * 16 + "T" + "." * 39)
        self.assertEqual(lines[2],
                         "000000800000 " + "." * 23 + "a" * 9 + "?" * 4 + "." * 28)
        self.assertEqual(len([line for line in lines if line.startswith("0000")]), 16)
        self.assertLessEqual(len(lines), 25, "the screen's rows")

    def test_the_legend_counts_each_kind(self):
        legend = self.draw(RUNS)[1].splitlines()[-6:]
        self.assertEqual(legend[0], "'.' free            31582 frames     126328 KiB")
        self.assertEqual(legend[2], "'K' kernel            658 frames       2632 KiB")
        self.assertEqual(legend[5], "'?' other             100 frames        400 KiB")

    def test_what_is_no_list_of_runs_is_refused_with_its_line(self):
        for line in ("hello", "0 -1 free", "1000-2000 1 free", "1000"):
            status, _, complaint = self.draw(f"0 1 free\n{line}\n")
            self.assertEqual(status, 1)
            self.assertIn(f":2: not ADDRESS PAGES OWNER: {line}", complaint)
        self.assertIn("is empty", self.draw("")[2])
        self.assertEqual(run("frames", "/no/such")[2],
                         "frames: cannot read /no/such: No such file or directory\n")


class VmmapTest(unittest.TestCase):
    def test_every_area_of_a_process_is_listed_and_added_up(self):
        status, text, _ = run("vmmap", "self")
        lines = text.splitlines()
        areas = lines[1:-2]
        self.assertEqual(status, 0)
        self.assertTrue(any("r-x" in line and line.endswith("/vmmap") for line in areas), text)
        self.assertTrue(any(line.endswith("[stack]") for line in areas), text)
        self.assertEqual(sum(int(line.split()[2]) for line in areas), int(lines[-2].split()[1]))
        self.assertEqual(sum(int(line.split()[3]) for line in areas), int(lines[-2].split()[2]))
        self.assertIn(f"in {len(areas)} areas", lines[-2])
        self.assertRegex(lines[-1], r"^page tables: \d+ KiB$")

    def test_a_process_that_is_not_there_is_named(self):
        status, _, complaint = run("vmmap", "99999999")
        self.assertEqual(status, 1)
        self.assertIn("vmmap: cannot read /proc/99999999/smaps", complaint)


class FaultlabTest(unittest.TestCase):
    def test_each_experiment_says_what_became_of_it(self):
        status, text, _ = run("faultlab")
        self.assertEqual((status, text.count(": a program ")), (0, 12))
        for name, signal, end in (
                ("null", "SIGSEGV, SEGV_MAPERR, si_addr 0", "gave up, and signal 11 ended it"),
                ("demand", None, "no signal: it went on"),
                ("none", "SIGSEGV, SEGV_ACCERR", "mended it"),
                ("non-canonical", "SIGSEGV, SI_KERNEL, si_addr 0", "signal 11 ended it"),
                ("file", "SIGBUS, BUS_ADRERR", "gave up, and signal 7 ended it"),
                ("stack", "SIGSEGV, SEGV_MAPERR", "gave up, and signal 11 ended it")):
            one = run("faultlab", name)[1]
            self.assertIn(end, one)
            if signal:
                self.assertIn(signal, one)


class UsageTest(unittest.TestCase):
    def test_wrong_arguments_are_refused_with_the_usage(self):
        for words in (("frames", "a", "b"), ("frames", "--help"), ("vmmap",), ("vmmap", "-1"),
                      ("vmmap", "1/../2"), ("ptdump", "1"), ("ptdump", "1", "x"),
                      ("ptdump", "1", "-5"), ("ptdump", "", "5"), ("faultlab", "nothing")):
            with self.subTest(words):
                status, _, complaint = run(*words)
                self.assertEqual(status, 2)
                self.assertTrue(complaint.startswith(f"usage: {words[0]} "), complaint)

    def test_a_kernel_without_the_file_is_said_to_have_none(self):
        self.assertEqual(run("ptdump", "self", "0x400000")[::2],
                         (1, "ptdump: /proc/self/ptwalk: No such file or directory\n"))


if __name__ == "__main__":
    story.main()
