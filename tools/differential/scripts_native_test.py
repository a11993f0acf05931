import sys

from tools.differential import scripts, scripts_case
from tools.testing import story


class NativeScriptsTest(scripts_case.ScriptsCase):
    """What scripts of memory operations print on Linux does not vary."""

    other = staticmethod(scripts.run_natively)


if __name__ == "__main__":
    NativeScriptsTest.take_files(sys.argv)
    story.main()
