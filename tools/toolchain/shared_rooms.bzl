"""A program whose rooms are shared libraries, so that another library can take a room's place."""

def _transition_impl(_settings, _attr):
    return {"//command_line_option:dynamic_mode": "default"}

_shared = transition(
    implementation = _transition_impl,
    inputs = [],
    outputs = ["//command_line_option:dynamic_mode"],
)

def _with_shared_rooms_impl(ctx):
    link = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = link, target_file = ctx.executable.program, is_executable = True)
    return [DefaultInfo(
        executable = link,
        runfiles = ctx.runfiles([link]).merge(ctx.attr.program[0][DefaultInfo].default_runfiles),
    )]

with_shared_rooms = rule(
    implementation = _with_shared_rooms_impl,
    attrs = {
        "program": attr.label(mandatory = True, executable = True, cfg = _shared),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)
