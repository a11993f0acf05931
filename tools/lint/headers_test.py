import subprocess
import unittest

from tools.lint import sources
from tools.testing import story

KERNEL_ROOMS = ("bootloader/", "drivers/", "kernel/", "lib/", "mm/")
CPP_ROOMS = ("bootloader/", "lib/", "mm/")
CLANG = ["/usr/bin/clang-19", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", ".",
         # As a header is read here, it is the file that is compiled.
         "-Wno-pragma-once-outside-header", "-Wno-unused-const-variable", "-Wno-unused-function"]


class HeadersTest(unittest.TestCase):
    """Each header includes what it needs: it compiles by itself."""

    def complaints(self, rooms, *options):
        headers = [path for path in sources.paths([".h"]) if path.startswith(rooms)]
        self.assertNotEqual(headers, [])
        done = subprocess.run([*CLANG, *options, *headers], cwd=sources.ROOT, check=False,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def test_every_header_is_freestanding_c(self):
        self.assertEqual((0, ""), self.complaints(
            KERNEL_ROOMS, "-x", "c", "-std=c23", "--target=x86_64-unknown-none-elf",
            "-ffreestanding"))

    def test_what_the_host_tests_include_is_c_plus_plus_too(self):
        self.assertEqual((0, ""), self.complaints(
            CPP_ROOMS, "-x", "c++", "-std=c++20",
            "-Wno-missing-field-initializers"))


if __name__ == "__main__":
    story.main()
