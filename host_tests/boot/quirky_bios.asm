; A boot sector that makes the BIOS worse and then starts the real one. quirks_test.py puts all of
; this at sector PARKED_LBA as well, and the real boot sector after it. Each quirk is switched on by
; a definition. It stays at the top of the low memory, which INT 12h no longer counts.

PARKED_LBA          equ 7000
PARKED_SECTORS      equ 4
BIOS_LOW_MEMORY_KIB equ 0x413
BOOT_SECTOR         equ 0x7C00
E820_ENDED          equ 0x7777                  ; our continuation for what the BIOS calls the end
SYSTEM_CONTROL_A    equ 0x92

bits 16
cpu 386
org 0

    jmp (BOOT_SECTOR >> 4):start
start:
    xor ax, ax
    mov ss, ax
    mov sp, BOOT_SECTOR
    push cs
    pop ds
    mov es, ax
    sub word [es:BIOS_LOW_MEMORY_KIB], PARKED_SECTORS / 2
    mov ax, [es:BIOS_LOW_MEMORY_KIB]
    shl ax, 6
    mov [parked.segment], ax
    mov si, parked
    mov ah, 0x42
    int 0x13
    push word [parked.segment]
    push word resident
    retf

parked:     db 16, 0
.count:     dw PARKED_SECTORS
.offset:    dw 0
.segment:   dw 0
.lba:       dq PARKED_LBA

    times 510 - ($ - $$) db 0
    dw 0xAA55

%macro hook 2                                   ; vector, handler
    mov eax, [es:%1 * 4]
    mov [%2.old], eax
    mov word [es:%1 * 4], %2
    mov [es:%1 * 4 + 2], cs
%endmacro

resident:
    push cs
    pop ds
    mov si, real_boot_sector
    mov ah, 0x42
    int 0x13
    hook 0x10, video
    hook 0x12, low_memory
    hook 0x13, disk
    hook 0x15, system
%ifdef A20_CLOSED
    in al, SYSTEM_CONTROL_A
    and al, ~2
    out SYSTEM_CONTROL_A, al
%endif
%ifdef WRONG_DRIVE
    mov dl, WRONG_DRIVE
%endif
    jmp 0:BOOT_SECTOR

real_boot_sector:
    db 16, 0
    dw 1, BOOT_SECTOR, 0
    dq PARKED_LBA + PARKED_SECTORS

%macro call_old 1                               ; handler
    pushf
    call far [cs:%1.old]
%endmacro

; Back to the caller with the flags as they are, and with nothing in any register that the BIOS
; does not promise to keep.
%macro return 0
%ifdef REGISTERS_CHANGED
    mov ebp, 0x5A5A5A5A
    mov esi, ebp
    mov edi, ebp
    mov ds, bp
    mov es, bp
    mov fs, bp
    mov gs, bp
    std
    cli
%else
    sti
%endif
    retf 2
%endmacro

video:
    call_old video
    return
.old: dd 0

low_memory:
%ifdef LOW_MEMORY_KIB
    mov ax, LOW_MEMORY_KIB
%else
    call_old low_memory
%endif
    return
.old: dd 0

disk:
%ifdef NO_EXTENSIONS
    cmp ah, 0x41
    je .refuse
    cmp ah, 0x42
    je .refuse
    cmp ah, 0x48
    je .refuse
%endif
%ifdef ONE_SECTOR
    cmp ah, 0x42
    jne .not_extended
    cmp word [si + 2], 1
    ja .refuse
.not_extended:
    cmp ah, 2
    jne .few_sectors
    cmp al, 1
    ja .refuse
.few_sectors:
%endif
%ifdef FLAKY
    cmp ah, 0x42
    jne .lucky
    inc byte [cs:.attempts]
    cmp byte [cs:.attempts], FLAKY
    jb .refuse
    mov byte [cs:.attempts], 0
.lucky:
%endif
%ifdef BAD_SECTOR
    cmp ah, 0x42
    jne .good
    mov eax, BAD_SECTOR
    sub eax, [si + 8]
    cmp ax, [si + 2]
    mov ah, 0x42
    jb .refuse
.good:
%endif
%ifdef LARGE_SECTORS
    cmp ah, 2
    je .refuse
    cmp ah, 0x48
    je .parameters
    cmp ah, 0x42
    je .large_read
%endif
    call_old disk
    return
.refuse:
    mov ah, 0x20
    stc
    return
%ifdef LARGE_SECTORS
.parameters:
    call_old disk
    mov word [si + 24], 4096
    clc
    return
.large_read:
    shl word [si + 2], 3
    shl dword [si + 8], 3
    push si
    call_old disk
    pop si
    pushf
    shr word [si + 2], 3
    shr dword [si + 8], 3
    popf
    return
%endif
.old:      dd 0
.attempts: db 0

system:
    cmp ax, 0xE820
    je .e820
    cmp ax, 0xE801
    je .e801
    cmp ah, 0x88
    je .88
    cmp ax, 0x2401
    je .a20
.pass:
    call_old system
    return
.refuse:
    mov ah, 0x86
    stc
    return

.a20:
%ifdef A20_CLOSED
    jmp .refuse
%endif
    jmp .pass
.88:
%ifdef NO_88
    jmp .refuse
%endif
    jmp .pass
.e801:
%ifdef NO_E801
    jmp .refuse
%endif
%ifdef E801_IN_AX_ONLY
    call_old system
    mov cx, 0
    mov dx, 0
    return
%endif
    jmp .pass

.e820:
%ifdef NO_E820
    jmp .refuse
%endif
%ifdef E820_SHORT
    mov ecx, 20
%endif
%ifdef E820_TABLE
    mov si, bx
    imul si, 24
    push ds
    push cs
    pop ds
    add si, .table
    push di
    mov cx, 24
    cld
    rep movsb
    pop di
    pop ds
    inc bx
    cmp bx, (.table_end - .table) / 24
    jb .more
    xor ebx, ebx
.more:
    mov ecx, 24
    mov eax, edx
    clc
    return
.table:
    dq 0x00100000, 0x03C00000                   ; not sorted
    dd 1, 1
    dq 0x00000000, 0x0009F000
    dd 1, 1
    dq 0x00200000, 0x00300000                   ; of an unknown type, over the first
    dd 12, 1
    dq 0x00100000, 0x00000000                   ; empty
    dd 2, 1
    dq 0x00B00000, 0x00100000                   ; switched off
    dd 2, 0
    dq 0x00800000, 0x00100000                   ; reserved, over the first
    dd 2, 1
    dq 0xFFFFFFFFFFFFF000, 0x00002000           ; wraps
    dd 1, 1
.table_end:
%endif
%ifdef E820_ENDS_BY_CARRY
    cmp bx, E820_ENDED
    je .refuse
%endif
%ifdef E820_ENDLESS
    cmp bx, E820_ENDED
    jne .inside
    xor ebx, ebx
.inside:
%endif
    call_old system
%ifdef E820_ENDS_BY_CARRY
    test ebx, ebx
    jnz .not_last
    mov bx, E820_ENDED
.not_last:
    clc
%endif
%ifdef E820_ENDLESS
    test ebx, ebx
    jnz .not_last
    mov bx, E820_ENDED
.not_last:
    clc
%endif
    return
.old: dd 0

    times PARKED_SECTORS * 512 - ($ - $$) db 0
