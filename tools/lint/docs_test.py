import os
import re
import unittest

from tools.lint import sources
from tools.testing import story

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"#+\s+(.*)")
GOOGLETEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
FEATURE = re.compile(r"\| (S\d\d) \| [^|]+ \| ([^|]+) \|")
NAMED = re.compile(r"`([^`]+)`")
PAGES = ("LICENSE", "CONTRIBUTING.md", "README.md", "docs/architecture.md", "docs/boot_protocol.md",
         "docs/features.md", "docs/locking.md", "docs/memory_map.md", "docs/mm_invariants.md",
         "docs/performance.md", "mm/README.md")
FEATURE_NUMBERS = [*range(1, 13), *range(20, 45), *range(50, 61), *range(70, 82), *range(90, 97)]
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchor(heading):
    """The name by which a page's heading can be linked to, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path):
    return {anchor(found[1]) for _, line in sources.lines(path) if (found := HEADING.match(line))}


def find_broken_link(path, target):
    """What is wrong with a relative link in a page; None if nothing is."""
    file, _, fragment = target.partition("#")
    place = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
    if not os.path.exists(os.path.join(sources.ROOT, place)):
        return f"{path}: {target} leads nowhere"
    if fragment and place.endswith(".md") and fragment not in anchors(place):
        return f"{path}: {target} names a heading that is not there"
    return None


class LinkTest(unittest.TestCase):
    def test_every_relative_link_leads_somewhere(self):
        broken = []
        for path in sources.paths([".md"]):
            targets = LINK.findall(CODE_BLOCK.sub("", sources.read(path)))
            broken += [find_broken_link(path, target) for target in targets if "://" not in target]
        self.assertEqual([sentence for sentence in broken if sentence], [])


class PageTest(unittest.TestCase):
    def test_every_page_that_a_reader_expects_is_there(self):
        self.assertEqual([page for page in PAGES
                          if not os.path.isfile(os.path.join(sources.ROOT, page))], [])


def googletests():
    """`Suite.Name` of every case of the host tests."""
    return {".".join(found) for path in sources.paths([".cc"])
            for found in GOOGLETEST.findall(sources.read(path))}


def is_target(label):
    """Whether a BUILD file names the target, itself or by a macro that adds `_test` to a name."""
    package, _, name = label[2:].partition(":")
    build = os.path.join(package, "BUILD.bazel")
    return os.path.isfile(os.path.join(sources.ROOT, build)) and any(
        f'"{wanted}"' in sources.read(build) for wanted in (name, name.removesuffix("_test")))


def is_test(name, cases):
    if name.startswith("//"):
        return is_target(name)
    if name.endswith("_test.py"):
        return os.path.isfile(os.path.join(sources.ROOT, "system_tests", name))
    return name in cases


class FeatureTest(unittest.TestCase):
    def setUp(self):
        self.rows = FEATURE.findall(sources.read("docs/features.md"))

    def test_every_duty_has_one_row_in_order(self):
        self.assertEqual([identity for identity, _ in self.rows],
                         [f"S{number:02}" for number in FEATURE_NUMBERS])

    def test_every_duty_names_a_test_or_a_reason(self):
        self.assertEqual([identity for identity, held_by in self.rows
                          if not NAMED.search(held_by)
                          and not held_by.startswith(("Waits", "Instead"))], [])

    def test_every_test_that_is_named_exists(self):
        cases = googletests()
        missing = [f"{identity}: {name}" for identity, held_by in self.rows
                   for name in NAMED.findall(held_by)
                   if not is_test(name, cases)]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    story.main()
