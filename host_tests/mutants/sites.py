"""Finds what can be weakened in the sources of mm, from clang's syntax tree.

A site is one piece of a function that can be weakened in place: a statement that can be left out, a
condition that can be forced, an arm that can be dropped, a bound that can be off by one. Nothing is
found inside CHECK and other macros, nor in what the compiler computes.
"""

import json
import subprocess
from typing import NamedTuple

NUMBER = "@@"  # stands for the mutant's number in the text of a site


class Site(NamedTuple):
    """Source text [begin, end) of `file` is put between `before` and `after`."""

    file: str
    function: str
    kind: str
    line: int
    begin: int
    end: int
    before: str
    after: str


_FORCE_TRUE = ("((", f") || mutant_is({NUMBER}))")
_FORCE_FALSE = ("((", f") && !mutant_is({NUMBER}))")
_NEGATE = (f"(mutant_is({NUMBER}) != (", "))")
_ONE_MORE = ("((", f") + mutant_is({NUMBER}))")
_NOTHING = (f"(mutant_is({NUMBER}) ? 0 : (", "))")
_SUCCESS = (f"(mutant_is({NUMBER}) ? STATUS_OK : (", "))")
_LEAVE_OUT = (f"if (!mutant_is({NUMBER})) {{ ", " }")

# Which operand is made one more, so that the bound is off by one.
_RELATIONS = {"<": 1, "<=": 0, ">": 0, ">=": 1}
_FLUSHING = ("tlb_gather_", "entry_owe", "platform_tlb_flush")
_BARRIERS = ("__atomic_thread_fence", "__atomic_signal_fence")


def _tree(source, options):
    command = ["clang-19", *options, "-fsyntax-only", "-Xclang", "-ast-dump=json", source]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


class _Place(NamedTuple):
    file: str
    begin: int
    end: int


class _Finder:
    """Walks one translation unit. Clang writes a file's name only where it changes."""

    def __init__(self, read, is_ours):
        self._file = None
        self._read = read
        self._is_ours = is_ours
        self._function = None
        self.sites = []

    def _locate(self, location):
        """The file, the offset, the token's length, and whether a macro was expanded there."""
        if "expansionLoc" in location:
            self._locate(location["spellingLoc"])
            file, offset, length, _ = self._locate(location["expansionLoc"])
            is_argument = location["expansionLoc"].get("isMacroArgExpansion", False)
            return file, offset, length, "argument" if is_argument else "macro"
        self._file = location.get("file", self._file)
        return self._file, location.get("offset"), location.get("tokLen", 0), None

    def _place(self, node):
        """Where the node stands, if it stands there as it is written."""
        if "loc" in node:
            self._locate(node["loc"])
        span = node.get("range")
        if not span:
            return None
        file, begin, _, first = self._locate(span["begin"])
        end_file, end, length, last = self._locate(span["end"])
        if begin is None or end is None or file != end_file or not self._is_ours(file):
            return None
        if first or last:
            return self._object_macro(file, begin, end + length, first, last)
        return _Place(file, begin, end + length)

    def _object_macro(self, file, begin, end, first, last):
        text = self._read(file)
        is_whole_name = text[begin:end].isidentifier() and not text[end:].lstrip().startswith("(")
        if first == last == "macro" and is_whole_name:
            return _Place(file, begin, end)
        return None

    def _add(self, place, kind, form):
        if place is not None:
            line = self._read(place.file).count("\n", 0, place.begin) + 1
            self.sites.append(Site(place.file, self._function, kind, line, place.begin, place.end,
                                   *form))

    def visit(self, node):
        """Adds the sites of the node and of all below it."""
        if not isinstance(node, dict) or "kind" not in node:
            return None
        place = self._place(node)
        children = node.get("inner", [])
        if node["kind"] == "FunctionDecl":
            self._function = node["name"]
        places = [self.visit(child) for child in children if child]
        node["inner"] = [child for child in children if child]
        if self._function is not None:
            self._look(node, place, places)
        if node["kind"] == "FunctionDecl":
            self._function = None
        return place

    def _look(self, node, place, places):
        kind = node["kind"]
        if kind in ("CompoundStmt", "CaseStmt", "DefaultStmt"):
            for child, at in zip(node["inner"], places):
                self._look_at_statement(child, at)
        elif kind in ("IfStmt", "ConditionalOperator"):
            self._add(places[0], "condition is true", _FORCE_TRUE)
            self._add(places[0], "condition is false", _FORCE_FALSE)
        elif kind == "WhileStmt":
            self._add(places[0], "loop does not run", _FORCE_FALSE)
        elif kind == "ReturnStmt" and places:
            self._look_at_return(node["inner"][0], places[0])
        elif kind == "BinaryOperator":
            self._look_at_operator(node, place, places)

    def _look_at_statement(self, node, place):
        name = _called(node)
        is_change = (node["kind"] == "BinaryOperator" and node.get("opcode") == "=") or \
            node["kind"] == "CompoundAssignOperator" or \
            (node["kind"] == "UnaryOperator" and node.get("opcode") in ("++", "--"))
        if place is None or not (name or is_change):
            return
        semicolon = self._read(place.file).index(";", place.end) + 1
        self._add(place._replace(end=semicolon), _kind_of_statement(node, name), _LEAVE_OUT)

    def _look_at_return(self, node, place):
        if node.get("type", {}).get("qualType") == "bool":
            value = _without_casts(node).get("value")
            if value is not True:
                self._add(place, "answer is yes", _FORCE_TRUE)
            if value is not False:
                self._add(place, "answer is no", _FORCE_FALSE)
        if _constant(node).startswith("STATUS_") and _constant(node) != "STATUS_OK":
            self._add(place, "error is forgotten", _SUCCESS)

    def _look_at_operator(self, node, place, places):
        operator = node["opcode"]
        if operator in ("&&", "||"):
            form = _FORCE_TRUE if operator == "&&" else _FORCE_FALSE
            for at in places:
                self._add(at, "arm is dropped", form)
        elif operator in _RELATIONS:
            self._add(places[_RELATIONS[operator]], "bound is off by one", _ONE_MORE)
        elif operator in ("==", "!="):
            self._add(place, "comparison is reversed", _NEGATE)
        elif operator == "|":
            for at in places:
                self._add(at, "bits are dropped", _NOTHING)
        elif operator in ("+", "-") and _literal(node["inner"][1]) == "1":
            self._add(places[1], "one is forgotten", _NOTHING)


def _without_casts(node):
    while node["kind"] in ("ImplicitCastExpr", "ParenExpr", "CStyleCastExpr", "ConstantExpr") \
            and node.get("inner"):
        node = node["inner"][-1]
    return node


def _called(node):
    """The name of the function that a statement calls."""
    node = _without_casts(node)
    if node["kind"] == "AtomicExpr":
        return node.get("name", "__atomic")
    if node["kind"] != "CallExpr":
        return None
    callee = _without_casts(node["inner"][0])
    return callee.get("referencedDecl", {}).get("name", "a function")


def _constant(node):
    declared = _without_casts(node).get("referencedDecl", {})
    return declared.get("name", "") if declared.get("kind") == "EnumConstantDecl" else ""


def _literal(node):
    node = _without_casts(node)
    return node.get("value") if node["kind"] == "IntegerLiteral" else None


def _kind_of_statement(node, name):
    if name is None:
        is_count = node["kind"] != "BinaryOperator"
        return "count is left out" if is_count else "assignment is left out"
    if name in _BARRIERS:
        return "barrier is left out"
    if name.startswith("__atomic"):
        return "atomic change is left out"
    if name.startswith(_FLUSHING):
        return "flush is left out"
    return "call is left out"


def _functions(node):
    """Declarations with a body; constants and tables of the file are no sites."""
    return node["kind"] == "FunctionDecl" and any(
        child.get("kind") == "CompoundStmt" for child in node.get("inner", []))


def _prune(node):
    """Takes away what the compiler computes: labels, assertions, constants."""
    children = []
    for child in node.get("inner", []):
        is_constant = child.get("constexpr") or child.get("storageClass") == "static"
        if child.get("kind") in ("StaticAssertDecl", "UnaryExprOrTypeTraitExpr") or (
                child.get("kind") == "VarDecl" and is_constant):
            children.append({**child, "inner": []})
        elif node["kind"] == "CaseStmt" and not children:
            children.append({**child, "inner": []})
        else:
            _prune(child)
            children.append(child)
    if "inner" in node:
        node["inner"] = children


def find(source, options, read, is_ours):
    """The sites of a source and of the headers that it includes, once each."""
    finder = _Finder(read, is_ours)
    for node in _tree(source, options)["inner"]:
        if _functions(node):
            _prune(node)
            finder.visit(node)
        else:
            finder.visit({**node, "inner": []})
            _follow(finder, node)
    return finder.sites


def _follow(finder, node):
    """Reads the file names of what is no site, so that none is missed."""
    for child in node.get("inner", []):
        if child:
            finder.visit({**child, "inner": []})
            _follow(finder, child)
