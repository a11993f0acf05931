"""disk_image: a bootable image as a build target."""

def _disk_image_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".img")
    args = ctx.actions.args()
    args.add(out)
    args.add("--kernel", ctx.file.kernel)
    args.add("--command-line=" + ctx.attr.command_line)
    if ctx.attr.vbe:
        args.add("--vbe", ctx.attr.vbe)
    if ctx.attr.floppy:
        args.add("--floppy")
    if ctx.file.root:
        args.add("--root", ctx.file.root)
    for target, guest_paths in ctx.attr.files.items():
        files = target.files.to_list()
        if len(files) != 1:
            fail("%s is %d files; a path on the RAM disk needs one" % (target.label, len(files)))
        for guest_path in guest_paths.split(":"):
            args.add("--file", "%s:%s" % (files[0].path, guest_path))
    ctx.actions.run(
        executable = ctx.executable._image,
        arguments = [args],
        inputs = [ctx.file.kernel] + ctx.files.files + ctx.files.root,
        outputs = [out],
        mnemonic = "DiskImage",
        progress_message = "Making disk image %s" % out.short_path,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles(files = [out]))]

_disk_image = rule(
    implementation = _disk_image_impl,
    attrs = {
        "command_line": attr.string(),
        "files": attr.label_keyed_string_dict(allow_files = True),
        "floppy": attr.bool(),
        "kernel": attr.label(mandatory = True, allow_single_file = True),
        "root": attr.label(allow_single_file = True),
        "vbe": attr.string(),
        "_image": attr.label(default = "//tools/image:maker", executable = True, cfg = "exec"),
    },
)

def disk_image(
        name,
        kernel,
        files = {},
        root = None,
        command_line = "",
        vbe = "",
        floppy = False,
        **kwargs):
    """A disk image NAME.img that boots.

    Args:
      name: of the target.
      kernel: label of the kernel's ELF64 file.
      files: the RAM disk: a dictionary from paths on it to labels of single files.
      root: label of a root_directory, for what `files` does not have.
      command_line: the kernel's.
      vbe: "1024x768", say, to ask the BIOS for a framebuffer; empty for text.
      floppy: whether to make a 1.44 MB floppy instead of a disk.
      **kwargs: visibility and other common attributes.
    """
    guest_paths = {}
    for guest_path, label in files.items():
        guest_paths.setdefault(label, []).append(guest_path)
    _disk_image(
        name = name,
        command_line = command_line,
        files = {label: ":".join(paths) for label, paths in guest_paths.items()},
        floppy = floppy,
        kernel = kernel,
        root = root,
        vbe = vbe,
        **kwargs
    )
