import unittest

from tools.lint import c_shape, python_shape, shape_report
from tools.testing import story

C_SAMPLE = """\
#include "a.h" /* { */
struct point { int x; };
static const int table[] = {1, 2};
enum color : uint8_t { RED };
static inline int one(void) {
    return 1; // }
}

void two(struct lock *lock) ACQUIRES(lock) NO_CHECK {
    int pair[] = {1, 2};
    if (one()) {
        switch (pair[0]) {
        case 1: {
            int deep[][1] = {{1}, {2}};
        }
        }
    } else {
    }
}
"""
CC_SAMPLE = """\
namespace quire {
namespace {
class Thing : public Base {
  public:
    explicit Thing(int x) : x_{x} {}
    bool operator==(const Thing &) const {
        return true;
    }
};
TEST_F(Story, ItHolds) {
    for_each([](int x) {
        return x;
    });
}
}
}
"""
PYTHON_SAMPLE = """\
def chain(x):
    if x:
        for y in x:
            pass
    elif y:
        return 1
    elif z:
        return 2
"""


class FinderTest(unittest.TestCase):
    def shapes(self, text):
        return [(found.name, found.line, found.lines, found.nesting)
                for found in c_shape.functions("sample", text)]

    def test_functions_are_found_and_data_is_not(self):
        self.assertEqual(self.shapes(C_SAMPLE), [("one", 5, 3, 0), ("two", 9, 11, 3)])

    def test_classes_tests_and_lambdas_are_understood(self):
        self.assertEqual([(name, lines, depth) for name, _, lines, depth in self.shapes(CC_SAMPLE)],
                         [("Thing", 1, 0), ("operator==", 3, 0), ("Story.ItHolds", 5, 1)])

    def test_elif_does_not_nest(self):
        self.assertEqual(python_shape.functions("sample", PYTHON_SAMPLE)[0][2:], ("chain", 8, 2))


class ShapeTest(unittest.TestCase):
    def test_no_function_or_file_is_above_the_limits(self):
        found = shape_report.all_functions()
        print("\n".join(shape_report.table(found)))
        self.assertEqual(list(shape_report.excesses(found)), [])


if __name__ == "__main__":
    story.main()
