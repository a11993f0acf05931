"""Prints how long and how deep the functions of each room are, beside what style asks for."""

import math
import statistics

from tools.lint import c_shape, python_shape, sources

# What fails. The aim is lower: median 10, 90th percentile 30, nesting 3, a file of 300 lines.
MOST_FUNCTION_LINES = 60
MOST_NESTING = 4
MOST_FILE_LINES = 500

_ENDINGS = (*sources.C_ENDINGS, ".py", ".asm", ".inc")


def files():
    return [path for path in sources.paths(_ENDINGS) if not path.startswith("third_party/")]


def all_functions():
    found = []
    for path in files():
        if path.endswith(sources.C_ENDINGS):
            found += c_shape.functions(path, sources.read(path))
        elif path.endswith(".py"):
            found += python_shape.functions(path, sources.read(path))
    return found


def room_of(path):
    """`mm/paging`, `kernel`, `host_tests`: the folders that people speak of."""
    parts = path.split("/")[:-1]
    return "/".join(parts[:2] if parts[:1] in (["mm"], ["tools"]) else parts[:1]) or "."


def ninetieth_percentile(values):
    return sorted(values)[math.ceil(0.9 * len(values)) - 1]


def table(found):
    """The report's lines, a room each."""
    rooms = {}
    for function in found:
        rooms.setdefault(room_of(function.path), []).append(function)
    yield "%-18s %9s %7s %4s %4s %8s" % ("room", "functions", "median", "p90", "max", "nesting")
    for room, members in sorted(rooms.items()):
        lengths = [function.lines for function in members]
        yield "%-18s %9d %7g %4d %4d %8d" % (
            room, len(members), statistics.median(lengths), ninetieth_percentile(lengths),
            max(lengths), max(function.nesting for function in members))


def excesses(found):
    """A sentence for each function and file above the limits."""
    for function in found:
        where = f"{function.path}:{function.line}: {function.name}"
        if function.lines > MOST_FUNCTION_LINES:
            yield f"{where} has {function.lines} lines, more than {MOST_FUNCTION_LINES}"
        if function.nesting > MOST_NESTING:
            yield f"{where} nests {function.nesting} deep, more than {MOST_NESTING}"
    for path in files():
        length = sources.read(path).count("\n")
        if length > MOST_FILE_LINES:
            yield f"{path} has {length} lines, more than {MOST_FILE_LINES}: is it one room?"


def main():
    print("\n".join(table(all_functions())))


if __name__ == "__main__":
    main()
