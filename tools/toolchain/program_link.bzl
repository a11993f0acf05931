"""What a rule hands on of a program that a transition has built apart."""

def program_link(ctx, path, program):
    """A link to the program, at `path` in the package of the target."""
    link = ctx.actions.declare_file(path)
    ctx.actions.symlink(output = link, target_file = program, is_executable = True)
    return link
