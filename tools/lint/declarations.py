"""What the public headers of the rooms under mm/ declare, from clang's own syntax tree."""

import ast
import collections
import json
import os
import subprocess

from tools.lint import sources

CLANG = ["/usr/bin/clang-19", "-x", "c", "-std=c23", "-I", ".", "-fsyntax-only", "-w"]

# `returns` and the types of `parameters`, pairs of a name and a type, are as the compiler spells
# them; is_inline says that the header holds the body too.
Function = collections.namedtuple("Function", "header name returns parameters is_inline")

# One parameter of a function; `marks` are the macros that annotate it.
Parameter = collections.namedtuple("Parameter", "header function position name type marks")


def public_headers():
    """Paths of the headers that a room of mm offers to others: `hdrs` in its BUILD file."""
    found = []
    for path in sources.paths(["BUILD.bazel"], under="mm/"):
        for node in ast.walk(ast.parse(sources.read(path))):
            if isinstance(node, ast.keyword) and node.arg == "hdrs":
                folder = os.path.dirname(path)
                found += [os.path.join(folder, name) for name in ast.literal_eval(node.value)]
    return sorted(found)


def _declarations(header):
    """The header's own declarations; those that it includes say where they come from."""
    done = subprocess.run([*CLANG, "-Xclang", "-ast-dump=json", header], cwd=sources.ROOT,
                          check=True, stdout=subprocess.PIPE)
    return [node for node in json.loads(done.stdout)["inner"]
            if not node.get("isImplicit") and node["loc"] and "includedFrom" not in node["loc"]]


def _parts(node, kind):
    return [part for part in node.get("inner", []) if part["kind"] == kind]


def functions(header):
    """The functions that a header declares, in its order."""
    return [Function(header, node["name"], node["type"]["qualType"].split("(")[0].strip(),
                     tuple((part.get("name", ""), part["type"]["qualType"])
                           for part in _parts(node, "ParmVarDecl")),
                     bool(_parts(node, "CompoundStmt")))
            for node in _declarations(header) if node["kind"] == "FunctionDecl"]


def capabilities(header):
    """The structures of a header that must be held, or given back: locks, tokens, gathers."""
    return [node["name"] for node in _declarations(header)
            if node["kind"] == "RecordDecl" and _parts(node, "CapabilityAttr")]


def _mark(attribute, text):
    """The word in a header's text, as bytes, that stands for an annotation."""
    where = attribute["range"]["begin"]
    where = where.get("expansionLoc", where)
    return text[where["offset"]:where["offset"] + where["tokLen"]].decode()


def parameters(header):
    """The parameters of the functions that a header declares."""
    text = sources.read(header).encode(errors="surrogateescape")
    return [Parameter(header, node["name"], position, part.get("name", ""),
                      part["type"]["qualType"],
                      tuple(_mark(mark, text) for mark in _parts(part, "AnnotateAttr")))
            for node in _declarations(header) if node["kind"] == "FunctionDecl"
            for position, part in enumerate(_parts(node, "ParmVarDecl"))]
