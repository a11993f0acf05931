; A boot sector that says a word on each serial port and then ends as ENDING tells it to: what the
; machine library's own tests boot.

bits 16
org 0x7c00

COM1       equ 0x3f8
COM2       equ 0x2f8
DEBUG_EXIT equ 0xf4
PM1A_CNT   equ 0x604            ; where SeaBIOS puts it, on pc and q35
S5         equ 0x2000           ; SLP_EN, and the sleep type that QEMU's tables give S5

start:
    xor ax, ax
    mov ds, ax
    cld
    mov si, log_text
    mov dx, COM1
    call write
    mov si, terminal_text
    mov dx, COM2
    call write

%if ENDING = 1                  ; power off
    mov dx, PM1A_CNT
    mov ax, S5
    out dx, ax
%elif ENDING = 2                ; reset by the keyboard controller
    mov al, 0xfe
    out 0x64, al
%elif ENDING = 3                ; triple fault: an empty interrupt table, in protected mode
    cli
    lidt [empty_table]
    lgdt [empty_table]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    int3
%elif ENDING = 4                ; isa-debug-exit, as QEMU's status 33
    mov al, 0x10
    out DEBUG_EXIT, al
%endif
halt:
    hlt
    jmp halt

; Writes the text at SI to the serial port at DX. After reset the line control register says 5 bits
; a character, which only Bochs takes seriously.
write:
    add dx, 3
    mov al, 3                   ; 8 bits, no parity, 1 stop bit
    out dx, al
    sub dx, 3
.next:
    lodsb
    test al, al
    jz .done
    mov bl, al
    add dx, 5
.wait:
    in al, dx
    test al, 0x20               ; the line status: room for a byte
    jz .wait
    sub dx, 5
    mov al, bl
    out dx, al
    jmp .next
.done:
    ret

empty_table:   dw 0
               dd 0
log_text:      db "a line of the log", 10, 0
terminal_text: db "a line for the terminal", 10, 0

times 510 - ($ - $$) db 0
dw 0xaa55
