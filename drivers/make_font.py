"""Turns the drawing of a font (font.txt) into the C table that drivers/font.h declares."""
import sys

WIDTH, HEIGHT, COUNT = 8, 16, 95


def read_glyphs(path):
    """The glyphs in order, each a list of HEIGHT strings of WIDTH characters."""
    with open(path, encoding="ascii") as drawing:
        rows = [line.split() for line in drawing if line.strip() and not line.startswith("# ")]
    glyphs = []
    for start in range(0, len(rows), HEIGHT):
        band = rows[start : start + HEIGHT]
        if len(band) != HEIGHT or any(len(row) != len(band[0]) for row in band):
            sys.exit(f"{path}: a band of glyphs is not {HEIGHT} rows of equally many cells")
        glyphs += [list(glyph) for glyph in zip(*band)]
    return glyphs


def row_byte(path, row):
    if len(row) != WIDTH or set(row) - set(".#"):
        sys.exit(f"{path}: {row!r} is not {WIDTH} times '.' or '#'")
    return int(row.replace(".", "0").replace("#", "1"), 2)


def main(drawing, output):
    glyphs = read_glyphs(drawing)
    if len(glyphs) != COUNT:
        sys.exit(f"{drawing}: {len(glyphs)} glyphs, not {COUNT}")
    lines = ['#include "drivers/font.h"', "",
             "const uint8_t font_glyphs[FONT_COUNT][FONT_HEIGHT] = {"]
    for glyph in glyphs:
        lines.append("    {" + ", ".join(f"0x{row_byte(drawing, row):02x}" for row in glyph) + "},")
    lines.append("};")
    with open(output, "w", encoding="ascii") as source:
        source.write("\n".join(lines) + "\n")


main(*sys.argv[1:])
