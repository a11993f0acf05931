"""differential_test: the same programs on the host's Linux and on Quire must print the same."""

def differential_test(name, srcs, size = "medium", is_same = True):
    """NAME_native_test and NAME_quire_test.

    The first runs the programs on the host several times: what they print must not vary. The second
    boots Quire once, with all of them, and compares line by line with the host.

    Args:
      name: of the group of programs.
      srcs: labels of static programs; they run in this order, each in a directory of its own.
      size: of both tests.
      is_same: whether Quire prints the same already; if not, the comparison is a manual test.
    """
    for machine, tags in (("native", []), ("quire", [] if is_same else ["manual"])):
        native.py_test(
            name = "%s_%s_test" % (name, machine),
            size = size,
            timeout = "moderate" if machine == "native" else "long",
            srcs = ["//tools/differential:%s_test.py" % machine],
            args = ["$(rootpath %s)" % program for program in srcs],
            data = srcs + (
                ["//user/tests:known_differences.txt"] if machine == "quire" else []
            ),
            main = "//tools/differential:%s_test.py" % machine,
            # Programs become another user, which the sandbox has not.
            tags = tags + ["no-sandbox"],
            deps = ["//tools/differential:case"],
        )

def script_test(name, srcs, size = "medium"):
    """NAME_native_test and NAME_quire_test: random scripts for memory_script, and those of files.

    Args:
      name: of the tests.
      srcs: files of scripts.
      size: of both tests.
    """
    for machine in ("native", "quire"):
        native.py_test(
            name = "%s_%s_test" % (name, machine),
            size = size,
            timeout = "moderate",
            srcs = ["//tools/differential:scripts_%s_test.py" % machine],
            args = ["$(rootpath %s)" % src for src in srcs],
            data = srcs,
            main = "//tools/differential:scripts_%s_test.py" % machine,
            deps = ["//tools/differential:case"],
        )
