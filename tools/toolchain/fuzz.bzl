"""A libFuzzer program with its corpus: a short test, and as long a run as one likes."""

load("//tools/toolchain:room.bzl", "TEST_COPTS")
load("//tools/toolchain:sanitize.bzl", "sanitized_binary")

_RUNNER = "//tools/fuzz:fuzz.py"
_LIBRARIES = [
    "//tools/arguments",
    "//tools/proof:evidence",
]

def _arguments(fuzzers):
    args = []
    for fuzzer in fuzzers:
        args.append("--fuzzer")
        args.append("$(rootpath %s_sanitized)" % fuzzer)
        args.append("$(rootpath %s_corpus)" % fuzzer)
    return args

def _data(fuzzers):
    return [fuzzer + part for fuzzer in fuzzers for part in ["_sanitized", "_corpus"]]

def fuzz_run(name, fuzzers, **kwargs):
    """`bazel run` of it runs these fuzzers, a minute each; `-- --help` lists what can be chosen."""
    native.py_binary(
        name = name,
        testonly = True,
        srcs = [_RUNNER],
        args = _arguments(fuzzers),
        data = _data(fuzzers),
        main = _RUNNER,
        python_version = "PY3",
        deps = _LIBRARIES,
        **kwargs
    )

def fuzzer(name, srcs, deps):
    """NAME_test replays NAME.corpus and goes on for a few seconds; NAME runs as long as it is told.

    NAME.corpus holds one input a line, in hexadecimal; `bazel run :NAME -- --merge` writes it.
    """
    native.cc_binary(
        name = name + "_program",
        testonly = True,
        srcs = srcs,
        copts = TEST_COPTS,
        linkopts = ["-fsanitize=fuzzer"],
        linkstatic = True,
        tags = ["manual"],  # links only with the fuzzer's instrumentation
        deps = deps,
    )
    sanitized_binary(
        name = name + "_sanitized",
        testonly = True,
        fuzzer = True,
        program = name + "_program",
        visibility = ["//tools/fuzz:__pkg__"],
    )
    native.filegroup(
        name = name + "_corpus",
        srcs = [name + ".corpus"],
        visibility = ["//tools/fuzz:__pkg__"],
    )
    fuzz_run(
        name = name,
        fuzzers = [":" + name],
    )
    native.py_test(
        name = name + "_test",
        size = "small",
        srcs = [_RUNNER],
        args = _arguments([":" + name]) + ["--seconds=5", "--runs=20000", "--seed=1"],
        data = _data([":" + name]),
        main = _RUNNER,
        python_version = "PY3",
        deps = _LIBRARIES,
    )
