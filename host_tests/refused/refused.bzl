"""Tests that the compiler refuses a mistake, for the reason that was meant.

A case is a C file that is right as it stands and contains the mistake under `#ifdef MISTAKE`.
"""

load("//tools/toolchain:room.bzl", "QUIRE_COPTS")

_SCRIPT = """#!/bin/sh
set -eu
compile="{compiler} {flags} -Wno-missing-prototypes -fsyntax-only -I ."
$compile {source}
if $compile -DMISTAKE {source} 2> "$TEST_TMPDIR/diagnostics"; then
    echo "{source}: the mistake was accepted"
    exit 1
fi
cat "$TEST_TMPDIR/diagnostics"
expected='{diagnostic}'
grep -qF -- "$expected" "$TEST_TMPDIR/diagnostics" || {{
    echo "{source}: refused, but not because: $expected"
    exit 1
}}
"""

def _impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(script, is_executable = True, content = _SCRIPT.format(
        compiler = "/usr/bin/clang-19",
        diagnostic = ctx.attr.diagnostic.replace("'", "'\\''"),
        flags = " ".join(QUIRE_COPTS),
        source = ctx.file.src.short_path,
    ))
    contexts = [dep[CcInfo].compilation_context for dep in ctx.attr.deps]
    headers = depset(transitive = [context.headers for context in contexts])
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(files = [ctx.file.src], transitive_files = headers),
    )]

refused_test = rule(
    implementation = _impl,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo]),
        "diagnostic": attr.string(mandatory = True),
        "src": attr.label(mandatory = True, allow_single_file = [".c"]),
    },
    test = True,
)
