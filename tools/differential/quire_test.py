import os
import sys

from tools.differential import compare, group
from tools.testing import story

KNOWN = os.path.join(group.WORKSPACE, "user/tests/known_differences.txt")


class QuireTest(compare.Case):
    """What a program prints on Quire is what it prints on Linux."""

    @classmethod
    def setUpClass(cls):
        with open(KNOWN, encoding="utf-8") as text:
            cls.known = compare.read_known(text)
        cls.linux = group.run_natively(cls.programs)
        cls.quire = group.run_on_quire(cls.programs)

    def check(self, name):
        for beginning in compare.unmatched(self.known, name, self.linux[name], self.quire[name]):
            print(f"known_differences.txt: '{name} | {beginning}' matches no line any more")
        self.assert_same(name, compare.without(self.known, name, self.linux[name]),
                         compare.without(self.known, name, self.quire[name]))


if __name__ == "__main__":
    QuireTest.take_programs(sys.argv)
    story.main()
