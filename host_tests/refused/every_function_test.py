import unittest

from host_tests.refused import mistakes
from tools.lint import declarations, sources
from tools.testing import story


def headers():
    """Every header of mm, private ones too, and those of the locks."""
    return sources.paths([".h"], under="mm/") + ["lib/spinlock.h"]


class EveryFunctionTest(unittest.TestCase):
    """What must not be done with a function of mm, as its types tell, does not compile."""

    @classmethod
    def setUpClass(cls):
        cls.includes = [f'#include "{header}"' for header in headers()]
        cls.functions = [function for header in headers()
                         for function in declarations.functions(header)]
        cls.capabilities = [name for header in headers()
                            for name in declarations.capabilities(header)]

    def refuse(self, found):
        self.assertGreater(len(found), 10)
        self.assertEqual(mistakes.accepted(self.includes, found), [])

    def test_a_result_that_says_whether_it_went_well_cannot_be_dropped(self):
        self.refuse(mistakes.of_results(self.functions))

    def test_what_takes_a_lock_a_token_or_a_gather_cannot_be_called_without_it(self):
        self.refuse(mistakes.of_duties(self.functions, self.capabilities))

    def test_an_address_of_the_other_kind_or_a_number_cannot_be_passed(self):
        self.refuse(mistakes.of_addresses(self.functions))

    def test_what_is_called_pa_or_va_is_not_a_number(self):
        self.assertEqual(mistakes.numbers_for_addresses(self.functions), [])

    def test_calling_every_function_as_it_wants_to_be_called_is_accepted(self):
        calls = mistakes.correct_calls(self.functions)
        said = [text for text in mistakes.diagnostics(self.includes, calls) if text]
        self.assertEqual(said, [])


class MistakesTest(unittest.TestCase):
    """A new function that lacks its annotation is found by its types."""

    INCLUDES = ['#include "mm/paging/page_table.h"']

    def accepted(self, returns, parameter, find, *arguments):
        function = declarations.Function("new.h", "change", returns, (("it", parameter),), False)
        declared = f"{returns} change({parameter} it);"
        return mistakes.accepted([*self.INCLUDES, declared], find([function], *arguments))

    def test_a_gather_that_is_not_required(self):
        self.assertEqual(
            self.accepted("void", "struct tlb_gather *", mistakes.of_duties, ["tlb_gather"]),
            ["new.h: change: it is not held, or not given back: accepted"])

    def test_an_answer_that_can_be_dropped(self):
        self.assertEqual(self.accepted("bool", "uint64_t *", mistakes.of_results),
                         ["new.h: change: its result is dropped: accepted"])

    def test_an_address_that_is_a_number(self):
        function = declarations.Function("new.h", "change", "void", (("user_va", "uint64_t"),),
                                         False)
        self.assertEqual(mistakes.numbers_for_addresses([function]),
                         ["new.h: change: user_va is uint64_t"])

    def test_a_status_cannot_be_dropped_whoever_returns_it(self):
        self.assertEqual(self.accepted("enum status", "int", mistakes.of_results), [])


if __name__ == "__main__":
    story.main()
