"""Writes the kernel's command line so that it reads back exactly (kernel/command_line)."""

import os
import string

_PLAIN = frozenset((string.ascii_letters + string.digits + "_./=,:+@%-").encode())
_PRINTABLE = range(0x21, 0x7f)


def quote(word):
    """One word, as text that the kernel reads as exactly these bytes."""
    return "".join(map(_quote_byte, os.fsencode(word))) or '""'


def _quote_byte(byte):
    if byte in _PLAIN:
        return chr(byte)
    return "\\" + (chr(byte) if byte in _PRINTABLE else f"x{byte:02x}")


def build(init, arguments, append=""):
    """The command line that runs `init` as //tools:exec wants it; `append` is taken as it is."""
    words = [quote(f"init={init}"), "terminal=com2", "log=com1", "on_exit=poweroff",
             "on_panic=poweroff"]
    if append:
        words.append(append)
    return " ".join([*words, "--", *map(quote, arguments)])
