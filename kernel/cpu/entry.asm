; Every way into the kernel and out of it (SDM 3A 6.14, 6.15; SYSCALL and SYSRET in SDM 2B).
;
; In the kernel, GS is the kernel's (struct cpu_local) and DF and AC are clear. Code that
; interrupted user mode is told by its CS, except on the vectors with a stack of their own: those
; can interrupt the entry and exit paths below, where CS is already the kernel's and GS is not.
bits 64
default rel

%include "layout.inc"

%define MSR_GS_BASE 0xc0000101
%define RFLAGS_TRAP_OR_RESUME 0x10100

global trap_stubs
global syscall_entry
global trap_resume
global smap_is_on
extern trap_handle
extern syscall_handle

%macro PUSH_REGISTERS 0
    push rax
    push rcx
    push rdx
    push rbx
    push rbp
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
%endmacro

; From a frame's fault_address on; leaves RSP at its vector.
%macro POP_REGISTERS 0
    add rsp, 8
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rbp
    pop rbx
    pop rdx
    pop rcx
    pop rax
%endmacro

; The interrupted code, or a program, may have set both; CLAC does not exist without SMAP.
%macro CLEAR_DF_AND_AC 0
    cld
    cmp byte [smap_is_on], 0
    je %%done
    clac
%%done:
%endmacro

; CR2 belongs to the frame before anything below can fault (law 8).
%macro PUSH_FAULT_ADDRESS 0
    mov rax, cr2
    push rax
%endmacro

; Calls %1 with the frame at RSP; RSP is the frame again afterwards.
%macro CALL_WITH_FRAME 1
    mov rdi, rsp
    mov rbx, rsp
    and rsp, -16
    call %1
    mov rsp, rbx
%endmacro

; Makes GS the kernel's; r13d = 1 where it was not. The kernel's half has the sign bit, and no
; program can load such a base (CR4.FSGSBASE is off).
%macro CHOOSE_GS 0
    xor r13d, r13d
    mov ecx, MSR_GS_BASE
    rdmsr
    test edx, edx
    js %%kernel
    swapgs
    inc r13d
%%kernel:
%endmacro

%macro RESTORE_GS 0
    test r13d, r13d
    jz %%kernel
    swapgs
%%kernel:
%endmacro

section .text

; 256 stubs of 16 bytes each: the vector and, where the CPU pushes none, an error code of 0.
align 16
trap_stubs:
%assign vector 0
%rep 256
    align 16
    %if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && \
        vector != 29 && vector != 30
    push qword 0
    %endif
    push qword vector
    %if vector == 2
    jmp near trap_nmi
    %elif vector == 1 || vector == 8 || vector == 18
    jmp near trap_own_stack
    %else
    jmp near trap_common
    %endif
    %assign vector vector + 1
%endrep
align 16

; Exceptions and interrupts on the thread's kernel stack, or on whatever the kernel was using.
trap_common:
    PUSH_REGISTERS
    PUSH_FAULT_ADDRESS
    CLEAR_DF_AND_AC
    test byte [rsp + FRAME_CS], 3
    jz .call
    swapgs
    xor ebp, ebp                    ; a backtrace ends at the kernel's first frame
.call:
    CALL_WITH_FRAME trap_handle

; Goes back to what the frame at RSP says, with the kernel's GS.
trap_return:
    cli
    test byte [rsp + FRAME_CS], 3
    jnz return_to_user
    cmp dword [gs:CPU_LOCAL_NMI_DEPTH], 0
    jne return_inside_nmi
    POP_REGISTERS
    add rsp, 16
    iretq

; IRET to a RIP that is not a user address would fault in the kernel with the user's GS loaded. The
; program is told instead, as if its jump had faulted.
return_to_user:
    mov rax, [rsp + FRAME_RIP]
    shr rax, 47
    jnz .not_a_user_address
    swapgs
    POP_REGISTERS
    add rsp, 16
    iretq
.not_a_user_address:
    mov qword [rsp + FRAME_VECTOR], 13
    mov qword [rsp + FRAME_ERROR_CODE], 0
    CALL_WITH_FRAME trap_handle
    cli
    jmp return_to_user

; IRET would unblock NMIs, and the next one would overwrite the stack of the one that was
; interrupted by this fault. So: RIP and RFLAGS onto the interrupted stack, and a plain return. They
; may overlap the frame's last two words, hence the new RSP goes where the vector was.
return_inside_nmi:
    mov rax, [rsp + FRAME_RSP]
    mov rcx, [rsp + FRAME_RIP]
    mov rdx, [rsp + FRAME_RFLAGS]
    sub rax, 16
    mov [rax + 8], rcx
    mov [rax], rdx
    mov [rsp + FRAME_VECTOR], rax
    POP_REGISTERS
    pop rsp
    popfq
    ret

; #DB, #DF and #MC. What came from user mode moves to the thread's stack, since its handler may
; sleep; but not #DF, which may say that this very stack cannot be used.
trap_own_stack:
    PUSH_REGISTERS
    PUSH_FAULT_ADDRESS
    CLEAR_DF_AND_AC
    CHOOSE_GS
    cmp qword [rsp + FRAME_VECTOR], 8
    je .stay
    test byte [rsp + FRAME_CS], 3
    jnz .from_user
.stay:
    CALL_WITH_FRAME trap_handle
    cmp dword [gs:CPU_LOCAL_NMI_DEPTH], 0
    jne return_inside_nmi
    RESTORE_GS
    POP_REGISTERS
    add rsp, 16
    iretq
.from_user:
    mov rsi, rsp
    mov rdi, [gs:CPU_LOCAL_KERNEL_STACK_TOP]
    sub rdi, FRAME_SS + 8
    mov rsp, rdi
    mov ecx, (FRAME_SS + 8) / 8
    rep movsq
    xor ebp, ebp
    CALL_WITH_FRAME trap_handle
    jmp trap_return

; An NMI may come between a fault and its handler's reading of CR2, so CR2 is put back.
trap_nmi:
    PUSH_REGISTERS
    PUSH_FAULT_ADDRESS
    CLEAR_DF_AND_AC
    CHOOSE_GS
    inc dword [gs:CPU_LOCAL_NMI_DEPTH]
    mov r12, [rsp + FRAME_FAULT_ADDRESS]
    CALL_WITH_FRAME trap_handle
    mov cr2, r12
    dec dword [gs:CPU_LOCAL_NMI_DEPTH]
    RESTORE_GS
    POP_REGISTERS
    add rsp, 16
    iretq

; SYSCALL: RCX and R11 hold RIP and RFLAGS; SFMASK has cleared IF, DF, AC, TF, NT and IOPL.
align 16
syscall_entry:
    swapgs
    mov [gs:CPU_LOCAL_USER_STACK_POINTER], rsp
    mov rsp, [gs:CPU_LOCAL_KERNEL_STACK_TOP]
    push qword SELECTOR_USER_DATA
    push qword [gs:CPU_LOCAL_USER_STACK_POINTER]
    push r11
    push qword SELECTOR_USER_CODE
    push rcx
    push qword 0
    push qword TRAP_SYSCALL
    PUSH_REGISTERS
    push qword 0
    xor ebp, ebp
    sti
    CALL_WITH_FRAME syscall_handle
    cli

; SYSRET sets RIP from RCX and RFLAGS from R11 and nothing else, and on Intel's CPUs a non-canonical
; RCX faults in ring 0 on the user's stack. So only where the frame is still what SYSCALL left.
    mov rcx, [rsp + FRAME_RCX]
    cmp rcx, [rsp + FRAME_RIP]
    jne return_to_user
    mov r11, [rsp + FRAME_R11]
    cmp r11, [rsp + FRAME_RFLAGS]
    jne return_to_user
    test r11d, RFLAGS_TRAP_OR_RESUME
    jnz return_to_user
    shr rcx, 47
    jnz return_to_user
    POP_REGISTERS
    mov rsp, [rsp + FRAME_RSP - FRAME_VECTOR]
    swapgs
    o64 sysret

; void trap_resume(struct trap_frame *frame): to user mode, from anywhere on a kernel stack.
trap_resume:
    mov rsp, rdi
    cli
    jmp return_to_user

section .data
smap_is_on:
    db 0

section .note.GNU-stack noalloc noexec nowrite progbits
