import contextlib
import io
import os
import tempfile
import unittest
import unittest.mock

from tools.flash import flash, target
from tools.testing import story


class Folder(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = directory.name

    def write(self, path, contents):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(contents if isinstance(contents, bytes) else contents.encode())
        return full

    def read(self, path):
        with open(os.path.join(self.root, path), "rb") as file:
            return file.read()


class InspectTest(Folder):
    def setUp(self):
        super().setUp()
        self.write("sys/block/sdx/size", "15633408\n")
        self.write("sys/block/sdx/removable", "1\n")
        self.write("sys/block/sdx/device/vendor", "SanDisk \n")
        self.write("sys/block/sdx/device/model", "Cruzer Blade\n")
        self.write("sys/block/sdx/sdx1/partition", "1\n")
        self.write("sys/block/sdx/sdx1/size", "2048\n")
        self.write("proc/mounts", "proc /proc proc rw 0 0\n")

    def inspect(self):
        return target.inspect_drive("/dev/sdx", self.root)

    def test_a_stick_is_described_and_raises_no_objection(self):
        self.assertEqual(self.inspect(), target.Target(
            "/dev/sdx", "SanDisk Cruzer Blade", 8004304896, (target.Partition("sdx1", 1048576),)))

    def test_a_mounted_partition_is_an_objection_that_names_the_place(self):
        self.write("proc/mounts", "/dev/sdx1 /media/my\\040stick vfat rw 0 0\n")
        self.assertEqual(self.inspect().objections, ("/dev/sdx1 is mounted at /media/my stick",))
        self.assertEqual(self.inspect().partitions[0].mounted_at, ("/media/my stick",))

    def test_a_drive_mounted_without_partitions_is_an_objection_too(self):
        self.write("proc/mounts", "/dev/sdx /mnt ext4 rw 0 0\n")
        self.assertEqual(self.inspect().objections, ("/dev/sdx is mounted at /mnt",))

    def test_the_drive_that_holds_the_system_is_called_that(self):
        self.write("proc/mounts", "/dev/sdx1 / ext4 rw 0 0\n")
        self.assertIn("/dev/sdx holds this system", self.inspect().objections)

    def test_swapping_to_a_partition_is_using_it(self):
        self.write("proc/swaps", "Filename Type Size\n/dev/sdx1 partition 1 0 -2\n")
        self.assertEqual(self.inspect().objections, ("/dev/sdx1 is mounted at [swap]",))

    def test_a_built_in_drive_is_an_objection(self):
        self.write("sys/block/sdx/removable", "0\n")
        self.assertEqual(self.inspect().objections, ("/dev/sdx is not a removable drive",))

    def test_a_usb_disk_that_calls_itself_fixed_is_still_removable(self):
        self.write("sys/block/sdx/removable", "0\n")
        real = os.path.join(self.root, "sys/devices/pci0/usb1/1-1/sdx")
        os.makedirs(os.path.dirname(real))
        os.rename(os.path.join(self.root, "sys/block/sdx"), real)
        os.symlink(real, os.path.join(self.root, "sys/block/sdx"))
        self.assertEqual(self.inspect().objections, ())

    def test_a_partition_under_lvm_or_crypt_is_in_use(self):
        self.write("sys/block/sdx/sdx1/holders/dm-0", "")
        self.assertEqual(self.inspect().objections, ("/dev/sdx1 is in use by dm-0",))

    def test_a_partition_is_not_a_drive(self):
        with self.assertRaisesRegex(target.TargetError, "/dev/sdx1 is not a whole drive"):
            target.inspect_drive("/dev/sdx1", self.root)

    def test_what_is_no_drive_at_all_is_refused(self):
        with self.assertRaisesRegex(target.TargetError, "there is no /dev/no such"):
            target.inspect("/dev/no such")
        with self.assertRaisesRegex(target.TargetError, "/dev/null is neither a drive nor a plain"):
            target.inspect("/dev/null")


class CheckTest(unittest.TestCase):
    def test_a_drive_too_small_is_refused_even_when_forced(self):
        drive = target.Target("/dev/sdx", "stick", 1000)
        with self.assertRaisesRegex(flash.FlashError, "has 1000 bytes; the image needs 1001"):
            flash.check(drive, 1001, is_forced=True)

    def test_objections_hold_unless_forced(self):
        drive = target.Target("/dev/sdx", "disk", 1000, (), ("/dev/sdx is not a removable drive",))
        with self.assertRaisesRegex(flash.FlashError, "not a removable drive. If you are sure"):
            flash.check(drive, 1000, is_forced=False)
        flash.check(drive, 1000, is_forced=True)


class FlashTest(Folder):
    def setUp(self):
        super().setUp()
        self.image_bytes = os.urandom(3 << 20) + b"odd end"
        self.image = self.write("disk.img", self.image_bytes)
        self.stick = self.write("stick", b"old" * (2 << 20))

    def flash(self, *options, typed=""):
        """Returns the status and everything printed."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), \
                unittest.mock.patch("sys.stdin", io.StringIO(typed)):
            status = flash.main(["--image", self.image, *options, self.stick])
        return status, said.getvalue()

    def test_the_image_is_written_and_the_rest_left(self):
        status, said = self.flash("--yes")
        self.assertEqual((status, said.splitlines()[-1]), (
            0, f"Done. {self.stick} boots Quire on a PC with a legacy BIOS (or CSM)."))
        after = self.read("stick")
        self.assertEqual(after[:len(self.image_bytes)], self.image_bytes)
        self.assertEqual(len(after), 6 << 20)

    def test_typing_the_name_is_agreeing(self):
        self.assertEqual(self.flash(typed="stick\n")[0], 0)

    def test_anything_else_is_not(self):
        for answer in ("y\n", "\n", ""):
            with self.subTest(answer):
                status, said = self.flash(typed=answer)
                self.assertEqual((status, said.splitlines()[-1][-20:]), (1, "Nothing was written."))
        self.assertEqual(self.read("stick"), b"old" * (2 << 20))

    def test_a_drive_that_forgets_is_found_out(self):
        def write_wrongly(drive, chunk):
            drive.write(bytes([chunk[0] ^ 1]) + chunk[1:])
        with unittest.mock.patch.object(flash, "_write_all", write_wrongly):
            status, said = self.flash("--yes")
        self.assertEqual((status, said.splitlines()[-1]), (
            1, f"flash: {self.stick} does not give back what was written, from byte 0 on"))

    def test_an_interruption_says_what_state_the_drive_is_in(self):
        with unittest.mock.patch.object(flash, "_write_all", side_effect=KeyboardInterrupt):
            status, said = self.flash("--yes")
        self.assertEqual((status, said.splitlines()[-1]), (
            1, "flash: interrupted; the drive does not boot until the image is written whole"))

    def test_an_error_of_the_drive_is_told_in_its_words(self):
        error = OSError(5, "Input/output error")
        with unittest.mock.patch.object(flash, "_write_all", side_effect=error):
            status, said = self.flash("--yes")
        self.assertEqual((status, said.splitlines()[-1]), (
            1, f"flash: {self.stick}: Input/output error; the drive does not boot until the image "
            "is written whole"))

    def test_a_missing_image_is_named(self):
        self.image = os.path.join(self.root, "none.img")
        self.assertEqual(self.flash("--yes"),
                         (1, f"flash: {self.image}: No such file or directory\n"))


if __name__ == "__main__":
    story.main()
