; The instructions that touch user memory. Each one that may fault has an entry in the exception
; table; all leave the exact count of what is left.
bits 64
default rel

global user_move
global user_clear
global user_move_string
global user_read_word
global user_exchange_word
extern smap_is_on

%macro OPEN_USER_MEMORY 0
    cmp byte [smap_is_on], 0
    je %%done
    stac
%%done:
%endmacro

%macro CLOSE_USER_MEMORY 0
    cmp byte [smap_is_on], 0
    je %%done
    clac
%%done:
%endmacro

; A fault at %1 goes on at %2.
%macro RECOVER 2
section .exception_table
    dq %1, %2
section .text
%endmacro

section .exception_table progbits alloc noexec nowrite align=8
section .text

; size_t user_move(void *to, const void *from, size_t size_bytes): bytes not moved.
align 16
user_move:
    OPEN_USER_MEMORY
    mov rcx, rdx
    shr rcx, 3
    and edx, 7
.words:
    rep movsq
.rest:
    lea rcx, [rcx * 8 + rdx]        ; after a fault: by bytes, up to the very one that faults
.bytes:
    rep movsb
.done:
    CLOSE_USER_MEMORY
    mov rax, rcx
    ret
    RECOVER .words, .rest
    RECOVER .bytes, .done

; size_t user_clear(void *to, size_t size_bytes): bytes not cleared.
align 16
user_clear:
    OPEN_USER_MEMORY
    xor eax, eax
    mov rcx, rsi
    shr rcx, 3
    and esi, 7
.words:
    rep stosq
.rest:
    lea rcx, [rcx * 8 + rsi]
.bytes:
    rep stosb
.done:
    CLOSE_USER_MEMORY
    mov rax, rcx
    ret
    RECOVER .words, .rest
    RECOVER .bytes, .done

; ptrdiff_t user_move_string(char *to, const char *from, size_t size_bytes): bytes moved, with the
; terminator where there was one; -1 where a byte cannot be read.
align 16
user_move_string:
    OPEN_USER_MEMORY
    xor ecx, ecx
.next:
    cmp rcx, rdx
    je .done
.load:
    mov al, [rsi + rcx]
    mov [rdi + rcx], al
    inc rcx
    test al, al
    jnz .next
.done:
    CLOSE_USER_MEMORY
    mov rax, rcx
    ret
.fault:
    mov rcx, -1
    jmp .done
    RECOVER .load, .fault

; bool user_read_word(const uint32_t *from, uint32_t *value): false where it cannot be read.
align 16
user_read_word:
    OPEN_USER_MEMORY
.load:
    mov ecx, [rdi]
    mov eax, 1
.done:
    CLOSE_USER_MEMORY
    mov [rsi], ecx
    ret
.fault:
    xor eax, eax
    xor ecx, ecx
    jmp .done
    RECOVER .load, .fault

; bool user_exchange_word(uint32_t *at, uint32_t *expected, uint32_t next): false where it cannot be
; written; *expected becomes what was there.
align 16
user_exchange_word:
    OPEN_USER_MEMORY
    mov eax, [rsi]
.exchange:
    lock cmpxchg [rdi], edx
    mov ecx, 1
.done:
    CLOSE_USER_MEMORY
    mov [rsi], eax
    mov eax, ecx
    ret
.fault:
    xor ecx, ecx
    jmp .done
    RECOVER .exchange, .fault

section .note.GNU-stack noalloc noexec nowrite progbits
