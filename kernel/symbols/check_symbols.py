"""Makes sure that two links of the kernel have every function at the same address.

Usage: check_symbols.py NM FIRST SECOND
"""

import sys

from kernel.symbols import symbols


def main(nm, first, second):
    if symbols.text_symbols(nm, first) != symbols.text_symbols(nm, second):
        sys.exit("check_symbols.py: the symbol table moved the kernel's text")


if __name__ == "__main__":
    main(*sys.argv[1:])
