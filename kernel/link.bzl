"""Links the kernel's parts, and whatever is put before them, into an ELF file."""

def kernel_link(name, deps, **kwargs):
    """`deps` come before //kernel:parts: the table of names, and what replaces something of it."""
    native.cc_binary(
        name = name,
        additional_linker_inputs = ["//kernel:kernel.ld"],
        linkopts = ["-Wl,-T,$(location //kernel:kernel.ld)"],
        linkstatic = True,
        target_compatible_with = ["@platforms//os:none"],
        deps = deps + ["//kernel:parts"],
        **kwargs
    )
