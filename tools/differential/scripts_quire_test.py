import sys

from tools.differential import scripts, scripts_case
from tools.testing import story


class QuireScriptsTest(scripts_case.ScriptsCase):
    """Scripts of memory operations print on Quire what they print on Linux."""

    other = staticmethod(scripts.run_on_quire)


if __name__ == "__main__":
    QuireScriptsTest.take_files(sys.argv)
    story.main()
