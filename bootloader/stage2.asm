; Stage 2, in the order in which it runs. It works in 32-bit protected mode with flat segments and
; goes back to real mode for each BIOS call (real_mode.inc), so that no BIOS call can upset it.
;
; A function takes its arguments in the registers that its comment names, may change EAX, ECX and
; EDX and keeps the others. On failure it does not return: it jumps to fail (console.inc).

%include "layout.inc"
%include "image_header.inc"
%include "boot_info.inc"

cpu x64
org STAGE2

header:
    dd IMAGE_MAGIC_LOW, IMAGE_MAGIC_HIGH
    times image_header_size - ($ - $$) db 0     ; filled in by tools/image/disk.py

%include "real_mode.inc"

bits 32
main:                                           ; in protected mode, on the loader's stack
    call exceptions_begin
    call console_begin
    call header_check
    call cpu_check
    call a20_open
    call memory_map_read
    call low_memory_check
    call disk_begin
    call extents_load
    call extents_check
    call kernel_load
    call boot_info_fill
    call screen_choose
    jmp hand_over

%include "exceptions.inc"
%include "console.inc"
%include "messages.inc"
%include "cpu.inc"
%include "a20.inc"
%include "memory_map.inc"
%include "placement.inc"
%include "disk.inc"
%include "crc32.inc"
%include "extents.inc"
%include "kernel_elf.inc"
%include "screen.inc"
%include "hand_over.inc"

%if $ - $$ > STAGE2_END - STAGE2
    %error "stage 2 does not fit its slot"
%endif
