"""Test programs whose whole build counts what runs, without command-line flags."""

load("//tools/toolchain:program_link.bzl", "program_link")

_FLAGS = ["-fprofile-instr-generate"]
_COPTS = _FLAGS + ["-fcoverage-mapping", "-ffile-compilation-dir=."]

def covered_tests():
    """Lets tools/coverage run this package's C and C++ tests. Stands at the end of a BUILD file."""
    native.filegroup(
        name = "covered_tests",
        testonly = True,
        srcs = [
            ":" + name
            for name, rule in native.existing_rules().items()
            if rule["kind"] == "cc_test"
        ],
        visibility = [
            "//host_tests/mutants:__pkg__",
            "//tools/coverage:__pkg__",
        ],
    )

def _transition_impl(settings, _attr):
    return {
        "//command_line_option:copt": settings["//command_line_option:copt"] + _COPTS,
        "//command_line_option:dynamic_mode": "off",
        "//command_line_option:linkopt": settings["//command_line_option:linkopt"] + _FLAGS,
    }

_count = transition(
    implementation = _transition_impl,
    inputs = ["//command_line_option:copt", "//command_line_option:linkopt"],
    outputs = [
        "//command_line_option:copt",
        "//command_line_option:dynamic_mode",
        "//command_line_option:linkopt",
    ],
)

_SourcesInfo = provider(fields = ["files"])

def _sources_impl(_target, ctx):
    own = []
    for attribute in ["srcs", "hdrs"]:
        own += getattr(ctx.rule.files, attribute, [])
    below = []
    for attribute in ["srcs", "deps"]:
        for target in getattr(ctx.rule.attr, attribute, []):
            if _SourcesInfo in target:
                below.append(target[_SourcesInfo].files)
    return [_SourcesInfo(files = depset(
        [file for file in own if file.short_path.startswith("mm/")],
        transitive = below,
    ))]

_sources = aspect(
    implementation = _sources_impl,
    attr_aspects = ["srcs", "deps"],
)

def _counting_programs_impl(ctx):
    links = [
        program_link(ctx, ctx.label.name + "/" + program.short_path.replace("/", "."), program)
        for program in ctx.files.tests
    ]
    sources = depset(transitive = [group[_SourcesInfo].files for group in ctx.attr.tests])
    runfiles = ctx.runfiles(links, transitive_files = sources)
    return [DefaultInfo(files = depset(links), runfiles = runfiles)]

counting_programs = rule(
    implementation = _counting_programs_impl,
    doc = "A folder with one program for each test, and the sources of mm/ that they are made of.",
    attrs = {
        "tests": attr.label_list(cfg = _count, aspects = [_sources]),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
