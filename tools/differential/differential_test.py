import os
import tempfile
import unittest

from tools.differential import compare, differential, generator, group, scripts, shrink
from tools.testing import refusal, story

OUTPUT = """noise
@begin first
one
@end second exited 3
@end first exited 0
@begin second
two
"""


class GroupTest(unittest.TestCase):
    def test_each_program_has_its_lines_and_its_end(self):
        found = group.parse(OUTPUT, ["first", "second", "third"], "it stopped")
        self.assertEqual(found["first"], group.Output("exited 0", ["one", "@end second exited 3"]))
        self.assertEqual(found["second"], group.Output("did not end: it stopped", ["two"]))
        self.assertEqual(found["third"], group.Output("did not run: it stopped", []))


class BootTest(unittest.TestCase):
    """Programs after one that stops the kernel run in another boot."""

    def boot(self, programs):
        self.boots.append(list(programs))
        text = ""
        for name in programs:
            text += f"@begin {name}\n"
            if name == "stops":
                break
            text += f"@end {name} exited 0\n"
        return group.parse(text, programs, "the kernel stopped")

    def setUp(self):
        self.boots = []

    def test_what_is_left_runs_in_another_boot(self):
        found = group.run_on_quire(["a", "stops", "b", "c"], self.boot)
        self.assertEqual(self.boots, [["a", "stops", "b", "c"], ["b", "c"]])
        self.assertEqual({name: output.end for name, output in found.items()}, {
            "a": "exited 0", "stops": "did not end: the kernel stopped", "b": "exited 0",
            "c": "exited 0"})

    def test_a_kernel_that_runs_nothing_is_not_booted_again(self):
        with self.assertRaisesRegex(group.GroupError, "did not run: no init"):
            group.run_on_quire(["a", "b"], lambda some: group.parse("", some, "no init"))


class CompareTest(unittest.TestCase):
    def test_a_line_or_an_end_that_differs_is_shown(self):
        linux, other = group.Output("exited 0", ["a", "b"]), group.Output("SIGSEGV", ["a"])
        self.assertEqual(compare.differences(linux, linux), [])
        self.assertEqual(compare.differences(linux, other)[-4:],
                         [" a", "-b", "-[exited 0]", "+[SIGSEGV]"])

    def test_known_differences_are_left_out_for_their_program_alone(self):
        known = compare.read_known(["# comment", "", "clock | slow: | a reason"])
        output = group.Output("exited 0", ["slow: 1", "fast: 1"])
        self.assertEqual(compare.without(known, "clock", output).lines, ["fast: 1"])
        self.assertEqual(compare.without(known, "pipes", output), output)

    def test_a_known_difference_without_a_reason_is_refused(self):
        for line in ("clock | slow:", "clock | slow: | ", "| slow: | why"):
            with self.subTest(line), self.assertRaises(ValueError):
                compare.read_known([line])


class GeneratorTest(unittest.TestCase):
    def test_the_same_seed_makes_the_same_scripts(self):
        self.assertEqual(generator.make(3, 4), generator.make(3, 4))
        self.assertNotEqual(generator.make(3, 4), generator.make(3, 5))
        self.assertNotEqual(generator.make(3, 4), generator.make(4, 4))

    def test_every_kind_of_step_is_made_and_every_fork_is_joined(self):
        made = [generator.make(1, number) for number in range(200)]
        kinds = {step.split()[0] for steps in made for step in steps}
        self.assertEqual(kinds, {"map", "add", "fill", "unmap", "protect", "resize", "move", "copy",
                                 "advise", "sync", "write", "look", "brk", "truncate", "fork",
                                 "join"})
        for steps in made:
            self.assertEqual(steps.count("fork"), steps.count("join"))


class ScriptsTest(unittest.TestCase):
    def test_a_file_of_scripts_reads_back(self):
        made = [("map private 0 1 rw 0", "look 0 1"), ("look 0 64",)]
        self.assertEqual(scripts.from_text("# why\n" + scripts.to_text(made)), made)

    def test_what_did_not_run_or_end_says_why(self):
        found = scripts.parse("@script 0\na\n@script 1\nb\n", 3, "it stopped")
        self.assertEqual(found, [("a",), ("b", "did not end: it stopped"),
                                 ("did not run: it stopped",)])

    def test_a_damaged_mark_is_a_line_as_any_other(self):
        self.assertEqual(scripts.parse("@script 0\n@script\n@script 7\n@script x\n", 1),
                         [("@script", "@script 7", "@script x")])

    def test_what_a_stopped_machine_did_not_run_is_run_by_another(self):
        def boot(some):
            steps = [step for steps in some for step in steps]
            last = steps.index("stop") + 1 if "stop" in steps else len(some)
            output = "".join(f"@script {number}\n{steps[number]}\n" for number in range(last))
            return scripts.parse(output, len(some), "it stopped" if last < len(some) else None)
        self.assertEqual(scripts.run_on_quire([("a",), ("stop",), ("b",), ("c",)], boot),
                         [("a",), ("stop", "did not end: it stopped"), ("b",), ("c",)])

    def test_most_steps_of_what_is_generated_succeed_on_linux(self):
        made = [generator.make(1, number) for number in range(100)]
        lines = [line for printed in scripts.run_natively(made) for line in printed]
        failed = [line for line in lines if ": E" in line and not line.startswith("look")]
        self.assertEqual(lines.count("end: exited 0"), 100)
        self.assertLess(len(failed), len(lines) / 4)


def other_kernel(some):
    """Linux, but with one line more for scripts that fork and unmap page 1: it takes both steps."""
    return [printed + (("differs",) if "fork" in steps and "unmap 1 1" in steps else ())
            for steps, printed in zip(some, scripts.run_natively(some))]


class ShrinkTest(unittest.TestCase):
    def test_only_the_steps_that_matter_are_left(self):
        steps = tuple("abcdefghij")
        found = shrink.shrink(steps, lambda some: ["c" in each and "h" in each for each in some])
        self.assertEqual(found, ("c", "h"))

    def test_a_difference_is_found_shortened_and_recorded(self):
        steps = ("map private 0 4 rw 0", "fork", "write 0 1 5", "unmap 1 1", "join", "look 0 4")
        other = [("look 0 1",), steps]
        found = scripts.find_differences(other, other_kernel)
        self.assertEqual([difference.steps for difference in found], [steps])
        shortest = differential.shorten(found[0], other_kernel)
        self.assertEqual(shortest.steps, ("fork", "unmap 1 1"))
        self.assertIn("+differs", differential.describe(shortest))
        with tempfile.TemporaryDirectory() as folder:
            path = differential.record(shortest, folder, 7)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(scripts.from_text(file.read()), [shortest.steps])
            self.assertTrue(os.path.basename(path).startswith("seed_7_"))
            self.assertEqual(differential.record(shortest, folder, 7), path)
            differential.record(found[0], folder, 7)
            self.assertEqual(len(os.listdir(folder)), 2)

    def test_one_seed_without_a_difference_finds_none(self):
        said = []
        self.assertEqual(differential.find(1, 20, scripts.run_natively, said.append), [])
        self.assertEqual(said, ["20 scripts, 0 differ"])


class ArgumentsTest(unittest.TestCase):
    def test_a_wrong_argument_is_refused(self):
        for words, complaint in (
                (["--programs", "0"], "argument --programs: '0' is not a whole number above 0"),
                (["--seed", "x"], "argument --seed: 'x' is not a whole number above 0"),
                (["more"], "unrecognized arguments: more")):
            self.assertEqual(refusal.of(lambda words=words: differential.main(words)),
                             f"differential: error: {complaint}")


if __name__ == "__main__":
    story.main()
