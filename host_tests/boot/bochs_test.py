"""A second opinion: another PC with another BIOS, Bochs."""

import os
import subprocess
import unittest

from host_tests.boot import images, machine
from tools.testing import story

WORK = os.environ["TEST_TMPDIR"]
BOCHSRC = """
display_library: term
config_interface: textconfig
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.stdvga.bin
vga: extension=vbe
cpu: model=corei7_skylake_x, count=1, ips=50000000, reset_on_triple_fault=0
memory: guest=64, host=64
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path=disk.img, mode=volatile
boot: disk
com1: enabled=1, mode=file, dev=serial.log
clock: sync=none
plugin_ctrl: unmapped=1, iodebug=1
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
log: bochs.log
"""


class BochsTest(unittest.TestCase):
    def test_the_disk_boots_in_bochs(self):
        contents = images.contents()
        images.write(os.path.join(WORK, "disk.img"), contents)
        for name, text in (("bochsrc", BOCHSRC), ("debugger", "continue\nquit\n")):
            with open(os.path.join(WORK, name), "w", encoding="ascii") as file:
                file.write(text)
        subprocess.run(["/usr/bin/bochs", "-q", "-f", "bochsrc", "-rc", "debugger"], cwd=WORK,
                       env={**os.environ, "TERM": "xterm"}, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=60, check=False)
        with open(os.path.join(WORK, "serial.log"), encoding="ascii") as file:
            done = machine.Boot(file.read(), None)
        self.assertEqual(done.facts("witness"), ["end"], done.text)
        self.assertEqual(done.fact("bss_is_zero"), 1)
        self.assertEqual(done.fact("ram_disk_size"), len(contents.ram_disk))
        self.assertEqual(done.facts("command_line"), [contents.command_line.decode()])
        self.assertEqual(done.fact("text"), 0xB8000)


if __name__ == "__main__":
    story.main()
