import os
import socket
import time

from system_tests.machine_case import MachineCase, TIMEOUT_SECONDS, workspace_file
from tools.machine import qemu
from tools.machine.config import MachineConfig
from tools.machine.qemu import Ending
from tools.testing import story

PROMPT = b":/# "
VGA_TEXT = 0xb8000
COLUMNS, ROWS = 80, 25
KEYS = {" ": ["spc"], "\n": ["ret"], "/": ["slash"], "-": ["minus"], ".": ["dot"]}


class ShellTest(MachineCase):
    """What `bazel run //:qemu` shows: a shell on the first serial line, and one on the screen."""

    def setUp(self):
        self.machine = self.enterContext(
            qemu.Qemu(MachineConfig(memory="256M"), workspace_file("system_tests/shell_image.img")))
        self.assertTrue(self.machine.log.wait_for(b"boot: done", TIMEOUT_SECONDS))
        self.line = self.connect()
        self.received = b""

    def connect(self):
        """A connection to COM1, which until now went to a file."""
        address = {"type": "unix", "data": {"path": "com1"}}
        self.machine.qmp.command("chardev-change", id="com1", backend={
            "type": "socket", "data": {"addr": address, "server": True, "wait": False}})
        connection = self.enterContext(socket.socket(socket.AF_UNIX))
        connection.settimeout(TIMEOUT_SECONDS)
        directory = os.open(self.machine.directory, os.O_PATH)
        self.addCleanup(os.close, directory)
        connection.connect(f"/proc/self/fd/{directory}/com1")
        return connection

    def wait_for(self, text):
        """What came up to the text."""
        while text not in self.received:
            more = self.line.recv(4096)
            self.assertNotEqual(more, b"", self.received)
            self.received += more
        before, _, self.received = self.received.partition(text)
        return before.decode(errors="replace")

    def say(self, text):
        self.line.sendall(text)

    def run_line(self, command):
        """What a command prints, up to the next prompt."""
        self.say(command.encode() + b"; echo end''ed\r")
        output = self.wait_for(b"ended")
        return output.split("\n", 1)[-1]

    def begin(self):
        self.say(b"\r")
        self.wait_for(PROMPT)

    def test_commands_pipes_and_jobs(self):
        self.begin()
        self.assertIn("proc", self.run_line("ls /"))
        self.assertIn("init", self.run_line("ps"))
        self.assertIn("[stack]", self.run_line("cat /proc/self/maps"))
        self.assertIn("3", self.run_line("echo a b c | wc -w"))
        self.assertIn("sleep 100", self.run_line("sleep 100 & jobs"))
        self.assertIn("143", self.run_line("kill %1; wait %1; echo $?"))

    def test_control_c_ends_what_is_in_the_foreground(self):
        self.begin()
        self.say(b"(echo be''gun; sleep 100)\r")  # in the foreground before it says so
        self.wait_for(b"begun")
        self.say(b"\x03")
        self.wait_for(PROMPT)
        self.assertIn("130", self.run_line("echo $?"))

    def test_a_line_that_nobody_reads_for_a_while(self):
        self.begin()
        self.say(b"seq 1000; echo o''ver > /dev/ttyS1\r")
        self.assertTrue(self.machine.terminal.wait_for(b"over", TIMEOUT_SECONDS))
        self.say(b"echo read''able\r")
        self.wait_for(b"readable")

    def test_an_editor(self):
        self.begin()
        self.say(b"vi /tmp/text\r")
        self.wait_for(b"~")
        self.say(b"ihello")
        self.wait_for(b"I /tmp/text")
        self.say(b"\x1b")
        self.wait_for(b"- /tmp/text")
        self.say(b":wq\r")
        self.wait_for(PROMPT)
        self.assertIn("hello", self.run_line("cat /tmp/text"))

    def test_poweroff(self):
        self.begin()
        self.say(b"poweroff\r")
        self.assertNotIn("can't", self.wait_for(b"going down"))
        self.assertEqual(self.machine.wait(TIMEOUT_SECONDS).ending, Ending.POWERED_OFF)

    def test_reboot(self):
        self.begin()
        self.say(b"reboot\r")
        self.assertEqual(self.machine.wait(TIMEOUT_SECONDS).ending, Ending.RESET)

    def screen(self):
        """The rows of the screen, without blanks at their ends."""
        path = os.path.join(self.machine.directory, "screen")
        self.machine.qmp.command("pmemsave", val=VGA_TEXT, size=COLUMNS * ROWS * 2,
                                 filename=path)
        with open(path, "rb") as file:
            cells = file.read()[::2].decode("cp437")
        return [cells[at:at + COLUMNS].rstrip() for at in range(0, len(cells), COLUMNS)]

    def wait_for_row(self, wanted):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        rows = []
        while time.monotonic() < deadline:
            rows = self.screen()
            if wanted in rows:
                return
            time.sleep(0.1)
        self.fail(f"{wanted!r} is not on the screen: {rows}")

    def test_what_is_typed_on_the_keyboard_is_run_and_shown_on_the_screen(self):
        self.wait_for_row("quire:/#")
        for character in "echo quire/1.0 -e\n":
            keys = KEYS.get(character, [character])
            self.machine.qmp.command("send-key",
                                     keys=[{"type": "qcode", "data": key} for key in keys])
        self.wait_for_row("quire:/# echo quire/1.0 -e")
        self.wait_for_row("quire/1.0 -e")


if __name__ == "__main__":
    story.main()
