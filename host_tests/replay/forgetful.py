"""Writes a copy of a C file without one line, which must be there just once."""

import sys


def main(argv):
    source, line, copy = argv[1:]
    with open(source, encoding="utf-8") as file:
        lines = file.read().splitlines()
    kept = [one for one in lines if one.strip() != line]
    if len(kept) != len(lines) - 1:
        print(f"{source}: '{line}' is there {len(lines) - len(kept)} times", file=sys.stderr)
        return 1
    with open(copy, "w", encoding="utf-8") as file:
        file.write("\n".join(kept) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
