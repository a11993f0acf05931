import os
import subprocess
import unittest

from tools.testing import story

TOOL = "host_tests/replay/tool"
WORK = os.environ["TEST_TMPDIR"]
WHO = "status=0 cpu=0 tick=7 pid=2 at=ffffffff90000001"
PLACE = "pa=0 level=0 rights=11 cache=0 key=0"
KERNEL = f"root=1000 half=kernel {WHO}"
USER = f"root=2000 half=user {WHO}"
# A page that is unmapped, and no CPU is told.
FORGOTTEN = f"""\
quire-trace 1 levels=4 phys_addr_bits=40 no_execute=1 global_pages=1 leaves_1g=1 pat=1 pcid=0
create {KERNEL} {PLACE} by=x
adopt {KERNEL} {PLACE} by=x
create {USER} {PLACE} by=x
activate {USER} context=0 previous=0 {PLACE} by=x
map_frames {USER} va=400000 pages=1 {PLACE} frames=5000 by=x
touched root=2000 va=400000 pages=1 level=0 dirty=1
unmap {USER} va=400000 pages=1 {PLACE} by=x
paid {USER} {PLACE} by=x
end
"""


class ToolTest(unittest.TestCase):
    """The tool itself, as a person calls it."""

    def run_tool(self, *arguments):
        done = subprocess.run([TOOL, *arguments], check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr

    def recording(self):
        path = os.path.join(WORK, "forgotten.trace")
        with open(path, "w", encoding="ascii") as file:
            file.write(FORGOTTEN)
        return path

    def test_help_is_given(self):
        status, said, complaints = self.run_tool("--help")
        self.assertEqual((status, complaints), (0, ""))
        self.assertIn("--kernel ELF", said)

    def test_without_a_recording_it_is_a_usage_error(self):
        self.assertEqual(self.run_tool(),
                         (2, "", "usage: bazel run //tools:replay -- LOG [--kernel ELF]\n"))

    def test_a_kernel_that_cannot_be_read_is_not_passed_over(self):
        self.assertEqual(self.run_tool(self.recording(), "--kernel", "/nope"),
                         (2, "", "replay: cannot read /nope\n"))
        self.assertEqual(self.run_tool(self.recording(), "--kernel", "/etc/passwd"),
                         (2, "", "replay: /etc/passwd is not a 64-bit ELF file\n"))

    def test_a_directory_is_no_recording(self):
        self.assertEqual(self.run_tool(WORK), (2, "", f"replay: cannot read {WORK}\n"))

    def test_an_address_outside_of_the_kernels_code_has_no_name(self):
        status, said, _ = self.run_tool(self.recording())
        self.assertEqual(status, 1)
        self.assertIn("    called at 0xffffffff90000001\n", said)


if __name__ == "__main__":
    story.main()
