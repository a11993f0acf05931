"""Makes docs/syscalls.md from the kernel's table of system calls."""

import argparse
import collections
import glob
import os
import re
import sys

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(_WORKSPACE, "kernel/syscall/table.def")
PROGRAMS = os.path.join(_WORKSPACE, "user/tests/*.c")
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
of a call that a signal interrupts. *Compared in* names the programs of `user/tests`, which print
the same on Linux and on Quire, that make the call most often.

{count} calls.

| number | call | made again | what is missing | compared in |
|---:|---|---|---|---|
"""

# What the C library calls them, where a call has another name there.
_WRAPPERS = {
    "pread64": ("pread",),
    "pwrite64": ("pwrite",),
    "newfstatat": ("fstatat",),
    "wait4": ("waitpid",),
    "exit": ("pthread_exit",),
    "exit_group": ("_exit",),
    "prlimit64": ("prlimit",),
    "getdents64": ("readdir",),
}
_SHOWN = 3


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


def read_programs():
    """Name -> how often each word stands in that program of user/tests."""
    programs = {}
    for path in sorted(glob.glob(PROGRAMS)):
        with open(path, encoding="utf-8") as file:
            words = re.findall(r"\b(?:sys_)?([a-z_]\w*)", file.read().lower())
        programs[os.path.basename(path)[:-2]] = collections.Counter(words)
    return programs


def _names(call):
    plain = (call[3:],) if call.startswith("rt_") else ()
    return (call, *plain, *_WRAPPERS.get(call, ()))


def callers(call, programs):
    """The programs that make a call, by how often they name it, and then by their own name."""
    counts = {name: sum(words[one] for one in _names(call)) for name, words in programs.items()}
    return sorted((name for name in counts if counts[name]), key=lambda name: (-counts[name], name))


def page(text, programs):
    """The page for a table."""
    calls = entries(text)
    rows = (f"| {number} | {name} | {restart} | {missing} | "
            f"{', '.join(callers(name, programs)[:_SHOWN])} |\n"
            for number, name, restart, missing in calls)
    return _HEAD.format(count=len(calls)) + "".join(rows)


def main(argv):
    """Writes the page into the workspace."""
    parser = argparse.ArgumentParser(prog="syscalls", usage="bazel run //tools/syscalls",
                                     description=__doc__, allow_abbrev=False)
    parser.parse_args(argv)
    with open(TABLE, encoding="utf-8") as table:
        text = page(table.read(), read_programs())
    path = os.path.join(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."), PAGE)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"{PAGE}: {text.count(chr(10) + '| ') - 1} calls")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
