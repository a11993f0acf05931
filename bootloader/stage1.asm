; Stage 1: the boot sector. It reads stage 2 through the BIOS, checks its magic and its checksum,
; and jumps to it. Not every BIOS says truly in DL which drive it booted from, so 80h and 00h are
; tried after DL. Each drive that fails shows a two-character code on the screen and COM1:
;
;   L1  the drive cannot be read
;   L2  what was read is not Quire's stage 2
;   L3  stage 2 is damaged

%include "layout.inc"
%include "image_header.inc"

struc packet, -6                                ; what SI points to: INT 13h AH=42h's packet...
    .stage2_bytes:      resw 1                  ; (before it, filled in by tools/image/disk.py:
    .stage2_checksum:   resd 1                  ; a multiple of 4096, and the sum of all dwords)
    .size:              resw 1
    .count:             resw 1
    .buffer:            resw 2
    .lba:               resq 1
    .drive:             resb 1                  ; ...and our own state
    .sector_shift:      resb 1                  ; log2 of a sector's bytes
    .left:              resw 1                  ; sectors
    .tries:             resb 1
    .heads:             resw 1                  ; 0: the drive has the extensions
    .track_sectors:     resw 1
endstruc

PACKET_OFFSET equ 0x1B8                         ; in memory nobody needs the partition table
TRIES         equ 5

bits 16
cpu 386
org STAGE1

    jmp short start
    nop
    times 0x5A - ($ - $$) db 0                  ; a BIOS may write a parameter block here

start:
    xor ax, ax
    mov ss, ax
    mov sp, REAL_STACK_TOP
    jmp 0:.at_segment_0
.at_segment_0:
    call restore
    mov di, si
    mov cx, 8
    rep stosw
    mov byte [si + packet.size], 16
    call try_drive
    mov dl, 0x80
    call try_drive
    mov dl, 0
    call try_drive
.stop:
    hlt
    jmp .stop

; Reads packet.count sectors, or as many of them as the track has left; CF on failure.
read:
    mov ah, 0x42
    mov cx, [si + packet.heads]
    jcxz disk
    mov ax, [si + packet.lba]
    cwd
    div word [si + packet.track_sectors]
    mov cx, [si + packet.track_sectors]
    sub cx, dx
    cmp cx, [si + packet.count]
    jae .run_fits
    mov [si + packet.count], cx
.run_fits:
    mov cx, dx
    inc cx
    cwd
    div word [si + packet.heads]
    mov dh, dl
    mov ch, al
    mov al, [si + packet.count]
    mov ah, 2
    mov bx, [si + packet.buffer]

; INT 13h. Afterwards only CF and the registers that carry results mean anything; SI = packet.
disk:
    mov dl, [drive_packet + packet.drive]
    int 0x13
restore:
    push ss
    pop ds
    push ss
    pop es
    mov si, drive_packet
    cld
    sti
    ret

show_code:                                      ; 'L', AL
    push ax
    mov dx, 0x3FB                               ; COM1: 8 data bits, no parity, one stop bit
    mov al, 3
    out dx, al
    mov al, 'L'
    call .put
    pop ax
.put:
    mov dx, 0x3F8
    out dx, al
    mov ah, 0x0E
    mov bh, 0
    int 0x10
    ret

    times 0xDA - ($ - $$) db 0
    times 6 db 0                                ; a BIOS or an operating system may write here

; DL = drive. Returns when stage 2 cannot be had from it.
try_drive:
    mov [drive_packet + packet.drive], dl
    mov ah, 0x41
    mov bx, 0x55AA
    call disk
    mov [si + packet.heads], ss
    jc .no_extensions
    cmp bx, 0xAA55
    jne .no_extensions
    shr cl, 1
    jnc .no_extensions
    mov ah, 0x48
    mov si, DRIVE_PARAMETERS
    mov word [si], 26
    call disk
    jc .no_extensions
    bsf cx, [DRIVE_PARAMETERS + 24]                   ; bytes in a sector
    jz .no_extensions
    jmp .geometry_known
.no_extensions:
    mov ah, 8
    xor di, di
    call disk
    and cx, 0x3F
    jz .unreadable
    mov [si + packet.track_sectors], cx
    movzx dx, dh
    inc dx
    mov [si + packet.heads], dx
    mov cl, 9
.geometry_known:
    mov [si + packet.sector_shift], cl
    mov ax, STAGE2_LBA * SECTOR
    shr ax, cl
    mov [si + packet.lba], ax
    mov ax, [si + packet.stage2_bytes]
    shr ax, cl
    mov [si + packet.left], ax
    mov word [si + packet.buffer], STAGE2

.next_run:
    mov byte [si + packet.tries], TRIES
    mov ax, [si + packet.left]
.again:
    mov [si + packet.count], ax
    call read
    jc .failed
    mov ax, [si + packet.count]
    add [si + packet.lba], ax
    mov cl, [si + packet.sector_shift]
    mov bx, ax
    shl bx, cl
    add [si + packet.buffer], bx
    sub [si + packet.left], ax
    jnz .next_run

    mov cx, [si + packet.stage2_bytes]
    shr cx, 2
    mov si, STAGE2
    mov al, '2'
    cmp dword [si], IMAGE_MAGIC_LOW
    jne .give_up
    xor ebx, ebx
.sum:
    lodsd
    rol ebx, 1
    add ebx, eax
    loop .sum
    mov al, '3'
    cmp ebx, [drive_packet + packet.stage2_checksum]
    jne .give_up
    mov dl, [drive_packet + packet.drive]
    jmp STAGE2 + image_header_size

.failed:                                        ; some BIOSes read one sector a call
    mov ah, 0
    call disk
    mov ax, 1
    dec byte [si + packet.tries]
    jnz .again
.unreadable:
    mov al, '1'
.give_up:
    jmp show_code

    times PACKET_OFFSET + packet.stage2_bytes - ($ - $$) db 0
    times 510 - ($ - $$) db 0                   ; stage 2's facts, the partition table
    dw 0xAA55

drive_packet equ STAGE1 + PACKET_OFFSET
