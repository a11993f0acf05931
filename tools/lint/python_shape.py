"""Finds the functions of a Python file, how long they are and how deep they nest."""

import ast

from tools.lint.c_shape import Function

_NESTING = (ast.If, ast.For, ast.While, ast.With, ast.Try)


def _nesting(node, is_elif=False):
    deepest = 0
    for name, field in ast.iter_fields(node):
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST):
                is_chained = (name == "orelse" and isinstance(node, ast.If) and len(field) == 1
                              and isinstance(child, ast.If))
                deepest = max(deepest, _nesting(child, is_chained))
    return deepest + (isinstance(node, _NESTING) and not is_elif)


def functions(path, text):
    """Every function, in order; a method's length is its own."""
    found = [node for node in ast.walk(ast.parse(text, path)) if isinstance(node, ast.FunctionDef)]
    return [Function(path, node.lineno, node.name, node.end_lineno - node.lineno + 1,
                     max(map(_nesting, node.body)))
            for node in found]
