import os
import subprocess
import unittest

from tools.machine import run
from tools.testing import story

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run")


class DisplayTest(unittest.TestCase):
    def test_there_is_a_window_where_there_is_a_screen_and_a_module_for_it(self):
        self.assertEqual(run.choose_display({"DISPLAY": ":0"}, ["none", "gtk", "sdl"]), "gtk")
        self.assertEqual(run.choose_display({"WAYLAND_DISPLAY": "w"}, ["none", "sdl"]), "sdl")

    def test_there_is_none_without_a_screen_or_without_a_module(self):
        self.assertEqual(run.choose_display({}, ["none", "gtk"]), "none")
        self.assertEqual(run.choose_display({"DISPLAY": ":0"}, ["none", "curses"]), "none")


class RunTest(unittest.TestCase):
    def run_tool(self, *arguments, typed=None):
        return subprocess.run([RUN, "--display", "none", *arguments], input=typed, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def test_the_demonstration_alone_is_printed_and_ends_with_a_power_off(self):
        done = self.run_tool("--exit")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout.splitlines()[-1], b"machine: powering off")

    def test_a_recording_can_be_had(self):
        recording = os.path.join(os.environ["TEST_TMPDIR"], "recording")
        self.assertEqual(self.run_tool("--trace", recording).returncode, 0)
        with open(recording, "rb") as file:
            lines = file.read().splitlines()
        self.assertEqual((lines[0].split()[0], lines[-1]), (b"quire-trace", b"end"))

    def test_what_is_typed_on_the_terminal_reaches_the_shell(self):
        with subprocess.Popen([RUN, "--display", "none"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            while b"faultlab" not in process.stdout.readline():
                self.assertIsNone(process.poll())
            process.stdin.write(b"poweroff\r")
            process.stdin.flush()
            self.assertEqual(process.wait(timeout=60), 0)

    def test_a_picture_of_the_screen_can_be_had(self):
        picture = os.path.join(os.environ["TEST_TMPDIR"], "screen.png")
        self.assertEqual(self.run_tool("--screenshot", picture).returncode, 0)
        with open(picture, "rb") as file:
            self.assertEqual(file.read(4), b"\x89PNG")

    def test_an_image_that_waits_for_a_key_ends_with_a_sentence_and_not_with_time(self):
        image = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(RUN))),
                             "demonstration_image.img")
        done = self.run_tool("--exit", "--image", image)
        self.assertEqual((done.returncode, done.stderr.strip()), (
            1, b"qemu: the image waits for a key: make it with on_exit=poweroff"))

    def test_an_image_that_is_not_there_is_named(self):
        for more in ((), ("--exit",)):
            done = self.run_tool("--image", "/no/such", *more)
            self.assertEqual((done.returncode, done.stderr), (
                1, b"qemu: cannot open /no/such: No such file or directory\n"))

    def test_options_of_which_one_would_be_ignored_are_a_usage_error(self):
        done = self.run_tool("--exit", "--screenshot", "/no/such")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--screenshot goes neither with --exit nor with --trace", done.stderr)

    def test_a_machine_that_cannot_be_had_is_a_usage_error(self):
        done = self.run_tool("--cpus", "0")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"qemu: error: a machine has at least one CPU, not 0", done.stderr)


if __name__ == "__main__":
    story.main()
