import subprocess
import unittest

from tools.lint import sources
from tools.testing import story

COMMAND = ["/usr/bin/clang-tidy-19", "--quiet"]
FLAGS = ["--", "-std=c23", "-I."]


def complaints(paths):
    done = subprocess.run(COMMAND + paths + FLAGS, cwd=sources.ROOT, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.stdout if done.returncode == 0 else done.stdout + done.stderr


class TidyTest(unittest.TestCase):
    """clang-tidy, with the checks of .clang-tidy."""

    maxDiff = None

    def check(self, room):
        paths = sources.paths([".c"], under=room)
        self.assertNotEqual(paths, [])
        self.assertEqual(complaints(paths), "")

    def test_lib(self):
        self.check("lib/")

    def test_frame(self):
        self.check("mm/frame/")

    def test_paging(self):
        self.check("mm/paging/")

    def test_object(self):
        self.check("mm/object/")

    def test_space(self):
        self.check("mm/space/")

    def test_heap(self):
        self.check("mm/heap/")

    def test_lock(self):
        self.check("mm/lock/")

    def test_audit(self):
        self.check("mm/audit/")

    def test_elf(self):
        self.check("kernel/elf/")

    def test_fault(self):
        self.check("kernel/fault/")

    def test_files(self):
        self.check("kernel/files/")

    def test_process(self):
        self.check("kernel/process/")

    def test_syscall(self):
        self.check("kernel/syscall/")

    def test_thread(self):
        self.check("kernel/thread/")

    def test_tty(self):
        self.check("kernel/tty/")


if __name__ == "__main__":
    story.main()
