; The kernel's first instructions. The loader jumps here in long mode with interrupts off and RDI
; the identity address of boot_info, on a stack that the kernel must not keep.
bits 64
default rel

global _start
global kernel_boot_stack
global kernel_boot_stack_top
extern kernel_main

section .text.start progbits alloc exec nowrite align=16
_start:
    cli
    cld
    lea rsp, [kernel_boot_stack_top]
    xor ebp, ebp                    ; a backtrace ends here
    call kernel_main
    ud2

section .bss align=4096
kernel_boot_stack:
    resb 32768
kernel_boot_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
