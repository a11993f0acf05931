import sys

from tools.differential import compare, group
from tools.testing import story

RUNS = 3


class NativeTest(compare.Case):
    """What a program prints on Linux does not vary, or it could not be compared."""

    @classmethod
    def setUpClass(cls):
        cls.runs = [group.run_natively(cls.programs) for _ in range(RUNS)]

    def check(self, name):
        first = self.runs[0][name]
        self.assertEqual(first.end, "exited 0", "\n".join(first.lines))
        self.assertNotEqual(first.lines, [])
        for run in self.runs[1:]:
            self.assert_same(name, first, run[name])


if __name__ == "__main__":
    NativeTest.take_programs(sys.argv)
    story.main()
