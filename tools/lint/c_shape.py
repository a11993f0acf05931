"""Finds the functions of a C or C++ file, how long they are and how deep they nest.

Not a parser: it reads braces and what stands before them, which is enough for code that
clang-format has laid out.
"""

import re
from collections import namedtuple

Function = namedtuple("Function", "path line name lines nesting")

_BLANKED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
    r"""|^[ \t]*\#(?:\\\n|[^\n])*""", re.DOTALL | re.MULTILINE)
_SCOPE = re.compile(r"\b(?:namespace|extern|class|struct|union|enum)\b[^()]*(?:\([^()]*\)[^()]*)*$")
_NAME = re.compile(r"(operator\s*[^\w\s(]+|[A-Za-z_~][\w:~]*)\s*\(")
_ACCESS = re.compile(r"\s*(?:public|protected|private):")
_CONTROL = re.compile(r"(?:\)|\belse|\bdo|:|\])\s*$")
_TEST = re.compile(r"\b(?:TEST|TEST_F|TEST_P)\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)")


def blank(text):
    """The text with comments, literals and preprocessor lines as blanks; each line stays."""
    return _BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def _function_name(head):
    """The name of the function whose body follows `head`; None if no body does."""
    if head.count("(") != head.count(")"):
        return None
    test = _TEST.search(head)
    if test:
        return f"{test[1]}.{test[2]}"
    outside = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "()", head)
    if "=" in re.sub(r"operator\s*[^\w\s(]+", "", outside) or not _NAME.search(outside):
        return None
    if _SCOPE.match(outside.strip()) and not re.search(r"\)\s*(?:const)?\s*$", outside):
        return None
    plain = re.sub(r"\[\[.*?\]\]|__attribute__\s*\(.*?\)", "", outside)
    names = [name for name in _NAME.findall(plain) if not name.isupper()]
    return names[0] if names else None


class _Reader:
    """Walks over the braces of blanked text."""

    def __init__(self, path, text):
        self.functions = []
        self._path = path
        self._text = text
        self._head_start = 0
        self._outer = 0  # braces of namespaces and classes that are open
        self._values = 0  # braces of member initialisers, `x{1}`, that are open
        self._inner = []  # for each brace open in a function: does it nest?
        self._function = None
        self._deepest = 0

    def read(self):
        for match in re.finditer(r"[{};]", self._text):
            position, mark = match.start(), match[0]
            was_in_value = self._values > 0
            if mark == "{":
                self._open(position)
            elif mark == "}":
                self._close(position)
            if self._function is None and not was_in_value and not self._values:
                self._head_start = position + 1
        return self.functions

    def _open(self, position):
        before = self._text[self._head_start:position]
        if self._function is not None:
            self._inner.append(bool(_CONTROL.search(self._text[:position].rstrip()[-8:])))
            self._deepest = max(self._deepest, sum(self._inner))
            return
        if before[-1:].isidentifier():
            self._values += 1
            return
        access = _ACCESS.match(before)
        if access:
            self._head_start += access.end()
            before = before[access.end():]
        name = _function_name(before)
        if name is None:
            self._outer += 1
            return
        start = self._head_start + len(before) - len(before.lstrip())
        self._function = (name, self._line(start))
        self._deepest = 0

    def _close(self, position):
        if self._inner:
            self._inner.pop()
        elif self._function is not None:
            name, first = self._function
            self.functions.append(Function(self._path, first, name,
                                           self._line(position) - first + 1, self._deepest))
            self._function = None
        elif self._values:
            self._values -= 1
        else:
            self._outer -= 1

    def _line(self, position):
        return self._text.count("\n", 0, position) + 1


def functions(path, text):
    """Every function with a body, in order."""
    return _Reader(path, blank(text)).read()
