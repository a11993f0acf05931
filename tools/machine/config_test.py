import os
import tempfile
import unittest

from tools.machine import config
from tools.machine.config import ConfigError, MachineConfig
from tools.testing import story


class MachineConfigTest(unittest.TestCase):
    def refusal(self, **fields):
        with self.assertRaises(ConfigError) as caught:
            MachineConfig(**fields)
        return str(caught.exception)

    def test_what_qemu_does_not_have_is_refused_with_the_choices(self):
        self.assertEqual(self.refusal(machine="pcx"), "'pcx' is not a machine; choose pc or q35")
        self.assertIn("choose one of ide, ahci, virtio", self.refusal(medium="tape"))

    def test_a_machine_without_memory_or_cpus_is_refused(self):
        self.assertEqual(self.refusal(memory="much"),
                         "'much' is not a memory size such as 128M or 4G")
        self.assertEqual(self.refusal(memory="0"), "'0' is not a memory size such as 128M or 4G")
        self.assertEqual(self.refusal(cpus=0), "a machine has at least one CPU, not 0")

    def test_memory_sizes_read_as_qemu_reads_them(self):
        sizes = [config.memory_kib(text) for text in ("32", "128M", "4g", "640k")]
        self.assertEqual(sizes, [32 << 10, 128 << 10, 4 << 20, 640])
        self.assertEqual(self.refusal(memory="1GB"),
                         "'1GB' is not a memory size such as 128M or 4G")


class ArgumentsTest(unittest.TestCase):
    def arguments(self, image="disk.img", **fields):
        return config.qemu_arguments(MachineConfig(**fields), image)

    def test_instructions_are_counted_only_when_asked_for(self):
        self.assertNotIn("-icount", self.arguments())
        self.assertIn("shift=0,sleep=off", self.arguments(icount="shift=0,sleep=off"))

    def test_an_image_with_a_comma_in_its_name_stays_one_file(self):
        self.assertIn("file=a,,b.img,format=raw,snapshot=on,if=none,id=disk",
                      self.arguments(image="a,b.img"))

    def test_each_machine_is_given_the_controller_that_it_lacks(self):
        self.assertIn("piix3-ide,id=legacy", self.arguments(machine="q35", medium="ide"))
        self.assertNotIn("piix3-ide,id=legacy", self.arguments(machine="pc", medium="ide"))
        self.assertIn("ich9-ahci,id=ahci", self.arguments(machine="pc", medium="ahci"))
        self.assertNotIn("ich9-ahci,id=ahci", self.arguments(machine="q35", medium="ahci"))


class MediumTest(unittest.TestCase):
    def test_a_card_is_a_power_of_two_and_a_floppy_has_its_one_size(self):
        self.assertEqual(config.medium_bytes("sd", 1 << 20), 1 << 20)
        self.assertEqual(config.medium_bytes("sd", (1 << 20) + 512), 1 << 21)
        self.assertEqual(config.medium_bytes("floppy", 512), 1474560)
        self.assertEqual(config.medium_bytes("ide", 1536), 1536)

    def test_an_image_too_large_for_a_floppy_is_refused(self):
        with self.assertRaisesRegex(ConfigError, "image has 1474561 bytes and a floppy 1474560"):
            config.medium_bytes("floppy", 1474561)

    def test_an_image_is_copied_only_when_it_must_grow(self):
        with tempfile.TemporaryDirectory() as directory:
            image = os.path.join(directory, "disk.img")
            with open(image, "wb") as file:
                file.write(b"boot" * 192)
            self.assertEqual(config.fit_image("ide", image, directory), image)
            copy = config.fit_image("sd", image, directory)
            self.assertEqual(os.path.getsize(copy), 1024)
            with open(copy, "rb") as file:
                self.assertEqual(file.read(768), b"boot" * 192)


if __name__ == "__main__":
    story.main()
