"""A room: one C library that is built for the host tests and, unchanged, for the kernel."""

load("//tools/toolchain:sanitize.bzl", "sanitized_test")

QUIRE_COPTS = [
    "-std=c23",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wvla",
    "-Wimplicit-fallthrough",
    "-Wthread-safety",
]

# A broken CHECK throws through the room that states it, into the test that expects it.
_HOST_COPTS = select({
    "@platforms//os:none": [],
    "//conditions:default": ["-fexceptions"],
})

TEST_COPTS = [
    "-std=c++20",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-missing-field-initializers",
]

def room(name, **kwargs):
    """A cc_library of C23 sources in the project's dialect and warnings."""
    native.cc_library(
        name = name,
        copts = QUIRE_COPTS + _HOST_COPTS + kwargs.pop("copts", []),
        **kwargs
    )

def room_sources():
    """`:sources`: the package's C files, for the tests that go through all rooms of mm."""
    native.filegroup(
        name = "sources",
        srcs = native.glob([
            "*.c",
            "*.h",
        ]),
        visibility = [
            "//host_tests:__subpackages__",
            "//tools/coverage:__pkg__",
        ],
    )

def host_test(name, srcs, deps, size = "small", linkstatic = True, **kwargs):
    """A GoogleTest program, run twice: plain, and (as NAME_asan) under ASan and UBSan.

    Rooms are linked as archives, since they call what whoever links them supplies (check_failed,
    the platform); with linkstatic = False, as shared objects, whose functions a mutant can replace.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs,
        copts = TEST_COPTS,
        linkstatic = linkstatic,
        deps = deps + [
            "@googletest//:gtest",
            "@googletest//:gtest_main",
        ],
        **kwargs
    )
    sanitized_test(
        name = name + "_asan",
        size = size,
        program = ":" + name,
    )
