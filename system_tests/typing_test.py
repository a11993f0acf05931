import os
import socket
import tempfile

from system_tests.machine_case import MachineCase, TIMEOUT_SECONDS, program
from tools.exec import session
from tools.machine import qemu
from tools.machine.config import MachineConfig
from tools.testing import story

LONG_ROUNDS = "100000000000"  # computes far longer than any test
RUNNING = b"boot: done"


class TypingTest(MachineCase):
    """What is typed comes through interrupts to a terminal, which shows it, whatever runs."""

    def boot(self, append="terminal=screen", config=MachineConfig()):
        directory = self.enterContext(
            tempfile.TemporaryDirectory(prefix="quire.", dir=qemu.work_directory()))
        image = os.path.join(directory, "disk.img")
        request = session.Request(program("spin"), arguments=(LONG_ROUNDS,), append=append)
        session.make_image(image, request)
        machine = self.enterContext(qemu.Qemu(config, image))
        self.assertTrue(machine.log.wait_for(RUNNING, TIMEOUT_SECONDS))
        return machine

    def press(self, machine, *keys):
        machine.qmp.command("send-key", keys=[{"type": "qcode", "data": key} for key in keys])

    def assert_shows(self, machine, text):
        self.assertTrue(machine.log.wait_for(text, TIMEOUT_SECONDS), text)

    def test_keys_are_shown_on_the_screen_and_on_the_first_serial_line(self):
        machine = self.boot()
        for keys in (["q"], ["shift", "u"], ["ret"], ["up"], ["ctrl", "c"]):
            self.press(machine, *keys)
        self.assert_shows(machine, b"qU\r\n^[[A^C")

    def test_a_line_is_edited(self):
        machine = self.boot()
        for key in ("q", "u", "backspace", "i"):
            self.press(machine, key)
        self.assert_shows(machine, b"qu\b \bi")

    def on_serial_line(self, machine):
        """A connection to COM1, which until now went to a file; QEMU runs in its directory, whose
        path is too long for a socket."""
        address = {"type": "unix", "data": {"path": "com1"}}
        machine.qmp.command("chardev-change", id="com1", backend={
            "type": "socket", "data": {"addr": address, "server": True, "wait": False}})
        connection = self.enterContext(socket.socket(socket.AF_UNIX))
        connection.settimeout(TIMEOUT_SECONDS)
        directory = os.open(machine.directory, os.O_PATH)
        self.addCleanup(os.close, directory)
        connection.connect(f"/proc/self/fd/{directory}/com1")
        return connection

    def assert_received(self, connection, text):
        """Behind what was still to come of the log."""
        received = b""
        while text not in received:
            more = connection.recv(1024)
            self.assertNotEqual(more, b"", received)
            received += more

    def test_what_comes_in_on_the_serial_line_is_typed_on_the_screen(self):
        connection = self.on_serial_line(self.boot())
        connection.sendall(b"quire\r")
        self.assert_received(connection, b"quire\r\n")

    def test_a_terminal_on_the_serial_line_has_its_own_input(self):
        connection = self.on_serial_line(self.boot(append="terminal=com1"))
        connection.sendall(b"qq\x7fu\x04")
        self.assert_received(connection, b"qq\b \bu")


if __name__ == "__main__":
    story.main()
