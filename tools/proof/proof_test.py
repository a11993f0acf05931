import os
import re
import subprocess
import tempfile
import unittest

from tools.lint import sources
from tools.proof import page, proof
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


def has_target(build, name):
    """Whether the text of a BUILD file makes a target of that name, alone or in a list of them."""
    endings = re.findall(r'name = name \+ "(\w+)"', build)
    return f'name = "{name}"' in build or any(
        name.endswith(ending) and f'"{name.removesuffix(ending)}",' in build
        for ending in endings)


class CommitTest(unittest.TestCase):
    """On a checkout of its own, with one commit."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.mkdir(os.path.join(self.folder, "docs"))
        self.write(page.PATH, "figures")
        self.write("code.c", "int code;")
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git("-c", "user.name=test", "-c", "user.email=test@test", "commit", "--quiet",
                 "--message=first")

    def write(self, path, text):
        with open(os.path.join(self.folder, path), "w", encoding="utf-8") as file:
            file.write(text)

    def git(self, *arguments):
        return subprocess.run(["git", *arguments], cwd=self.folder, check=True,
                              capture_output=True, text=True).stdout.strip()

    def test_figures_are_of_a_commit_though_the_page_itself_has_changed(self):
        self.write(page.PATH, "other figures")
        self.assertEqual(proof.commit_of(self.folder), self.git("rev-parse", "--short", "HEAD"))

    def test_what_was_changed_since_the_commit_is_named_and_no_figure_is_made(self):
        self.write("code.c", "int changed;")
        with self.assertRaisesRegex(proof.Failed, "code.c"):
            proof.commit_of(self.folder)

    def test_a_file_that_no_commit_has_is_a_change(self):
        self.write("new.c", "int added;")
        with self.assertRaisesRegex(proof.Failed, "new.c"):
            proof.commit_of(self.folder)


class ProofTest(unittest.TestCase):
    def test_the_page_is_what_the_commands_have_written(self):
        text = sources.read(page.PATH)
        found = page.bodies(text)
        self.assertEqual(list(found), [section.name for section in SECTIONS])
        self.assertEqual(text, page.render(SECTIONS, found))

    def test_every_command_names_a_target_of_the_checkout(self):
        for section in SECTIONS:
            for command in section.commands:
                folder, _, target = command[0].removeprefix("//").partition(":")
                build = sources.read(os.path.join(folder, "BUILD.bazel"))
                self.assertTrue(has_target(build, target or os.path.basename(folder)), command)

    def test_a_target_is_known_by_its_name_alone_or_in_a_list(self):
        build = ('py_test(\n    name = "one_test",\n)\n'
                 '[host_test(\n    name = name + "_test",\n) for name in [\n    "two",\n]]\n')
        self.assertTrue(has_target(build, "one_test"))
        self.assertTrue(has_target(build, "two_test"))
        self.assertFalse(has_target(build, "one"))
        self.assertFalse(has_target(build, "two"))
        self.assertFalse(has_target(build, "three_test"))


if __name__ == "__main__":
    story.main()
