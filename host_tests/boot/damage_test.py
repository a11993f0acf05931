"""A damaged image is refused by a code, and none of its bytes are run."""

import concurrent.futures
import os
import random
import unittest

from host_tests.boot import images, trial
from tools.testing import story

IMAGES = os.environ["TEST_TMPDIR"]
SEED = 20261121
AT_ONCE = 2
STAGE1_CODES = ("L2L2L1", "L3L3L1")
FLIPS = {"stage2": 80, "table": 20, "kernel": 60, "ram_disk": 30, "command_line": 10}
CODES = {"kernel": "L30", "ram_disk": "L31", "command_line": "L32"}


class DamageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        path = images.write(os.path.join(IMAGES, "disk.img"), images.contents())
        with open(path, "rb") as file:
            cls.good = file.read()

    def boot_flipped(self, byte, bit):
        path = os.path.join(IMAGES, f"flipped-{byte}-{bit}.img")
        data = bytearray(self.good)
        data[byte] ^= 1 << bit
        with open(path, "wb") as file:
            file.write(data)
        done = trial.boot_to_refusal(path, options=["-vga", "none"])
        os.unlink(path)
        return done

    def assert_refused(self, part, done):
        self.assertFalse(done.reached_kernel(), done.text)
        self.assertIsNone(done.status, "the machine must stop, not reset")
        if part in CODES:
            self.assertEqual(done.stage2_code(), CODES[part], done.text)
        else:
            self.assertIn(done.stage1_codes(), STAGE1_CODES, done.text)
            self.assertNotIn("quire", done.text)

    def test_each_of_200_flipped_bits_is_refused_by_the_code_of_its_part(self):
        places = images.Map(self.good)
        chance = random.Random(SEED)
        flips = [(part, chance.choice(getattr(places, part)), chance.randrange(8))
                 for part, count in FLIPS.items() for _ in range(count)]
        self.assertEqual(len(flips), 200)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            boots = pool.map(lambda flip: self.boot_flipped(*flip[1:]), flips)
            for (part, byte, bit), done in zip(flips, boots):
                with self.subTest(part=part, byte=byte, bit=bit):
                    self.assert_refused(part, done)

    def test_the_image_without_a_flipped_bit_boots(self):
        done = trial.boot(os.path.join(IMAGES, "disk.img"))
        self.assertEqual(done.status, trial.WITNESS_STATUS, done.text)


if __name__ == "__main__":
    story.main()
