"""Programs whose whole build is optimised, without command-line flags: for runs that take long."""

def _transition_impl(settings, _attr):
    return {"//command_line_option:copt": settings["//command_line_option:copt"] + ["-O2"]}

_optimise = transition(
    implementation = _transition_impl,
    inputs = ["//command_line_option:copt"],
    outputs = ["//command_line_option:copt"],
)

def _optimised_programs_impl(ctx):
    links = []
    for program in ctx.files.programs:
        link = ctx.actions.declare_file(ctx.label.name + "/" + program.basename)
        ctx.actions.symlink(output = link, target_file = program, is_executable = True)
        links.append(link)
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
