import os
import re
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from tools.lint import declarations, sources
from tools.testing import story

ROOMS = ("bootloader/", "drivers/", "kernel/", "lib/", "mm/")
# What compilers call by themselves has the standard's own declarations.
STANDARD = "lib/memory.h"
MARKS = {("UNTRUSTED",), ("TRUSTED",)}
TO_CONST = re.compile(r"const (.*[^*]) ?\*$")
BYTES = re.compile(r"(?:void|char|uint8_t|unsigned char)$")
A_NUMBER = re.compile(r"(?:size_t|uint\d+_t|unsigned.*)$")
FUZZERS = "tools/fuzz/BUILD.bazel"
CALL = r"^[ \t].*\b%s\("  # indented, as definitions are not
DEFINITION = r"^\w[^;{}=]*\b%s\([^;]*\{"
HELPER = re.compile(r'#include "(host_tests/[^"]+)\.h"')


def pointee(parameter):
    """What a parameter points to and may not change; None for others."""
    found = TO_CONST.match(parameter.type)
    return found[1].strip() if found else None


def comes_with_a_number(parameter, following):
    """Whether a parameter is memory whose size the next one says."""
    if pointee(parameter) is None or following is None:
        return False
    if following.function != parameter.function or following.header != parameter.header:
        return False
    return following.type == "size_t" or bool(
        BYTES.match(pointee(parameter)) and A_NUMBER.match(following.type))


def unmarked(parameters):
    """Complaints of parameters, in the order of the headers, that carry bytes without a mark."""
    suspect = {pointee(each) for each in parameters if each.marks == ("UNTRUSTED",)}
    suspect = {kind for kind in suspect if kind.startswith("struct ")}
    for each, following in zip(parameters, parameters[1:] + [None]):
        needs_one = comes_with_a_number(each, following) or pointee(each) in suspect
        if needs_one and each.marks not in MARKS:
            yield (f"{each.header}: {each.function}: '{each.type} {each.name}' is neither "
                   "UNTRUSTED nor TRUSTED (lib/untrusted.h)")


def reached(functions, texts, fuzzers):
    """Those of `functions` that a fuzzer calls, or the source of another one that is reached.

    Both the sources' and the fuzzers' texts are given by path."""
    def holders(pattern, name, where):
        return {path for path, text in where.items()
                if re.search(pattern % name, text, re.MULTILINE)}
    done = {name for name in functions if holders(CALL, name, fuzzers)}
    while True:
        homes = {path for name in done for path in holders(DEFINITION, name, texts)}
        more = {name for name in functions - done if holders(CALL, name, texts) & homes}
        if not more:
            return done
        done |= more


def all_parameters():
    headers = [path for path in sources.paths([".h"])
               if path.startswith(ROOMS) and path != STANDARD
               and re.search(r"\(.*\bconst\b", sources.read(path), re.DOTALL)]
    with ThreadPoolExecutor() as pool:
        return [each for found in pool.map(declarations.parameters, headers) for each in found]


def with_helpers(path):
    """A fuzzer's text, and that of the host tests' sources it includes the headers of."""
    own = sources.read(path)
    helpers = [found + ending for found in HELPER.findall(own) for ending in (".h", ".cc")]
    return own + "".join(sources.read(helper) for helper in helpers
                         if os.path.exists(os.path.join(sources.ROOT, helper)))


class UntrustedTest(unittest.TestCase):
    """Whoever takes bytes says whether they can be believed, and has a fuzzer if not."""

    def test_every_parameter_that_carries_bytes_is_marked(self):
        parameters = all_parameters()
        self.assertNotEqual([], parameters)
        self.assertEqual([], list(unmarked(parameters)))

    def test_what_takes_untrusted_bytes_is_fuzzed(self):
        functions = {each.function for each in all_parameters() if each.marks == ("UNTRUSTED",)}
        self.assertIn("elf_read", functions)
        texts = {path: sources.read(path) for path in sources.paths([".c"])
                 if path.startswith(ROOMS)}
        fuzzers = {path: with_helpers(path) for path in sources.paths(["_fuzz.cc"])}
        found = reached(functions, texts, fuzzers)
        self.assertEqual(set(), functions - found, "no NAME_fuzz.cc calls it")

    def test_every_fuzzer_has_a_corpus_and_runs_with_the_others(self):
        listed = sources.read(FUZZERS)
        paths = sources.paths(["_fuzz.cc"])
        self.assertNotEqual([], paths)
        for path in paths:
            with self.subTest(path):
                folder, name = os.path.split(path[:-len(".cc")])
                self.assertNotEqual("", sources.read(os.path.join(folder, name + ".corpus")))
                self.assertIn(f'"//{folder}:{name}"', listed, FUZZERS)


class RuleTest(unittest.TestCase):
    """The rules notice what they are for."""

    def complaints(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".h", delete=False) as file:
            file.write('#include <stddef.h>\n#include "lib/untrusted.h"\nstruct parcel;\n' + text)
        self.addCleanup(os.unlink, file.name)
        return list(unmarked(declarations.parameters(file.name)))

    def test_a_new_parser_must_say_whether_it_believes(self):
        self.assertEqual(1, len(self.complaints("int new_read(const void *file, size_t size);")))
        self.assertEqual(1, len(self.complaints("int new_read(const char *a, unsigned length);")))
        self.assertEqual(
            1, len(self.complaints("int new_read(const struct parcel *all, size_t count);")))
        self.assertEqual([], self.complaints("int r(UNTRUSTED const void *file, size_t size);"))
        self.assertEqual([], self.complaints("int r(TRUSTED const void *file, size_t size);"))

    def test_what_is_no_memory_from_elsewhere_needs_no_mark(self):
        self.assertEqual([], self.complaints("int name(const char *text);"))
        self.assertEqual([], self.complaints("int fill(void *to, size_t size);"))
        self.assertEqual([], self.complaints("int f(const struct parcel *one, unsigned level);"))
        self.assertEqual([], self.complaints("int f(const char *text);\nint g(size_t size);"))

    def test_what_is_untrusted_once_is_marked_everywhere(self):
        self.assertEqual(1, len(self.complaints(
            "int check(UNTRUSTED const struct parcel *from);\n"
            "int use(const struct parcel *from);")))

    def test_a_function_is_reached_through_the_source_that_calls_it(self):
        sources_of = {"a.c": "int outer(int x) {\n    return inner(x);\n}\n",
                      "b.c": "int lonely(int x) {\n    return x;\n}\nint other(void) {\n"
                             "    return lonely(1);\n}\n"}
        fuzzers = {"a_fuzz.cc": "    outer(1);"}
        self.assertEqual({"outer", "inner"},
                         reached({"outer", "inner", "lonely"}, sources_of, fuzzers))


if __name__ == "__main__":
    story.main()
