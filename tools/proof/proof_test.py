import os
import unittest

from tools.lint import sources
from tools.proof import page
from tools.proof.sections import SECTIONS
from tools.testing import story

ONE = page.Section("one", "The first", (("//first", "--", "--long"),))
TWO = page.Section("two", "The second", (("//second",), ("//third",)))


class PageTest(unittest.TestCase):
    def test_what_was_rendered_is_read_back(self):
        found = {"one": "1 of 1\n", "two": "| a | b |\n|---|---|\n"}
        self.assertEqual(page.bodies(page.render((ONE, TWO), found)), found)

    def test_a_section_shows_the_commands_that_made_it(self):
        text = page.render((ONE, TWO), {"two": "body\n"})
        self.assertIn("## The second\n```sh\nbazel run //second\nbazel run //third\n```\n", text)
        self.assertNotIn("The first", text)

    def test_a_figure_changed_by_hand_is_noticed(self):
        text = page.render((ONE,), {"one": "24 of 25\n"}).replace("24 of", "25 of")
        with self.assertRaises(page.NotGenerated):
            page.bodies(text)


class ProofTest(unittest.TestCase):
    def test_the_page_is_what_the_commands_have_written(self):
        text = sources.read(page.PATH)
        found = page.bodies(text)
        self.assertEqual(list(found), [section.name for section in SECTIONS])
        self.assertEqual(text, page.render(SECTIONS, found))

    def test_every_command_names_a_target_of_the_checkout(self):
        for section in SECTIONS:
            for command in section.commands:
                folder = command[0].removeprefix("//").partition(":")[0]
                self.assertTrue(
                    os.path.exists(os.path.join(sources.ROOT, folder, "BUILD.bazel")), command)


if __name__ == "__main__":
    story.main()
