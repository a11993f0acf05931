"""Programs whose whole build is optimised, without command-line flags: for runs that take long."""

load("//tools/toolchain:program_link.bzl", "program_link")

def _transition_impl(settings, _attr):
    return {"//command_line_option:copt": settings["//command_line_option:copt"] + ["-O2"]}

_optimise = transition(
    implementation = _transition_impl,
    inputs = ["//command_line_option:copt"],
    outputs = ["//command_line_option:copt"],
)

def _optimised_programs_impl(ctx):
    links = [
        program_link(ctx, ctx.label.name + "/" + program.basename, program)
        for program in ctx.files.programs
    ]
    return [DefaultInfo(files = depset(links), runfiles = ctx.runfiles(links))]

optimised_programs = rule(
    implementation = _optimised_programs_impl,
    doc = "A folder with the programs.",
    attrs = {
        "programs": attr.label_list(cfg = _optimise),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
