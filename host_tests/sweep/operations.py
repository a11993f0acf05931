"""The public operations of mm, and the rows of the sweep that run them."""

import re
import subprocess

from tools.lint import declarations

# What no row can run, and why.
EXEMPT = {
    "kernel_space_start": "kernel_space_start_with, on an array at an address of the kernel's own",
}

_ROW = re.compile(r"([a-z0-9_]+?)(?:_[A-Z]\w*)?(?:/\w+)?")


def operations():
    """Pairs of a public header of a room and a function that it declares for others to define."""
    return [(header, function.name) for header in declarations.public_headers()
            if header != "mm/platform.h"  # which mm calls, and does not define
            for function in declarations.functions(header) if not function.is_inline]


def operation_of(test):
    """The operation that a test of the sweep is a row of: its name up to the first capital."""
    return _ROW.fullmatch(test).group(1)


def swept(program):
    """The operations that the sweep's program has rows for."""
    listing = subprocess.run([program, "--gtest_list_tests"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return {operation_of(line.split()[0]) for line in listing.splitlines()
            if line.startswith("  ")}
