import os
import re
import unittest

from tools.lint import sources
from tools.testing import story

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"#+\s+(.*)")
PAGES = ("LICENSE", "CONTRIBUTING.md", "README.md", "docs/architecture.md", "docs/boot_protocol.md",
         "docs/features.md", "docs/locking.md", "docs/memory_map.md", "docs/mm_invariants.md",
         "docs/performance.md", "docs/proof.md", "mm/README.md")
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


if __name__ == "__main__":
    story.main()
