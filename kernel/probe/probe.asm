; Code that an exception may end. The stack pointer is what recovery needs: everything that the
; caller wants back lies there.
bits 64
default rel

%include "layout.inc"

%define RFLAGS_ALWAYS_SET 2

global probe_enter
global probe_enter_user
global probe_landing

%macro KEEP_REGISTERS 0
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    sub rsp, 8
    mov [rdx], rsp
%endmacro

section .text

; void probe_enter(void (*access)(uint64_t), uint64_t argument, uint64_t *stack_pointer)
align 16
probe_enter:
    KEEP_REGISTERS
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

; void probe_enter_user(uint64_t code, uint64_t argument, uint64_t *stack_pointer): comes back by an
; exception alone, at probe_landing. Without a stack, and with interrupts off.
align 16
probe_enter_user:
    KEEP_REGISTERS
    push qword SELECTOR_USER_DATA
    push qword 0
    push qword RFLAGS_ALWAYS_SET
    push qword SELECTOR_USER_CODE
    push rdi
    mov rdi, rsi
    swapgs
    iretq

section .note.GNU-stack noalloc noexec nowrite progbits
