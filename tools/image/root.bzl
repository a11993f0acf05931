"""root_directory: what programs find below / on Quire, as a cpio archive."""

_BUSYBOX = "/bin/busybox"  # Debian's busybox-static

def _root_directory_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".cpio")
    args = ctx.actions.args()
    args.add(out)
    args.add("--manifest", ctx.file.manifest)
    args.add("--busybox", _BUSYBOX)
    for program in ctx.files.programs:
        args.add("--file", "%s:bin/%s" % (program.path, program.basename))
    ctx.actions.run(
        executable = ctx.executable._root,
        arguments = [args],
        inputs = [ctx.file.manifest] + ctx.files.srcs + ctx.files.programs,
        outputs = [out],
        mnemonic = "RootDirectory",
        progress_message = "Making the root directory %s" % out.short_path,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles(files = [out]))]

root_directory = rule(
    doc = "NAME.cpio: what the manifest lists, busybox with its applets, and programs in /bin.",
    implementation = _root_directory_impl,
    attrs = {
        "manifest": attr.label(mandatory = True, allow_single_file = True),
        "programs": attr.label_list(allow_files = True),
        "srcs": attr.label_list(allow_files = True, doc = "The files that the manifest names."),
        "_root": attr.label(default = "//tools/image:root", executable = True, cfg = "exec"),
    },
)
