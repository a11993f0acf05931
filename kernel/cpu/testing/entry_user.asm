; What entry_kernel.c runs in user mode, copied to a user page, and the pieces of it that C cannot
; say. In user mode a call with number FAIL says that something was not as it was left.
bits 64
default rel

%include "entry_calls.inc"

global entry_user_start
global entry_user_end
global entry_registers_survive
global entry_flags_survive
global entry_trap_with_user_gs

%macro LOAD_PATTERN 0
    mov rbx, 0x1b1b
    mov rbp, 0x2b2b
    mov rsi, 0x3b3b
    mov rdi, 0x4b4b
    mov rdx, 0x5b5b
    mov r8, 0x6b6b
    mov r9, 0x7b7b
    mov r10, 0x8b8b
    mov r12, 0x9b9b
    mov r13, 0xabab
    mov r14, 0xbbbb
    mov r15, 0xcbcb
%endmacro

; Goes to %1 where a register has lost its pattern.
%macro CHECK_PATTERN 1
    cmp rbx, 0x1b1b
    jne %1
    cmp rbp, 0x2b2b
    jne %1
    cmp rsi, 0x3b3b
    jne %1
    cmp rdi, 0x4b4b
    jne %1
    cmp rdx, 0x5b5b
    jne %1
    cmp r8, 0x6b6b
    jne %1
    cmp r9, 0x7b7b
    jne %1
    cmp r10, 0x8b8b
    jne %1
    cmp r12, 0x9b9b
    jne %1
    cmp r13, 0xabab
    jne %1
    cmp r14, 0xbbbb
    jne %1
    cmp r15, 0xcbcb
    jne %1
%endmacro

; A debug exception after the next instruction. Its handler clears TF again.
%macro SINGLE_STEP 0
    pushfq
    or qword [rsp], 0x100
    popfq
    nop
%endmacro

%macro SET_DF_AND_AC 0
    pushfq
    or qword [rsp], 0x40400
    popfq
%endmacro

section .rodata
entry_user_start:
    LOAD_PATTERN
    mov eax, CALL_NOTHING
    syscall
    cmp eax, CALL_ANSWER
    jne .fail
    CHECK_PATTERN .fail

; The kernel looks at its own flags during this call; ours come back.
    SET_DF_AND_AC
    mov eax, CALL_CHECK_FLAGS
    syscall
    pushfq
    and qword [rsp], 0x40400
    cmp qword [rsp], 0x40400
    lea rsp, [rsp + 8]
    jne .fail

    LOAD_PATTERN
    int3                            ; with DF and AC still set
    CHECK_PATTERN .fail
    SINGLE_STEP                     ; a vector with a stack of its own
    CHECK_PATTERN .fail

    sysenter                        ; a fault, skipped by the kernel

    mov eax, CALL_RETURN_NOWHERE    ; comes back as a general protection fault, then here
    syscall
    cmp eax, CALL_ANSWER
    jne .fail

    mov rax, [gs:0]
    cmp rax, CALL_GS_MARK
    jne .fail
    mov eax, CALL_EXIT
    syscall
.fail:
    mov eax, CALL_FAIL
    syscall
    jmp .fail
entry_user_end:

section .text

; bool entry_registers_survive(void): a trap from the kernel changes no register.
entry_registers_survive:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    LOAD_PATTERN
    mov rax, 0xdbdb
    mov rcx, 0xebeb
    mov r11, 0xfbfb
    int3
    cmp rax, 0xdbdb
    jne .lost
    cmp rcx, 0xebeb
    jne .lost
    cmp r11, 0xfbfb
    jne .lost
    CHECK_PATTERN .lost
    mov eax, 1
    jmp .end
.lost:
    xor eax, eax
.end:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

; bool entry_flags_survive(void): DF is clear in the handler (which checks) and set again here.
entry_flags_survive:
    std
    int3
    pushfq
    cld
    pop rax
    shr eax, 10
    and eax, 1
    ret

; void entry_trap_with_user_gs(void): #DB where an entry path has not swapped GS yet.
entry_trap_with_user_gs:
    swapgs
    SINGLE_STEP
    swapgs
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
