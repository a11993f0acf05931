"""Writes the kernel's symbol table as C, from what `llvm-nm -n` says of the first link.

Usage: symbols.py NM KERNEL > symbols.c; without a kernel, an empty table.
"""

import subprocess
import sys

BASE = 0xFFFFFFFF80000000


def text_symbols(nm, kernel):
    """(address, name) of each function, ascending, one per address; and the end of the text."""
    listing = subprocess.run([nm, "-n", kernel], check=True, capture_output=True, text=True)
    names = {}
    end = None
    for line in listing.stdout.splitlines():
        address, kind, name = line.split(None, 2)
        if name == "kernel_text_end":
            end = int(address, 16)
        elif kind in "tT" and not name.startswith("."):
            names.setdefault(int(address, 16), name)
    if end is None:
        sys.exit("symbols.py: %s has no symbol kernel_text_end" % kernel)
    return sorted(item for item in names.items() if item[0] < end), end


def write_table(symbols, end, out):
    """The table as one C file, everything in the section that the linker puts last."""
    out.write('#include "kernel/symbols/symbols.h"\n\n')
    out.write('#define LAST [[gnu::section(".symbols")]]\n\n')
    out.write("LAST static const char names[] =\n")
    name_offset = 0
    entries = []
    for address, name in symbols:
        out.write('    "%s\\0"\n' % name)
        entries.append("    {%#x, %d},\n" % (address - BASE, name_offset))
        name_offset += len(name) + 1
    out.write('    "";\n\nLAST static const struct symbol symbols[] = {\n')
    out.writelines(entries or ["    {0, 0},\n"])
    out.write("};\n\nLAST const struct symbol_table kernel_symbols = {\n")
    out.write("    %#x, symbols, %d, names, %#x,\n};\n" % (BASE, len(symbols), end))


def main(arguments):
    if len(arguments) == 2:
        write_table(*text_symbols(*arguments), sys.stdout)
    else:
        write_table([], 0, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
