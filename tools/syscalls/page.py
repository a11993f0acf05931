"""Makes docs/syscalls.md from the kernel's table of system calls."""

import argparse
import os
import re
import sys

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(_WORKSPACE, "kernel/syscall/table.def")
PAGE = "docs/syscalls.md"

_ENTRY = re.compile(r"CALL\((\d+), (\w+), \w+, (\w+)\)(?:\s*/\*\s*(.*?)\s*\*/)?")
_RESTARTS = {
    "RESTART_NEVER": "",
    "RESTART_UNLESS_HANDLED": "unless a handler ran",
    "RESTART_IF_ASKED": "after SA_RESTART",
    "RESTART_ALWAYS": "always",
}
_HEAD = """# System calls

Made from `kernel/syscall/table.def` by `bazel run //tools/syscalls`. Numbers and meanings are
those of Linux on x86-64 (section 2 of its manual). What a call does not know of a flag it refuses
as Linux refuses an unknown one; a number that is not here is ENOSYS. *Made again* says what becomes
of a call that a signal interrupts.

{count} calls.

| number | call | made again | what is missing |
|---:|---|---|---|
"""


def entries(text):
    """(number, name, restart, missing) of each line of the table. Raises ValueError."""
    found = []
    for line in text.splitlines():
        if line.startswith("CALL("):
            match = _ENTRY.fullmatch(line)
            if not match or match[3] not in _RESTARTS:
                raise ValueError(f"not an entry of the table: {line}")
            found.append((int(match[1]), match[2], _RESTARTS[match[3]], match[4] or ""))
    return found


def page(text):
    """The page for a table."""
    calls = entries(text)
    rows = (f"| {number} | {name} | {restart} | {missing} |\n"
            for number, name, restart, missing in calls)
    return _HEAD.format(count=len(calls)) + "".join(rows)


def main(argv):
    """Writes the page into the workspace."""
    parser = argparse.ArgumentParser(prog="syscalls", usage="bazel run //tools/syscalls",
                                     description=__doc__, allow_abbrev=False)
    parser.parse_args(argv)
    with open(TABLE, encoding="utf-8") as table:
        text = page(table.read())
    path = os.path.join(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."), PAGE)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"{PAGE}: {text.count(chr(10) + '| ') - 1} calls")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
