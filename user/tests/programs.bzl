"""The programs whose output must be the same on Linux and on Quire."""

load("//tools/differential:differential.bzl", "differential_test")
load("//user:user_program.bzl", "user_program")

HEADERS = ["notes.h", "report.h", "tracee.h", "userfaultfd.h"]

def differential_program(name, srcs = []):
    """A program of NAME.c and `srcs`, linked with what says what it saw."""
    user_program(
        name = name,
        srcs = [name + ".c", "report.c"] + srcs,
        hdrs = HEADERS,
    )

def glibc_group(name, programs, is_same = True):
    """As differential_group, but of programs that are linked with glibc too, as PROGRAM_glibc.

    Args:
      name: of the group.
      programs: names of sources.
      is_same: whether Quire prints the same already.
    """
    for program in programs:
        user_program(
            name = program + "_glibc",
            srcs = [program + ".c", "report.c"],
            hdrs = HEADERS,
            uses_glibc = True,
        )
    differential_test(
        name = name,
        srcs = [program + "_glibc" for program in programs],
        is_same = is_same,
    )

def differential_group(name, programs, is_same = True):
    """The programs, each of a source file of its name, and the tests that compare them.

    Args:
      name: of the group; NAME_native_test and NAME_quire_test are the tests.
      programs: one boot of Quire runs them all.
      is_same: whether Quire prints the same already.
    """
    for program in programs:
        differential_program(program)
    differential_test(
        name = name,
        srcs = programs,
        is_same = is_same,
    )
