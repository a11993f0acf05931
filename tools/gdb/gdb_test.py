import os
import subprocess
import unittest

from tools.testing import story

GDB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gdb")


class GdbTest(unittest.TestCase):
    def run_gdb(self, *arguments):
        done = subprocess.run([GDB, *arguments], check=False, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        return done.returncode, done.stdout

    def test_it_stops_in_the_kernels_first_function_with_its_source_at_hand(self):
        status, said = self.run_gdb("-batch", "-ex", "bt 1", "-ex", "info registers cr3")
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"#0  kernel_main \(.*\) at kernel/main/main\.c:\d+")
        self.assertRegex(said, r"cr3 +0x[1-9a-f]")

    def test_it_stops_where_it_is_told_to(self):
        status, said = self.run_gdb("--cpu", "qemu64", "--stop-at", "machine_finish", "-batch",
                                    "--image", self.exit_image(), "-ex", "print act")
        self.assertEqual(status, 0, said)
        self.assertIn("= ACT_POWER_OFF", said)

    def test_a_place_that_is_not_there_is_an_error_and_not_a_wait(self):
        status, said = self.run_gdb("--stop-at", "no_such_function", "-batch")
        self.assertEqual(status, 1, said)
        self.assertIn('Function "no_such_function" not defined.', said)

    def test_a_missing_image_is_named(self):
        self.assertEqual(self.run_gdb("--image", "/no/such"),
                         (1, "gdb: cannot open /no/such: No such file or directory\n"))

    def exit_image(self):
        return os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(GDB))),
                            "disk_image_exit.img")


if __name__ == "__main__":
    story.main()
