"""Mistakes that nobody may make with a function, told by its types, and what clang says of them.

A mistake is a C function on a line of its own. Arguments are its parameters, so that nothing but
the mistake is wrong with it.
"""

import collections
import re
import subprocess

from tools.lint import sources

CLANG = ["/usr/bin/clang-19", "-x", "c", "-std=c23", "-I", ".", "-fsyntax-only", "-Wall", "-Wextra",
         "-Werror", "-Wthread-safety", "-Wno-missing-prototypes", "-Wno-format-security",
         "-ferror-limit=0", "-"]

# `what` in words, the line of C, and a pattern that one of its diagnostics contains.
Mistake = collections.namedtuple("Mistake", "function what line expected")

_DIAGNOSTIC = re.compile(r"<stdin>:(\d+):\d+: error: (.*)")
_NAME_OF_AN_ADDRESS = re.compile(r"(\w+_)?[pv]a")
_NUMBER = re.compile(r"(const )?(u?int\d*_t|unsigned.*|size_t|int|long)")
_ADDRESSES = ("phys_addr_t", "virt_addr_t")


def _call(function, arguments):
    return f"{function.name}({', '.join(arguments)})"


def _line(function, number, body, types=None, attribute=""):
    """A function whose parameters have the types of `function`'s, or those in `types`."""
    types = types or [kind for _, kind in function.parameters]
    parameters = ", ".join(f"typeof({kind}) a{at}" for at, kind in enumerate(types)) or "void"
    return f"{attribute}void mistake_{number}({parameters}) {{ {body} }}"


def correct_calls(functions):
    """No mistake: what is wrong with these is wrong with this file."""
    return [Mistake(function, "it is called",
                    _line(function, number, f"(void){_call(function, _names(function))};",
                          attribute="NO_CAPABILITY_CHECK "), "")
            for number, function in enumerate(functions)]


def _names(function):
    return [f"a{at}" for at in range(len(function.parameters))]


def _answers_in_parameter(function):
    """Whether it says by a bool whether it has stored something where its caller wants it."""
    return function.returns == "bool" and any(
        kind.endswith("*") and not kind.startswith("const ") for _, kind in function.parameters)


def must_not_be_dropped(function):
    """Whether the types say that who ignores the result has made a mistake."""
    is_memory = function.returns == "void *" and "alloc" in function.name
    return function.returns == "enum status" or is_memory or _answers_in_parameter(function)


def of_results(functions):
    """Dropping a status, memory, or the answer whether there is one."""
    return [Mistake(function, "its result is dropped",
                    _line(function, number, f"{_call(function, _names(function))};",
                          attribute="NO_CAPABILITY_CHECK "), r"ignoring return value")
            for number, function in enumerate(functions) if must_not_be_dropped(function)]


def of_duties(functions, capabilities):
    """Calling with a lock, token or gather that is not held, or not giving back what is."""
    held = {f"struct {name} *" for name in capabilities}
    return [Mistake(function, f"{name} is not held, or not given back",
                    _line(function, number, f"(void){_call(function, _names(function))};"),
                    rf"'a{at}' exclusively|'a{at}' is still held|releasing \w+ 'a{at}' that was "
                    "not held")
            for number, function in enumerate(functions)
            for at, (name, kind) in enumerate(function.parameters) if kind in held]


def of_addresses(functions):
    """Passing a physical address for a virtual one, the other way round, and a number for both."""
    found = []
    for function in functions:
        types = [kind for _, kind in function.parameters]
        for at, (name, kind) in enumerate(function.parameters):
            if kind not in _ADDRESSES:
                continue
            for other in (*(set(_ADDRESSES) - {kind}), "unsigned long"):
                mistaken = [*types[:at], other, *types[at + 1:]]
                body = f"(void){_call(function, _names(function))};"
                found.append(Mistake(function, f"{other} is passed for {name}",
                                     _line(function, len(found), body, mistaken),
                                     rf"passing .*{other}.* to parameter of incompatible type "
                                     f"'{kind}'"))
    return found


def numbers_for_addresses(functions):
    """Parameters that are named as addresses are, and are none, as lines of text."""
    return [f"{function.header}: {function.name}: {name} is {kind}"
            for function in functions for name, kind in function.parameters
            if _NAME_OF_AN_ADDRESS.fullmatch(name) and _NUMBER.fullmatch(kind)]


def diagnostics(declarations, mistakes):
    """What clang says to each mistake: lists of messages. `declarations` are lines of C."""
    lines = ['#include "lib/capability.h"', *declarations]
    source = "\n".join(lines + [mistake.line for mistake in mistakes]) + "\n"
    done = subprocess.run(CLANG, input=source, cwd=sources.ROOT, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = [[] for _ in mistakes]
    for number, message in _DIAGNOSTIC.findall(done.stdout):
        said[int(number) - len(lines) - 1].append(message)
    return said


def accepted(declarations, mistakes):
    """The mistakes that clang lets pass, or refuses for another reason, as lines of text."""
    return [f"{mistake.function.header}: {mistake.function.name}: {mistake.what}: "
            + (f"refused only because: {said[0]}" if said else "accepted")
            for mistake, said in zip(mistakes, diagnostics(declarations, mistakes))
            if not any(re.search(mistake.expected, message) for message in said)]
