"""A static program for Quire: plain C against Debian's musl or glibc, nothing of the kernel's."""

_CLANG = "/usr/bin/clang-19"
_MUSL_HEADERS = "/usr/include/x86_64-linux-musl"
_MUSL = "/usr/lib/x86_64-linux-musl/"
_CLANG_HEADERS = "/usr/lib/llvm-19/lib/clang/19/include"

_COMPILE = [
    "-std=c23",
    "-O2",
    "-g",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffile-compilation-dir=.",
    "-I.",
]

_COMPILE_FOR_MUSL = [
    "--target=x86_64-linux-musl",
    "-nostdinc",
    "-isystem",
    _MUSL_HEADERS,
    "-isystem",
    _CLANG_HEADERS,
]

# Code, constants and data never share a page of the file: the kernel gives each page the rights of
# one segment.
_LINK = [
    "-fuse-ld=lld",
    "-Wl,--build-id=none",
    "-Wl,-z,max-page-size=4096",
    "-Wl,-z,separate-loadable-segments",
]

# glibc's headers mark results that may not be dropped; musl's, and its calls, do not.
_GLIBC = ["-static", "-fno-pie", "-Wno-unused-result"]

def _with_musl(objects, start):
    begin = ["-nostdlib", _MUSL + start, _MUSL + "crti.o"]
    return begin + objects + ["-L" + _MUSL, "-lc", _MUSL + "crtn.o"]

def _user_program_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name)
    args = ctx.actions.args()
    args.add_all(_COMPILE + _LINK)
    sources = [source.path for source in ctx.files.srcs]
    if ctx.attr.uses_glibc:
        args.add_all(_GLIBC + sources)
    elif ctx.attr.has_libc:
        movable = ctx.attr.is_movable
        args.add_all(_COMPILE_FOR_MUSL)
        args.add_all(["-static-pie", "-fpie"] if movable else ["-static", "-fno-pie"])
        args.add_all(_with_musl(sources, "rcrt1.o" if movable else "crt1.o"))
    else:
        args.add_all(_COMPILE_FOR_MUSL)
        args.add_all(["-static", "-fno-pie", "-ffreestanding", "-nostdlib"])
        args.add_all(sources)
    args.add("-o", out)
    ctx.actions.run(
        executable = _CLANG,
        arguments = [args],
        inputs = ctx.files.srcs + ctx.files.hdrs,
        outputs = [out],
        mnemonic = "UserProgram",
        progress_message = "Building the user program %s" % ctx.label.name,
    )
    return [DefaultInfo(files = depset([out]), executable = out)]

user_program = rule(
    implementation = _user_program_impl,
    attrs = {
        "srcs": attr.label_list(mandatory = True, allow_files = [".c"]),
        "hdrs": attr.label_list(allow_files = [".h"]),
        "has_libc": attr.bool(default = True),
        "uses_glibc": attr.bool(doc = "glibc instead of musl."),
        "is_movable": attr.bool(doc = "A static position-independent executable."),
    },
    executable = True,
)
