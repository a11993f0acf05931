import os
import re
import subprocess
import tempfile
import unittest

from tools.lint import sources
from tools.testing import story

# Written in two pieces, so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|\|\|\s*tr" r"ue\b")
INSTRUCTION = re.compile(r"\b(?:asm|__asm__|__asm)\b|<\w*intrin\.h>|<cpuid\.h>")
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
COLUMNS = 100
PROJECT_CODE = sources.C_ENDINGS + (".asm", ".inc", ".py", ".sh", ".bzl", ".bazel", "quire")


def findings(pattern, paths):
    return [f"{path}:{number}: {line.strip()}" for path in paths
            for number, line in sources.lines(path) if pattern.search(line)]


class TextTest(unittest.TestCase):
    def test_nothing_is_left_for_later_or_silenced(self):
        paths = [path for path in sources.paths(PROJECT_CODE)
                 if not path.startswith("third_party/")]
        self.assertEqual(findings(LEFT_OVER, paths), [])

    def test_the_memory_manager_holds_no_instruction(self):
        paths = sources.paths(sources.C_ENDINGS, under="mm/")
        self.assertNotEqual(paths, [])
        self.assertEqual(findings(INSTRUCTION, paths), [])

    def test_every_header_begins_with_its_guard(self):
        self.assertEqual([path for path in sources.paths([".h"])
                          if not sources.read(path).startswith("#pragma once\n")], [])

    def test_includes_start_at_the_workspace_root(self):
        wrong = [f"{path}:{number}: {line}" for path in sources.paths(sources.C_ENDINGS)
                 for number, line in sources.lines(path)
                 if (found := INCLUDE.match(line))
                 and not os.path.isfile(os.path.join(sources.ROOT, found[1]))]
        self.assertEqual(wrong, [])

    def test_no_line_of_code_is_longer_than_the_limit(self):
        paths = sources.paths((".py", ".asm", ".inc", ".bzl", ".bazel"))
        self.assertNotEqual(paths, [])
        self.assertEqual(findings(re.compile(".{%d}" % (COLUMNS + 1)), paths), [])

    def test_text_files_end_with_one_newline_and_no_line_ends_with_a_blank(self):
        paths = sources.paths(PROJECT_CODE + (".md",))
        self.assertEqual(findings(re.compile(r"[ \t]$"), paths), [])
        self.assertEqual([path for path in paths if (text := sources.read(path))
                          and (not text.endswith("\n") or text.endswith("\n\n"))], [])


class ToolTest(unittest.TestCase):
    def complaints(self, *command):
        done = subprocess.run(command, cwd=sources.ROOT, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def test_clang_format_would_change_nothing(self):
        paths = [path for path in sources.paths(sources.C_ENDINGS)
                 if not path.startswith("third_party/")]
        self.assertEqual(
            self.complaints("/usr/bin/clang-format-19", "--dry-run", "-Werror", *paths), (0, ""))

    def test_clang_format_complains_of_what_it_would_change(self):
        with tempfile.NamedTemporaryFile("w", suffix=".c", delete=False) as file:
            file.write("int  f( void ){return 1 ;}\n")
        self.addCleanup(os.unlink, file.name)
        self.assertNotEqual(
            self.complaints("/usr/bin/clang-format-19", "--dry-run", "-Werror", file.name)[0], 0)

    def test_shellcheck_finds_nothing(self):
        scripts = sources.shell_scripts()
        self.assertIn("quire", scripts)
        self.assertEqual(self.complaints("/usr/bin/shellcheck", *scripts), (0, ""))

    def test_every_python_file_compiles(self):
        for path in sources.paths([".py"]):
            with self.subTest(path):
                compile(sources.read(path), path, "exec")


if __name__ == "__main__":
    story.main()
