; A call that an exception may end. The stack pointer is what recovery needs: everything that the
; caller wants back lies there.
bits 64
default rel

global probe_enter
global probe_landing

section .text

; void probe_enter(void (*access)(uint64_t), uint64_t argument, uint64_t *stack_pointer)
align 16
probe_enter:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    sub rsp, 8
    mov [rdx], rsp
    mov rax, rdi
    mov rdi, rsi
    call rax
probe_landing:
    add rsp, 8
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
