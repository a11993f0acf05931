; Moving from one kernel stack to another.
bits 64
default rel

global context_switch
global context_start
global context_first_run

section .text

; void context_switch(struct cpu_context **from, struct cpu_context *to)
align 16
context_switch:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

; Where a new context goes on: context_create left the function in R12, its argument in R13.
align 16
context_first_run:
    mov rdi, r13
    xor ebp, ebp                    ; a backtrace ends here
    call r12
    ud2

; void context_start(void *stack_top, void (*entry)(void *), void *argument)
align 16
context_start:
    mov rsp, rdi
    mov rdi, rdx
    xor ebp, ebp
    call rsi
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
