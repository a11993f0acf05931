#pragma once

#include "bootloader/boot_info.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

/* The most entries of a firmware's memory map that the kernel takes. */
constexpr uint32_t BOOT_MEMORY_MAP_MAX = 256;

/*
 * Whether `info` is the block that this kernel understands and what it says can be: a numbered line
 * on `complaints` says what is wrong. Reads no other memory than *info.
 */
[[nodiscard]] bool boot_info_check(UNTRUSTED const struct boot_info *info,
                                   const struct text_sink *complaints);

END_C_DECLS
